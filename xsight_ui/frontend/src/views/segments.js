// Customers by segment: a table whose bars are drawn in the cells.
import { h } from "../dom.js";

const bar = (share, largest, tone) => h("span", { class: "xs-bar", "aria-hidden": "true" }, h("i", { "data-tone": tone, style: `width:${largest ? ((share / largest) * 100).toFixed(2) : 0}%` }));

export function mount(tile, page) {
  const draw = () => {
    const { items } = tile.panel;
    const { format } = page;
    const largest = Math.max(...items.map((item) => Math.max(item.share ?? 0, item.revenue_share ?? 0)));
    tile.body.replaceChildren(h("table", { class: "xs-segments" },
      h("thead", {}, h("tr", {}, ...["Segment", "Customers", "Share", "Net sales"].map((title, i) => h("th", { scope: "col", class: i ? `xs-number xs-segments-${i}` : null }, title)))),
      h("tbody", {}, items.map((item) => h("tr", { "data-segment": item.key, title: item.action },
        h("th", { scope: "row" }, h("i", { class: "xs-dot", "data-tone": item.tone, "aria-hidden": "true" }), h("span", {}, item.name, h("small", {}, item.action))),
        h("td", { class: "xs-number xs-segments-1" }, format.count(item.customers)),
        h("td", { class: "xs-number xs-segments-2" }, h("span", { class: "xs-bars" }, bar(item.share, largest, item.tone), h("span", {}, format.percent(item.share)))),
        h("td", { class: "xs-number xs-segments-3" }, format.moneyShort(item.revenue_minor), h("small", {}, `${format.percentShort(item.revenue_share)} of sales`)),
      )))));
  };
  draw();
  return { update: draw };
}

export const rows = (panel) => ({
  columns: ["Segment", "Customers", "Share of customers", "Net sales", "Share of net sales", "Suggested action"].map((title) => ({ title })),
  rows: panel.items.map((item) => [
    item.name, { format: "count", value: item.customers }, { format: "percent", value: item.share },
    { format: "money", value: item.revenue_minor }, { format: "percent", value: item.revenue_share }, item.action,
  ]),
});
