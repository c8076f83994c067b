// The course of a size as a small line, drawn with the first paint.
import { h, s } from "../dom.js";

export function spark(sizes) {
  if (sizes.length < 2) return h("span", { class: "xs-muted" }, "–");
  const values = sizes.map(([, members]) => members);
  const low = Math.min(...values);
  const spread = Math.max(...values) - low;
  const y = (value) => (spread ? 22 - ((value - low) / spread) * 18 : 12).toFixed(1);
  const line = "M" + values.map((value, i) => `${((100 * i) / (values.length - 1)).toFixed(1)},${y(value)}`).join("L");
  return s("svg", { class: "xs-spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img", "aria-label": `From ${values[0]} to ${values.at(-1)} customers` },
    s("path", { class: "xs-spark-line", d: line }));
}
