// How large each segment was at the ends of months: shares of the customers there were.
import { ask, newest } from "../answers.js";
import { categories, chart, fade, grid, tooltip, values } from "../chart.js";
import { chosen, choose, onChoice } from "../choices.js";
import { problem } from "../controls.js";
import { h } from "../dom.js";
import { toggle } from "../toggle.js";
import { segmentColours } from "./segment_colours.js";

const SPANS = [["6", "6 months"], ["12", "12 months"], ["24", "2 years"]];

export function segmentHistory(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const controls = h("div", { class: "xs-controls" });
  const said = h("div");
  const key = h("ul", { class: "xs-legend xs-legend-many", "aria-hidden": "true" });
  tile.body.replaceChildren(controls, said, box, key);
  let drawn = null;
  const months = () => chosen("months", String(tile.panel.months), SPANS.map(([key]) => key));
  const history = () => (tile.shown ?? tile.panel).history;

  const option = (c) => {
    const { segments, days } = history();
    const { format } = page;
    const colour = segmentColours(c, tile.panel.tones, segments.map(({ key }) => key));
    key.replaceChildren(...segments.map((segment) => h("li", { style: `--key:${colour[segment.key]}` }, segment.name)));
    const totals = days.map(({ customers }) => customers.reduce((a, b) => a + b, 0));
    const share = (i, k) => (totals[i] ? days[i].customers[k] / totals[i] : 0);
    box.setAttribute("aria-label", `Segments at the ends of ${days.length - 1} months and on ${format.date(days.at(-1).as_of)}`);
    return {
      grid: grid(),
      tooltip: tooltip(c, { type: "shadow", shadowStyle: { color: fade(c.muted, 0.1) } }, (i) => `${format.date(days[i].as_of)}: ${format.count(totals[i])}`, (i) => segments.map(({ key, name }, k) => [name, `${format.count(days[i].customers[k])} · ${format.percentShort(share(i, k))}`, colour[key]])),
      xAxis: categories(c, days.map(({ as_of: day }) => format.month(day.slice(0, 7)))),
      yAxis: values(c, format.percentShort, { max: 1, interval: 0.25 }),
      series: segments.map(({ key, name }, k) => ({ type: "bar", stack: "all", name, data: days.map((_, i) => share(i, k)), itemStyle: { color: colour[key] }, barCategoryGap: "22%", emphasis: { disabled: true } })),
    };
  };
  const show = () => {
    said.replaceChildren();
    drawn ? drawn.redraw() : (drawn = chart(box, option));
  };
  const latest = newest(tile, (history) => {
    tile.shown = { ...tile.panel, history };
    show();
  }, (error) => said.replaceChildren(problem(error)));

  const update = () => {
    const span = months();
    controls.replaceChildren(toggle("Months", SPANS, span, (word) => choose({ months: word === String(tile.panel.months) ? null : word })));
    if (tile.panel.history && span === String(tile.panel.months)) {
      tile.shown = null;
      tile.body.removeAttribute("aria-busy");
      return show();
    }
    latest(ask(page, "rfm/history", { months: span }));
  };
  update();
  const end = onChoice(update);
  return { update, dispose: () => (end(), drawn?.dispose()), values: () => ({ months: months() }) };
}

export function segmentHistoryRows({ history }) {
  if (!history) return { columns: [{ title: "Day" }], rows: [] };
  return {
    columns: ["Day", ...history.segments.map(({ name }) => name)].map((title) => ({ title })),
    rows: history.days.map(({ as_of: day, customers }) => [day, ...customers.map((value) => ({ format: "count", value }))]),
  };
}
