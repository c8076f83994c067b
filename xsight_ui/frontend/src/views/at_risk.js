// Who is likely to be lost, why, and what to do: the most to lose first.
import { pageLink } from "../choices.js";
import { h } from "../dom.js";

const HIGH = 0.7;

export function mount(tile, page) {
  const draw = () => {
    const { rows, total } = tile.panel;
    const { format } = page;
    const valued = rows[0].clv_365_minor != null;
    const name = ({ id }) => {
      const known = page.names?.get(id);
      const text = known?.name ?? `Customer …${String(id).slice(-4)}`;
      const link = pageLink("customers") && `${document.body.dataset.pages}customer?id=${id}`;
      return h("span", { class: "xs-person", title: `Shopify customer ${id}` }, h("i", { "aria-hidden": "true" }, known?.initials ?? "#"), link ? h("a", { href: link }, text) : h("span", {}, text));
    };
    tile.body.replaceChildren(
      h("div", { class: "xs-scroll xs-risky-place", tabindex: "0", role: "region", "aria-label": tile.panel.title }, h("table", { class: "xs-runs xs-risky" },
        h("thead", {}, h("tr", {}, ["Customer", "Why", valued ? "To lose in 12 months" : "Net sales so far", "Chance of staying away", "Still a customer", "Last order"].map((title, i) => h("th", { scope: "col", class: i > 1 ? "xs-number" : null }, title)))),
        h("tbody", {}, rows.map((row) => h("tr", { "data-customer": row.id },
          h("th", { scope: "row" }, name(row), h("span", { class: "xs-badge", "data-tone": row.segment.tone }, row.segment.name)),
          h("td", {}, row.reasons.join(" "), h("small", {}, row.action)),
          h("td", { class: "xs-number" }, h("b", {}, format.money(valued ? row.clv_365_minor : row.net_minor)), valued && h("small", {}, `${format.moneyShort(row.net_minor)} so far`)),
          h("td", { class: "xs-number" }, h("span", { class: "xs-badge", "data-tone": row.churn_90 >= HIGH ? "bad" : "warn" }, format.percentShort(row.churn_90))),
          h("td", { class: "xs-number" }, format.percentShort(row.p_alive)),
          h("td", { class: "xs-number" }, format.date(row.last_order_on))))))),
      h("p", { class: "xs-muted xs-foot" }, total > rows.length ? `The first ${format.count(rows.length)} of ${format.count(total)}.` : `All ${format.count(total)}.`));
  };
  draw();
  return { update: draw, refresh: draw };
}

export const rows = (panel, page) => ({
  columns: ["Customer", "Number", "Segment", "Orders", "Net sales", "Expected in 12 months", "Chance of staying away", "Still a customer", "Last order", "Why", "What to do"].map((title) => ({ title })),
  rows: panel.rows.map((row) => [page.names?.get(row.id)?.name ?? "", String(row.id), row.segment.name, { format: "count", value: row.orders }, { format: "money", value: row.net_minor }, { format: "money", value: row.clv_365_minor }, { format: "percent", value: row.churn_90 }, { format: "percent", value: row.p_alive }, row.last_order_on, row.reasons.join(" "), row.action]),
});
