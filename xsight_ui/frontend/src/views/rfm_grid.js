// Customers by recency and frequency score: rows are frequency (5 on top), columns recency (5 right).
import { ask, newest } from "../answers.js";
import { onChoice } from "../choices.js";
import { asOf, problem } from "../controls.js";
import { h } from "../dom.js";
import { heatScale, noHeat } from "../heat.js";

const SCORES = [1, 2, 3, 4, 5];

export function mount(tile, page) {
  const draw = () => {
    const { cells, total } = tile.shown ?? tile.panel;
    const heat = heatScale(cells.flat().map(Math.sqrt));
    const cell = (recency, frequency) => {
      const count = cells[recency - 1][frequency - 1];
      const share = total ? count / total : 0;
      return h("td", { ...(count ? heat(Math.sqrt(count)) : noHeat), "data-cell": `${recency}${frequency}`, title: `Recency ${recency}, frequency ${frequency}: ${page.format.count(count)} customers, ${page.format.percent(share)}` },
        h("b", {}, page.format.countShort(count)), h("small", {}, page.format.percent(share)));
    };
    tile.body.replaceChildren(h("div", { class: "xs-rfm" },
      h("span", { class: "xs-rfm-y", "aria-hidden": "true" }, "Frequency"),
      h("table", {},
        h("caption", { class: "xs-spoken" }, "Customers by recency score (columns) and frequency score (rows)"),
        h("colgroup", {}, h("col", { class: "xs-rfm-score" })),
        h("tbody", {}, SCORES.toReversed().map((frequency) => h("tr", {}, h("th", { scope: "row" }, String(frequency)), SCORES.map((recency) => cell(recency, frequency))))),
        h("tfoot", {}, h("tr", {}, h("td"), SCORES.map((recency) => h("th", { scope: "col" }, String(recency)))))),
      h("span", { class: "xs-rfm-x", "aria-hidden": "true" }, "Recency")));
  };
  if (!tile.panel.any_day) {
    draw();
    return { update: draw };
  }
  const latest = newest(tile, ({ grid }) => {
    tile.shown = { ...tile.panel, cells: grid, total: grid.flat().reduce((a, b) => a + b, 0) };
    draw();
  }, (error) => tile.body.prepend(problem(error)));
  const update = () => {
    const day = asOf(tile.panel.as_of);
    if (day !== tile.panel.as_of) return void latest(ask(page, "rfm", { as_of: day }));
    tile.shown = null;
    tile.body.removeAttribute("aria-busy");
    draw();
  };
  update();
  return { update, dispose: onChoice(update), values: () => ({ as_of: asOf(tile.panel.as_of) }) };
}

export const rows = (panel) => ({
  columns: [{ title: "Recency" }, { title: "Frequency" }, { title: "Customers" }],
  rows: SCORES.flatMap((recency) => SCORES.map((frequency) => [recency, frequency, { format: "count", value: panel.cells[recency - 1][frequency - 1] }])),
});
