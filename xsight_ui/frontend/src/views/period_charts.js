// Charts of the chosen period: one measure against the period before, and daily counts that add up.
import { categories, chart, fade, grid, tooltip, values } from "../chart.js";
import { h } from "../dom.js";
import { buckets, dayAt, grain, range, series } from "../period.js";

const shortFormat = { money: "moneyShort", count: "countShort", percent: "percentShort" };

/** The buckets of the chosen period, what they are called, and those of the period before. */
function course(page) {
  const { daily } = page.state;
  const { from, to, before } = range(daily, page.state.days);
  const size = grain(to - from);
  const parts = buckets(daily, { from, to }, size);
  const shift = before ? before.from - from : 0;
  const dates = (part) => page.format.dateRange(dayAt(daily, part.from), dayAt(daily, part.to - 1));
  const axis = parts.map((part) => (size === "month" ? page.format.month(dayAt(daily, part.from)) : page.format.dateShort(dayAt(daily, part.from))));
  const earlier = before ? parts.map((part) => ({ from: part.from + shift, to: part.to + shift })) : null;
  return { daily, size, parts, earlier, dates, axis };
}

const grainWord = { day: "day", week: "week", month: "month" };

const legend = (entries) => h("ul", { class: "xs-legend", "aria-hidden": "true" }, entries.map(([text, kind]) => h("li", { "data-kind": kind }, text)));

function frame(tile) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const key = h("div", { class: "xs-legend-place" });
  tile.body.replaceChildren(key, box);
  return { box, key };
}

export function trend(tile, page) {
  const { box, key } = frame(tile);
  const option = (c) => {
    const { metric } = tile.panel;
    const { daily, size, parts, earlier, dates, axis } = course(page);
    const now = series(daily, metric, parts);
    const then = earlier && series(daily, metric, earlier);
    const show = page.format[metric.format];
    key.replaceChildren(legend([[`Per ${grainWord[size]}`, "now"], then && ["Period before", "past"]].filter(Boolean)));
    box.setAttribute("aria-label", `${metric.label} per ${grainWord[size]}, ${dates({ from: parts[0].from, to: parts.at(-1).to })}`);
    const line = (name, data, more) => ({ type: "line", name, data, showSymbol: parts.length === 1, symbol: "circle", symbolSize: 7, emphasis: { disabled: true }, ...more });
    return {
      grid: grid(),
      tooltip: tooltip(c, { type: "line", lineStyle: { color: c.muted, type: [4, 4] } }, (i) => dates(parts[i]), (i) => [
        [metric.label, show(now[i]), c.accent],
        ...(then ? [[dates(earlier[i]), show(then[i]), c.past]] : []),
      ]),
      xAxis: categories(c, axis, { boundaryGap: parts.length === 1 }),
      yAxis: values(c, page.format[shortFormat[metric.format]]),
      series: [
        ...(then ? [line("before", then, { itemStyle: { color: c.past }, lineStyle: { width: 1.5, type: [4, 4], color: c.past } })] : []),
        line("now", now, {
          itemStyle: { color: c.accent }, lineStyle: { width: 2.25, color: c.accent },
          areaStyle: { color: { type: "linear", x: 0, y: 0, x2: 0, y2: 1, colorStops: [{ offset: 0, color: fade(c.accent, 0.22) }, { offset: 1, color: fade(c.accent, 0) }] } },
        }),
      ],
    };
  };
  const drawn = chart(box, option);
  return { update: drawn.redraw, dispose: drawn.dispose };
}

export function stack(tile, page) {
  const { box, key } = frame(tile);
  const option = (c) => {
    const { fields, title } = tile.panel;
    const { daily, size, parts, dates, axis } = course(page);
    const colours = [c["accent-2"], c.accent];
    const data = fields.map(({ field }) => series(daily, { sum: [field] }, parts));
    key.replaceChildren(legend(fields.map(({ label }, i) => [label, i ? "now" : "second"])));
    box.setAttribute("aria-label", `${title} per ${grainWord[size]}`);
    return {
      grid: grid(),
      tooltip: tooltip(c, { type: "shadow", shadowStyle: { color: fade(c.muted, 0.1) } }, (i) => dates(parts[i]), (i) => fields.map(({ label }, k) => [label, page.format.count(data[k][i]), colours[k]])),
      xAxis: categories(c, axis), yAxis: values(c, page.format.countShort, { minInterval: 1 }),
      series: fields.map(({ label }, k) => ({ type: "bar", name: label, data: data[k], stack: "all", barMaxWidth: 22, barCategoryGap: "28%", itemStyle: { color: colours[k] }, emphasis: { disabled: true } })),
    };
  };
  const drawn = chart(box, option);
  return { update: drawn.redraw, dispose: drawn.dispose };
}

export function trendRows(panel, page) {
  const { daily, parts, earlier } = course(page);
  const { metric } = panel;
  const now = series(daily, metric, parts);
  const then = earlier && series(daily, metric, earlier);
  return {
    columns: ["From", "To", metric.label, "Period before"].map((title) => ({ title })),
    rows: parts.map((part, i) => [dayAt(daily, part.from), dayAt(daily, part.to - 1), { format: metric.format, value: now[i] }, { format: metric.format, value: then ? then[i] : null }]),
  };
}

export function stackRows(panel, page) {
  const { daily, parts } = course(page);
  const data = panel.fields.map(({ field }) => series(daily, { sum: [field] }, parts));
  return {
    columns: [{ title: "From" }, { title: "To" }, ...panel.fields.map(({ label }) => ({ title: label }))],
    rows: parts.map((part, i) => [dayAt(daily, part.from), dayAt(daily, part.to - 1), ...data.map((counts) => ({ format: "count", value: counts[i] }))]),
  };
}
