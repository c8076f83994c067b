// Cohorts as lines over their age; the mean of all stands out, and one cohort's band where bands are wanted.
import { newest } from "../answers.js";
import { categories, chart, fade, grid, tooltip, values as axis } from "../chart.js";
import { chosen, choose, onChoice } from "../choices.js";
import { listField, problem } from "../controls.js";
import { h } from "../dom.js";
import { atFirst, cellValues, cohortsOf, labelOf, matrixOf } from "./cohort_source.js";

const MOST_LINES = 12;
const SHORT = { money: "moneyShort", percent: "percentShort", count: "countShort" };

export function cohortCurves(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const bar = h("div", { class: "xs-controls" });
  const said = h("div");
  tile.body.replaceChildren(bar, said, box);
  let drawn = null;
  let source = atFirst(tile.panel);

  /** The newest cohorts that have reached an age worth drawing. */
  const lines = ({ values, first }) => source.cohorts.cohorts.map((label, i) => ({ label, i }))
    .filter(({ i }) => source.cohorts.size[i] > 0 && values[i].slice(first).some((value) => value != null)).slice(-MOST_LINES);

  const option = (c) => {
    const { measure, bands } = source.wish;
    const { cohorts } = source;
    const found = matrixOf(cohorts, measure);
    const { values, mean, width, first, format: kind, label } = found;
    const shown = lines(found);
    const number = page.format[kind];
    const ages = Array.from({ length: Math.max(0, width - first) }, (_, k) => k + first);
    const name = (one) => labelOf(one.label, cohorts.grain, page.format);
    const picked = shown.find((one) => one.label === chosen("cohort")) ?? shown[0];
    const banded = bands && cohorts.measure?.low && picked;
    box.setAttribute("aria-label", `${label} of ${shown.length} cohorts by age, and of all`);
    const line = (data, more) => ({ type: "line", data, showSymbol: false, emphasis: { disabled: true }, ...more });
    const low = banded ? ages.map((age) => cohorts.measure.low[picked.i][age]) : [];
    const high = banded ? ages.map((age) => cohorts.measure.high[picked.i][age]) : [];
    return {
      grid: grid(),
      tooltip: tooltip(c, { type: "line", lineStyle: { color: c.muted, type: [4, 4] } }, (i) => `${cohorts.grain[0].toUpperCase()}${cohorts.grain.slice(1)} ${ages[i]}`, (i) => [
        ["All", number(mean[ages[i]]), c.accent],
        ...(banded ? [[`${name(picked)}, 90 %`, low[i] == null ? "–" : `${number(low[i])} – ${number(high[i])}`, c["accent-2"]]] : []),
        ...shown.toReversed().filter((one) => values[one.i][ages[i]] != null).slice(0, 8).map((one) => [name(one), number(values[one.i][ages[i]]), c.past]),
      ]),
      xAxis: categories(c, ages.map(String), { boundaryGap: ages.length === 1 }),
      yAxis: axis(c, page.format[SHORT[kind]]),
      series: [
        ...(banded ? [
          line(low, { stack: "band", lineStyle: { opacity: 0 } }),
          line(high.map((value, k) => (value == null ? null : value - low[k])), { stack: "band", lineStyle: { opacity: 0 }, areaStyle: { color: fade(c["accent-2"], 0.24) } }),
          line(ages.map((age) => values[picked.i][age]), { lineStyle: { width: 2, color: c["accent-2"] } }),
        ] : []),
        ...shown.map((one, k) => line(ages.map((age) => values[one.i][age]), { lineStyle: { width: 1.25, color: fade(c.past, 0.35 + (0.55 * (k + 1)) / shown.length) } })),
        line(ages.map((age) => mean[age]), { lineStyle: { width: 3, color: c.accent }, showSymbol: ages.length === 1 }),
      ],
    };
  };

  const latest = newest(tile, (found) => {
    source = found;
    tile.shown = { ...tile.panel, ...found };
    said.replaceChildren();
    const { bands, measure } = found.wish;
    const shown = lines(matrixOf(found.cohorts, measure));
    const legend = h("ul", { class: "xs-legend", "aria-hidden": "true" }, h("li", {}, found.of ?? "All"), h("li", { "data-kind": "past-line" }, "Each cohort"));
    bar.replaceChildren(legend, ...(bands && shown.length ? [listField("Band of", shown.map((one) => [one.label, labelOf(one.label, found.cohorts.grain, page.format)]), chosen("cohort", shown[0].label, shown.map(({ label }) => label)), (label) => choose({ cohort: label }))] : []));
    drawn ? drawn.redraw() : (drawn = chart(box, option));
  }, (error) => said.replaceChildren(problem(error)));
  const update = () => latest(cohortsOf(tile.panel, page));
  update();
  const end = onChoice(update);
  return { update, dispose: () => (end(), drawn?.dispose()), values: () => cellValues(source) };
}
