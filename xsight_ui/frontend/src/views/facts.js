// A row of plain figures, there with the first paint.
import { about } from "../about.js";
import { badge } from "../cells.js";
import { h } from "../dom.js";

export function mount(tile, page) {
  const draw = () => tile.body.replaceChildren(...tile.panel.facts.map(({ label, format, value, about: text }, i) => h("div", { class: "xs-kpi xs-fact", "data-fact": label },
    h("div", { class: "xs-kpi-name" }, h("h2", {}, label), about(label, text)),
    h("p", { class: "xs-kpi-value", "data-long": format === "date" }, page.format[format](value)),
    i === 0 && tile.panel.segment && h("p", { class: "xs-kpi-note" }, badge(tile.panel.segment, tile.panel.tone)))));
  draw();
  return { update: draw };
}

export const rows = (panel) => ({
  columns: [{ title: "Figure" }, { title: "Value" }],
  rows: panel.facts.map(({ label, format, value }) => [label, format === "date" ? value : { format, value }]),
});
