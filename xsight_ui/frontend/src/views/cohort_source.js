// Cohorts of the viewer's choice: which periods, which measure, of whom. Three tiles show them, so they are asked for once.
import { ask } from "../answers.js";
import { chosen, choose } from "../choices.js";
import { listField } from "../controls.js";
import { h } from "../dom.js";
import { toggle } from "../toggle.js";

export const GRAINS = [["week", "Week"], ["month", "Month"], ["quarter", "Quarter"], ["year", "Year"]];
export const SPLITS = [["channel", "Channel"], ["product", "Product"], ["discount", "Discount code"], ["country", "Country"]];

const running = (row) => row.reduce((sums, cell) => [...sums, cell == null ? null : (sums.at(-1) ?? 0) + cell], []);
const sums = (rows) => rows.map(running);

// above / below, summed over cohorts for the mean; `band`: the API draws one; `asks`: what it must be asked for.
export const MEASURES = {
  retention: { label: "Retention", format: "percent", first: 1, above: (c) => c.active, below: (c, i) => c.size[i], band: "retention", cell: "retention" },
  orders: { label: "Orders", format: "count", first: 0, above: (c) => c.orders, below: () => 1, cell: "orders", adds: true },
  revenue: { label: "Net sales", format: "money", first: 0, above: (c) => c.revenue_minor, below: () => 1, cell: "revenue", adds: true },
  ltv: { label: "Value so far", format: "money", first: 0, above: (c) => sums(c.revenue_minor), below: (c, i) => c.size[i], band: "ltv_minor", cell: "ltv" },
  aov: { label: "Order value", format: "money", first: 0, above: (c) => c.revenue_minor, below: (c, i, k) => c.orders[i][k], band: "aov_minor", cell: "aov" },
  refunds: { label: "Refunds", format: "percent", first: 0, above: (c) => c.measure.cells, below: (c, i, k) => c.revenue_minor[i][k] + c.measure.cells[i][k], asks: "returns_minor", cell: "refund_rate" },
};

const UNKNOWN = "~";

/** What is chosen now. */
export const wish = () => {
  const measure = chosen("measure", "retention", Object.keys(MEASURES));
  return {
    grain: chosen("grain", "month", GRAINS.map(([key]) => key)),
    measure,
    split: chosen("split", "channel", SPLITS.map(([key]) => key)),
    part: chosen("part"),
    bands: chosen("bands") === "1" && Boolean(MEASURES[measure].band),
  };
};

export const keyOf = (part) => (part.key == null ? UNKNOWN : String(part.key));
export const nameOf = (part, split) => part.title ?? (part.key == null ? (split === "discount" ? "Without a code" : "Not known") : String(part.key));

const query = ({ grain, measure, bands }) => {
  const { band, asks } = MEASURES[measure];
  return { grain, values: bands ? band : asks, bands: bands ? "true" : null };
};

/** Whether the stored cohorts answer the wish. */
const stored = (wanted) => wanted.grain === "month" && !query(wanted).values;

/** What a tile shows before anything is asked: the stored cohorts by what they can answer. */
export const STORED = { grain: "month", measure: "retention", split: "channel", part: null, bands: false };
export const atFirst = (panel) => {
  const wanted = wish();
  return { cohorts: panel.cohorts, cuts: panel.cuts, of: null, wish: stored(wanted) && wanted.part == null ? wanted : STORED };
};

/** Customers apart by how they came: { by, values_of, parts }. */
export async function cutsOf(panel, page, wanted = wish()) {
  const { values, bands, grain } = query(wanted);
  if (panel.cuts && panel.cuts.by === wanted.split && stored(wanted)) return panel.cuts;
  return ask(page, "cohorts/cuts", { by: wanted.split, grain, values, bands });
}

/** The cohorts shown, and of whom they are (null: of everybody). */
export async function cohortsOf(panel, page) {
  const wanted = wish();
  if (wanted.part != null) {
    const found = (await cutsOf({ cuts: page.state.spec.panels.parts?.cuts }, page, wanted)).parts.find((part) => keyOf(part) === wanted.part);
    if (found) return { cohorts: found.cohorts, of: nameOf(found, wanted.split), key: found.key, wish: wanted };
  }
  const cohorts = stored(wanted) ? panel.cohorts : await ask(page, "cohorts", query(wanted));
  return { cohorts, of: null, wish: wanted };
}

const rate = (above, below) => (above == null || !below ? null : above / below);

/** The measure as rows of numbers, the mean over cohorts by age, and the ages anybody has reached. */
export function matrixOf(cohorts, name) {
  const measure = MEASURES[name];
  const above = measure.above(cohorts);
  const values = above.map((row, i) => row.map((cell, k) => (cell == null ? null : rate(cell, measure.below(cohorts, i, k)))));
  const ages = cohorts.cohorts.length;
  const mean = Array.from({ length: ages }, (_, k) => {
    const reached = above.map((row, i) => [row[k], i]).filter(([cell, i]) => cell != null && cohorts.size[i] > 0);
    if (!reached.length) return null;
    const whole = reached.reduce((sum, [, i]) => sum + (measure.adds ? 1 : measure.below(cohorts, i, k)), 0);
    return rate(reached.reduce((sum, [cell]) => sum + cell, 0), whole);
  });
  return { ...measure, values, mean, width: mean.findLastIndex((value) => value != null) + 1 };
}

/** The fields that choose. */
export function controls() {
  const { grain, measure, bands, part, split } = wish();
  const change = (name, fallback) => (key) => choose({ [name]: key === fallback ? null : key });
  const { band } = MEASURES[measure];
  return [
    toggle("Periods", GRAINS, grain, change("grain", "month")),
    listField("Measure", Object.entries(MEASURES).map(([key, { label }]) => [key, label]), measure, change("measure", "retention")),
    band && h("label", { class: "xs-pick" }, h("input", { type: "checkbox", checked: bands, onchange: (event) => choose({ bands: event.currentTarget.checked ? "1" : null }) }), h("span", {}, "90 % bands")),
    part != null && h("button", { type: "button", class: "xs-button xs-chip", onclick: () => choose({ part: null }) }, `${SPLITS.find(([key]) => key === split)[1]}: ${part === UNKNOWN ? "not known" : part}`, h("span", { "aria-hidden": "true" }, "×"), h("span", { class: "xs-spoken" }, "show everybody")),
  ].filter(Boolean);
}

/** For the notebook cell. */
export function cellValues(of) {
  const { grain, measure, split, part } = wish();
  const literal = of?.key == null ? "None" : JSON.stringify(of.key);
  return { grain, values: MEASURES[measure].cell, split, came: part == null || !of?.of ? "" : `, came={"${split}": ${split === "product" && of.key != null ? Number(of.key) : literal}}` };
}

export const labelOf = (label, grain, format) => (grain === "month" ? format.month(label) : label.replace("-", " "));
