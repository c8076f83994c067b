// Cohorts as a heat table, in whichever measure and periods the viewer chooses; what is not over yet stays empty.
import { newest } from "../answers.js";
import { onChoice } from "../choices.js";
import { problem } from "../controls.js";
import { h } from "../dom.js";
import { heatScale } from "../heat.js";
import { atFirst, cellValues, cohortsOf, controls, labelOf, matrixOf, STORED } from "./cohort_source.js";

const MOST_ROWS = { week: 27, month: 24, quarter: 16, year: 20 };
const LETTER = { week: "W", month: "M", quarter: "Q", year: "Y" };

export function mount(tile, page) {
  const bar = h("div", { class: "xs-controls" });
  const place = h("div", { class: "xs-scroll xs-cohort-place", tabindex: "0", role: "region", "aria-label": tile.panel.title });
  const said = h("div");
  tile.body.replaceChildren(bar, said, place);
  let source = atFirst(tile.panel);

  const draw = () => {
    const { cohorts } = source;
    const { measure, bands } = source.wish;
    const { values, mean, width, first, format: kind, adds } = matrixOf(cohorts, measure);
    const number = { money: page.format.moneyCell, percent: page.format.percent, count: page.format.count }[kind];
    const rows = cohorts.cohorts.map((label, i) => ({ label, i })).filter(({ i }) => cohorts.size[i] > 0).slice(-MOST_ROWS[cohorts.grain]);
    const heat = heatScale(rows.flatMap(({ i }) => values[i].slice(first)));
    const band = bands && cohorts.measure?.low ? (i, k) => {
      const [low, high] = [cohorts.measure.low[i][k], cohorts.measure.high[i][k]];
      return low == null ? null : `${number(low)} – ${number(high)}`;
    } : () => null;
    const cell = (value, range) => (value == null ? h("td", { class: "xs-masked" }) : h("td", heat(value), number(value), range && h("small", {}, range)));
    const ages = Array.from({ length: Math.max(0, width - first) }, (_, k) => k + first);
    said.replaceChildren();
    place.replaceChildren(h("table", { class: "xs-cohorts", style: `--rows:${rows.length + 1}` },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "First order"), h("th", { scope: "col", class: "xs-number" }, "Customers"), ages.map((age) => h("th", { scope: "col", class: "xs-number" }, `${LETTER[cohorts.grain]}${age}`)))),
      h("tbody", {},
        h("tr", { class: "xs-cohorts-all" }, h("th", { scope: "row" }, adds ? "Mean" : "All"), h("td", { class: "xs-number" }, page.format.count(rows.reduce((sum, { i }) => sum + cohorts.size[i], 0))), ages.map((age) => cell(mean[age]))),
        rows.map(({ label, i }) => h("tr", { "data-cohort": label }, h("th", { scope: "row" }, labelOf(label, cohorts.grain, page.format)), h("td", { class: "xs-number" }, page.format.count(cohorts.size[i])), ages.map((age) => cell(values[i][age], band(i, age))))))));
  };
  const latest = newest(tile, (found) => {
    source = found;
    tile.shown = { ...tile.panel, ...found };
    draw();
  }, (error) => said.replaceChildren(problem(error)));
  const update = () => {
    bar.replaceChildren(...controls());
    latest(cohortsOf(tile.panel, page));
  };
  draw();
  update();
  return { update, dispose: onChoice(update), values: () => cellValues(source) };
}

export function rows({ cohorts, wish: { measure } = STORED }) {
  const { values, label, format } = matrixOf(cohorts, measure);
  const { low, high } = cohorts.measure ?? {};
  const cell = (value) => ({ format, value });
  return {
    columns: ["Cohort", "Customers", "Age", label, ...(low ? ["At least (90 %)", "At most (90 %)"] : [])].map((title) => ({ title })),
    rows: cohorts.cohorts.flatMap((name, i) => values[i].map((value, age) => [name, { format: "count", value: cohorts.size[i] }, age, cell(value), ...(low ? [cell(low[i][age]), cell(high[i][age])] : [])])).filter((row) => row[3].value != null),
  };
}
