// ECharts, only the parts in use, drawn as SVG: sharp at any zoom, on paper and in exported images.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { h } from "./dom.js";
import { theme } from "./theme.js";

echarts.use([BarChart, LineChart, GridComponent, TooltipComponent, SVGRenderer]);

const NAMES = ["ink", "muted", "line", "line-strong", "card", "accent", "accent-2", "on-accent", "past", "tip", "tip-ink", "risk-0", "risk-1", "risk-2", "tone-best", "tone-good", "tone-mid", "tone-warn", "tone-low"];
let tokens = null;
const live = new Set();

/** Colours of the theme in force. */
function colours() {
  if (tokens?.theme !== theme.current) {
    const style = getComputedStyle(document.querySelector(".xs"));
    tokens = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    tokens.theme = theme.current;
  }
  return tokens;
}

const FONT = "Inter, system-ui, sans-serif";
export const fade = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");

/** The plot fills the box, axis labels included; labels hang a little lower than ECharts reckons. */
export const grid = () => ({ left: 2, right: 12, top: 10, bottom: 6, outerBoundsMode: "same" });

export const categories = (c, data, more) => ({
  type: "category", data, axisTick: { show: false }, axisLine: { lineStyle: { color: c["line-strong"] } },
  axisLabel: { color: c.muted, fontSize: 11, hideOverlap: true, margin: 12 }, ...more,
});
export const values = (c, format, more) => ({
  type: "value", splitNumber: 4, axisLine: { show: false }, axisTick: { show: false },
  splitLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.muted, fontSize: 11, formatter: format }, ...more,
});

/** Tooltip made of elements, so that no text is ever read as HTML. `lines` gives [label, value, colour]. */
export const tooltip = (c, pointer, heading, lines) => ({
  trigger: "axis", axisPointer: pointer, confine: true, transitionDuration: 0, backgroundColor: c.tip, borderWidth: 0, padding: [9, 12],
  textStyle: { color: c["tip-ink"], fontSize: 12, fontFamily: FONT }, extraCssText: "border-radius:10px;box-shadow:0 10px 30px rgba(8,15,35,.28)",
  formatter: ([{ dataIndex }]) => h("div", { class: "xs-tip" }, h("b", {}, heading(dataIndex)),
    lines(dataIndex).map(([label, value, colour]) => h("div", {}, h("i", { style: `background:${colour}` }), h("span", {}, label), h("strong", {}, value)))),
});

/** The same for one thing under the pointer; `tell(params)` gives [heading, lines]. */
export const pointTip = (c, tell) => ({
  ...tooltip(c, undefined, () => "", () => []), trigger: "item", axisPointer: undefined,
  formatter: (params) => {
    const [heading, lines] = tell(params);
    return h("div", { class: "xs-tip" }, h("b", {}, heading), lines.map(([label, value, colour]) => h("div", {}, colour && h("i", { style: `background:${colour}` }), h("span", {}, label), h("strong", {}, value))));
  },
});

const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) target.xsChart?.resize(contentRect);
});

theme.onChange(() => {
  for (const chart of live) chart.redraw();
});

/** A chart in `box` whose option comes from `option(colours, width)`; keeps itself in step with size and theme. */
export function chart(box, option, { onclick = null } = {}) {
  let { clientWidth: width, clientHeight: height } = box;
  const instance = echarts.init(box, null, { renderer: "svg", width, height });
  const self = {
    redraw() {
      const c = colours();
      instance.setOption({ animation: false, textStyle: { fontFamily: FONT, color: c.ink }, ...option(c, width) }, { notMerge: true });
    },
    resize(size) {
      if (!size.width || (Math.abs(size.width - width) < 1 && Math.abs(size.height - height) < 1)) return;
      ({ width, height } = size);
      instance.resize({ width, height });
      self.redraw();
    },
    dispose() {
      live.delete(self);
      resized.unobserve(box);
      instance.dispose();
    },
  };
  box.xsChart = self;
  if (onclick) instance.on("click", onclick);
  self.redraw();
  live.add(self);
  resized.observe(box);
  return self;
}
