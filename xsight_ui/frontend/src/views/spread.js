// How chances and values are spread over the customers.
import { categories, chart, fade, grid, tooltip, values } from "../chart.js";
import { chosen, choose, onChoice } from "../choices.js";
import { h } from "../dom.js";
import { toggle } from "../toggle.js";

const VIEWS = [["alive", "Still a customer"], ["value", "Value"], ["tenths", "Tenths"]];
const band = (i) => `${i * 10}–${i * 10 + 10}%`;

function figures(panel, view, format) {
  if (view === "alive") return { names: panel.p_alive.map((_, i) => band(i)), counts: panel.p_alive, show: format.count, axis: format.countShort, said: "Customers by the chance of still being one" };
  const { edges_minor: edges, customers, tenths } = panel.clv;
  if (view === "tenths") return { names: tenths.map((_, i) => (i ? `${i * 10}–${i * 10 + 10}%` : "Top 10%")), counts: tenths, show: format.percent, axis: format.percentShort, said: "Share of the expected value that each tenth of customers brings, the most valuable first" };
  return { names: edges.map((low, i) => (i + 1 < edges.length ? `${format.moneyShort(low)} – ${format.moneyShort(edges[i + 1])}` : `${format.moneyShort(low)} +`)), ticks: edges.map(format.moneyShort), counts: customers, show: format.count, axis: format.countShort, said: "Customers by net sales expected in the next 12 months" };
}

const view = (panel) => chosen("spread", "alive", panel.clv ? VIEWS.map(([key]) => key) : ["alive"]);

export function spread(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const bar = h("div", { class: "xs-controls" });
  const title = h("p", { class: "xs-axis-title", "aria-hidden": "true" });
  tile.body.replaceChildren(bar, title, box);
  const option = (c) => {
    const { names, ticks, counts, show, axis, said } = figures(tile.panel, view(tile.panel), page.format);
    title.textContent = said;
    box.setAttribute("aria-label", `${said}: ${names.map((name, i) => `${name} ${show(counts[i])}`).join(", ")}`);
    return {
      grid: grid(),
      tooltip: tooltip(c, { type: "shadow", shadowStyle: { color: fade(c.muted, 0.1) } }, (i) => names[i], (i) => [[view(tile.panel) === "tenths" ? "Of the value" : "Customers", show(counts[i]), c.accent]]),
      xAxis: categories(c, ticks ?? names), yAxis: values(c, axis, { splitNumber: 3 }),
      series: [{ type: "bar", data: counts, barCategoryGap: "18%", itemStyle: { color: c.accent, borderRadius: [4, 4, 0, 0] }, emphasis: { disabled: true } }],
    };
  };
  const drawn = chart(box, option);
  const update = () => {
    bar.replaceChildren(...(tile.panel.clv ? [toggle("Shown", VIEWS, view(tile.panel), (key) => choose({ spread: key === "alive" ? null : key }))] : []));
    drawn.redraw();
  };
  update();
  const end = onChoice(update);
  return { update, dispose: () => (end(), drawn.dispose()) };
}

export function spreadRows(panel, page) {
  const { names, counts } = figures(panel, view(panel), page.format);
  return { columns: [{ title: "Band" }, { title: "Value" }], rows: names.map((name, i) => [name, { format: view(panel) === "tenths" ? "percent" : "count", value: counts[i] }]) };
}
