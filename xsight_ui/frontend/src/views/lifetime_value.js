// What today's customers are expected to bring in: two figures and how to read them.
import { h } from "../dom.js";
import { proof } from "./proof.js";

export function mount(tile, page) {
  const draw = () => {
    const { total_minor: total, total_minor_low: low, total_minor_high: high, mean_minor: mean, horizon_days: days, context } = tile.panel;
    const { format } = page;
    tile.body.replaceChildren(h("div", { class: "xs-value" },
      h("div", {},
        h("p", { class: "xs-figure", "data-value": total }, format.money(total)),
        h("p", { class: "xs-muted" }, `expected from today's customers in the next ${days} days`),
        low != null && h("p", { class: "xs-muted", "data-interval": "90" }, `90 % interval ${format.moneyShort(low)} to ${format.moneyShort(high)}`),
        context?.past_minor > 0 && comparison(total, context.past_minor, format)),
      h("dl", { class: "xs-facts" },
        ...(tile.panel.sooner ?? []).map((ahead) => fact(`Next ${ahead.days} days`, h("span", {}, format.money(ahead.clv_minor), h("small", {}, `${format.moneyShort(ahead.clv_minor_low)} – ${format.moneyShort(ahead.clv_minor_high)}`)))),
        fact("Per customer", format.money(mean)),
        context?.customers != null && fact("Customers counted", format.count(context.customers)),
        context?.top_share != null && fact("Of it from the top ten", format.percent(context.top_share)))), ...proof(tile.panel));
  };
  draw();
  return { update: draw };
}

const fact = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, value));

function comparison(next, past, format) {
  const highest = Math.max(next, past);
  const line = (label, value, tone) => h("div", { class: "xs-versus-row" }, h("span", {}, label), h("b", {}, format.moneyShort(value)), h("i", { class: "xs-versus-bar", "data-tone": tone, style: `width:${((value / highest) * 100).toFixed(1)}%` }));
  return h("div", { class: "xs-versus" }, line("Last 12 months, all sales", past, "past"), line("Next 12 months, today's customers", next, "next"));
}

export const rows = (panel) => ({
  columns: [{ title: "Figure" }, { title: "Value" }],
  rows: [["Expected net sales", { format: "money", value: panel.total_minor }], ...(panel.total_minor_low == null ? [] : [["At least (90 %)", { format: "money", value: panel.total_minor_low }], ["At most (90 %)", { format: "money", value: panel.total_minor_high }]]), ["Per customer", { format: "money", value: panel.mean_minor }], ["Days ahead", panel.horizon_days], ...(panel.sooner ?? []).map((ahead) => [`Next ${ahead.days} days`, { format: "money", value: ahead.clv_minor }])],
});
