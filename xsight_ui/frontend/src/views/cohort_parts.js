// Customers apart by how they came, with the mean of the chosen measure at a few ages; one of them can be looked at alone.
import { newest } from "../answers.js";
import { choose, onChoice } from "../choices.js";
import { problem } from "../controls.js";
import { h } from "../dom.js";
import { toggle } from "../toggle.js";
import { atFirst, cutsOf, keyOf, matrixOf, MEASURES, nameOf, SPLITS, STORED, wish } from "./cohort_source.js";

const AGES = { week: [1, 4, 12], month: [1, 3, 6], quarter: [1, 2, 4], year: [1, 2, 3] };
const LETTER = { week: "W", month: "M", quarter: "Q", year: "Y" };

export function mount(tile, page) {
  const bar = h("div", { class: "xs-controls" });
  const place = h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": tile.panel.title });
  const said = h("div");
  tile.body.replaceChildren(bar, said, place);
  const note = h("p", { class: "xs-muted xs-foot" });

  const draw = ({ cuts, wish: { grain, measure, part: picked, split } }) => {
    const ages = AGES[grain];
    const number = { money: page.format.moneyCell, percent: page.format.percent, count: page.format.count }[MEASURES[measure].format];
    said.replaceChildren();
    note.textContent = `${MEASURES[measure].label}, mean of the cohorts that are old enough.${cuts.values_of > cuts.parts.length ? ` The ${cuts.parts.length} most frequent of ${page.format.count(cuts.values_of)}.` : ""}`;
    place.replaceChildren(h("table", { class: "xs-runs xs-parts" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, SPLITS.find(([key]) => key === split)[1]), h("th", { scope: "col", class: "xs-number" }, "Customers"), ages.map((age) => h("th", { scope: "col", class: "xs-number" }, `${LETTER[grain]}${age}`)))),
      h("tbody", {}, cuts.parts.map((part) => {
        const { mean } = matrixOf(part.cohorts, measure);
        const on = keyOf(part) === picked;
        return h("tr", { "data-part": keyOf(part), "data-on": on || null },
          h("th", { scope: "row" }, h("button", { type: "button", class: "xs-part", "aria-pressed": String(on), onclick: () => choose({ part: on ? null : keyOf(part) }) }, nameOf(part, split))),
          h("td", { class: "xs-number" }, page.format.count(part.customers)),
          ages.map((age) => h("td", { class: "xs-number" }, number(mean[age]))));
      }))), note);
  };
  const latest = newest(tile, (found) => {
    tile.shown = { ...tile.panel, ...found };
    draw(found);
  }, (error) => said.replaceChildren(problem(error)));
  const update = () => {
    bar.replaceChildren(toggle("Split by", SPLITS, wish().split, (split) => choose({ split: split === "channel" ? null : split, part: null })));
    const wanted = wish();
    latest(cutsOf(tile.panel, page, wanted).then((cuts) => ({ cuts, wish: wanted })));
  };
  const first = atFirst(tile.panel);
  if (first.cuts && first.wish.split === first.cuts.by) draw(first);
  update();
  return { update, dispose: onChoice(update), values: () => ({ split: wish().split }) };
}

export function rows({ cuts, wish: { measure, split } = STORED }) {
  return {
    columns: ["Value", "Customers", "Age", MEASURES[measure].label].map((title) => ({ title })),
    rows: (cuts?.parts ?? []).flatMap((part) => matrixOf(part.cohorts, measure).mean.map((value, age) => [nameOf(part, split), { format: "count", value: part.customers }, age, { format: MEASURES[measure].format, value }])).filter((row) => row[3].value != null),
  };
}
