// Shopify's eleven groups: how many we count in each and how many Shopify does.
import { h } from "../dom.js";

export function mount(tile, page) {
  const draw = () => {
    const { groups, agreement } = tile.panel;
    const { format } = page;
    const told = groups.some((group) => group.by_shopify != null);
    tile.body.replaceChildren(
      h("p", { class: "xs-agreement" }, agreement
        ? [h("b", {}, format.percent(agreement.share)), ` of ${format.count(agreement.customers)} customers stand in the same group as at Shopify`, agreement.kappa == null ? "." : `; kappa ${agreement.kappa.toFixed(2)}.`]
        : "Shopify does not share its own groups with this app, so there is nothing to compare with."),
      h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": tile.panel.title }, h("table", { class: "xs-runs xs-groups" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Group"), h("th", { scope: "col", class: "xs-number" }, "Ours"), told && h("th", { scope: "col", class: "xs-number" }, "Shopify’s"), h("th", { scope: "col", class: "xs-number" }, "Net sales"))),
        h("tbody", {}, groups.map((group) => h("tr", { "data-group": group.key },
          h("th", { scope: "row" }, h("i", { class: "xs-dot", "data-tone": group.tone, "aria-hidden": "true" }), group.name),
          h("td", { class: "xs-number" }, format.count(group.customers)),
          told && h("td", { class: "xs-number" }, format.count(group.by_shopify)),
          h("td", { class: "xs-number" }, format.moneyShort(group.revenue_minor))))))));
  };
  draw();
  return { update: draw };
}

export const rows = (panel) => ({
  columns: ["Group", "Customers, scored here", "Customers, by Shopify", "Net sales"].map((title) => ({ title })),
  rows: panel.groups.map((group) => [group.name, { format: "count", value: group.customers }, { format: "count", value: group.by_shopify }, { format: "money", value: group.revenue_minor }]),
});
