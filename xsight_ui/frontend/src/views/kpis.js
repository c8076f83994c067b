// Headline numbers: value, change against the period before, course. Plain SVG, so they are there with the first paint.
import { about } from "../about.js";
import { h, icon, s, spoken } from "../dom.js";
import { buckets, change, measure, range, series } from "../period.js";

const CHANGE_SHOWN_UP_TO = 9.99; // beyond tenfold a percentage says nothing

function figures(panel, page) {
  const { daily } = page.state;
  const span = range(daily, page.state.days);
  const parts = buckets(daily, span);
  return panel.metrics.map((metric) => {
    const value = measure(daily, metric, span);
    const before = span.before && measure(daily, metric, span.before);
    return { metric, value, before, delta: change(metric, value, before), course: series(daily, metric, parts) };
  });
}

function spark(course) {
  const points = course.map((y, x) => [x, y]).filter(([, y]) => y != null);
  const low = Math.min(...points.map(([, y]) => y), Infinity);
  const spread = Math.max(...points.map(([, y]) => y), -Infinity) - low;
  const width = Math.max(1, course.length - 1);
  const place = ([x, y]) => `${((x / width) * 100).toFixed(2)},${(spread ? 30 - ((y - low) / spread) * 26 : 28).toFixed(2)}`;
  const line = points.length > 1 ? "M" + points.map(place).join("L") : "M0,28L100,28";
  const [start, end] = points.length > 1 ? [points[0], points.at(-1)].map(([x]) => ((x / width) * 100).toFixed(2)) : [0, 100];
  return s("svg", { class: "xs-spark", viewBox: "0 0 100 32", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("path", { class: "xs-spark-area", d: `${line}L${end},32L${start},32Z` }),
    s("path", { class: "xs-spark-line", d: line }));
}

function badge({ metric, delta }, format) {
  if (delta == null) return null;
  const points = metric.format === "percent";
  const size = Math.abs(delta);
  const text = points ? `${format.percent(size).replace(/\s?%/, "")} pp` : size > CHANGE_SHOWN_UP_TO ? ">999%" : format.percent(size);
  const tone = size < 0.0005 ? "flat" : delta > 0 ? "up" : "down";
  return h("span", { class: "xs-delta", "data-tone": tone }, tone !== "flat" && icon(tone, 13), spoken(delta < 0 ? "down " : "up "), text);
}

const note = (figure, page) => {
  if (page.state.days == null) return "whole history";
  if (figure.before == null) return "no earlier period";
  return figure.delta == null ? "none before" : `vs ${page.format[figure.metric.format](figure.before)}`;
};

export function mount(tile, page) {
  const draw = () => {
    tile.body.replaceChildren(...figures(tile.panel, page).map((figure) => {
      const { metric, value } = figure;
      const text = page.format[metric.format](value);
      return h("article", { class: "xs-kpi", "data-metric": metric.key, "data-value": value ?? "" },
        h("div", { class: "xs-kpi-name" }, h("h2", {}, metric.label), about(metric.label, metric.definition)),
        h("p", { class: "xs-kpi-value", "data-long": text.length > 12 }, text),
        h("p", { class: "xs-kpi-note" }, badge(figure, page.format), h("span", {}, note(figure, page))),
        spark(figure.course));
    }));
  };
  draw();
  return { update: draw };
}

export function rows(panel, page) {
  return {
    columns: [{ title: "Figure" }, { title: "Value" }, { title: "Period before" }],
    rows: figures(panel, page).map(({ metric, value, before }) => [metric.label, { format: metric.format, value }, { format: metric.format, value: before }]),
  };
}
