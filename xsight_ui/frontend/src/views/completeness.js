// What we hold beside what Shopify says it holds, and the cause of every difference.
import { h, icon } from "../dom.js";
import { ago } from "../format.js";

const difference = (ours, shop, show) => (ours === shop ? "0" : `${ours > shop ? "+" : "−"}${show(Math.abs(ours - shop))}`);

export function mount(tile, page) {
  const draw = () => {
    const { verdict, checked_at: checkedAt, counts, sales, rules } = tile.panel;
    const { format } = page;
    const line = (label, kind, shop, ours, causes) => h("tr", { "data-equal": String(shop === ours) },
      h("th", { scope: "row" }, label, causes.length > 0 && h("small", {}, causes.map(({ text, count }) => `${format.count(count)} ${text}`).join("; "))),
      h("td", { class: "xs-number" }, format[kind](shop)), h("td", { class: "xs-number" }, format[kind](ours)), h("td", { class: "xs-number" }, difference(ours, shop, format[kind])));
    tile.body.replaceChildren(h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": "Completeness report" },
      h("p", { class: "xs-verdict", "data-tone": verdict.tone }, icon(verdict.tone === "good" ? "check" : "alert", 18), h("span", {}, h("strong", {}, verdict.title), h("span", {}, verdict.text), h("small", {}, `Checked ${ago(checkedAt)}`))),
      h("table", { class: "xs-compare" },
        h("thead", {}, h("tr", {}, ["", "Shopify", "XSight", "Difference"].map((title, i) => (i ? h("th", { scope: "col", class: "xs-number" }, title) : h("td"))))),
        h("tbody", {},
          counts.map((count) => line(count.label, "count", count.shop, count.ours, count.causes)),
          sales.state !== "not offered" && [
            h("tr", { class: "xs-compare-head" }, h("th", { scope: "rowgroup", colspan: "4" }, `Sales by day: ${format.count(sales.days_equal)} of ${format.count(sales.days)} days agree to the cent`)),
            ...sales.figures.map((figure) => line(figure.label, figure.format, figure.shop, figure.ours, []))])),
      sales.state === "not offered" && h("p", { class: "xs-muted" }, `Sales by day were not compared. ${sales.reason}`),
      sales.differences?.length > 0 && differences(sales, format),
      rules.length > 0 && h("details", {}, h("summary", {}, "What our pages count differently on purpose"),
        h("ul", {}, rules.map((rule) => h("li", {}, `${rule.text}: ${format.count(rule.orders)} ${rule.orders === 1 ? "order" : "orders"}, ${format.money(rule.net_minor)}`))))));
  };
  draw();
  return { update: draw };
}

const differences = (sales, format) => h("details", {}, h("summary", {}, "Days that differ"),
  h("table", { class: "xs-compare" },
    h("thead", {}, h("tr", {}, ["Day", "Shopify", "XSight", "Difference"].map((title, i) => h("th", { scope: "col", class: i ? "xs-number" : null }, title)))),
    h("tbody", {}, sales.differences.map((fault) => h("tr", { "data-equal": "false" },
      h("th", { scope: "row" }, `${format.date(fault.day)}, ${fault.label.toLowerCase()}`, h("small", {}, fault.text)),
      h("td", { class: "xs-number" }, format[fault.format](fault.shop)), h("td", { class: "xs-number" }, format[fault.format](fault.ours)), h("td", { class: "xs-number" }, difference(fault.ours, fault.shop, format[fault.format])))))));

export const rows = (panel) => ({
  columns: ["Compared", "Shopify", "XSight", "Cause"].map((title) => ({ title })),
  rows: [
    ...panel.counts.map((count) => [count.label, { format: "count", value: count.shop }, { format: "count", value: count.ours }, count.causes.map(({ text, count: n }) => `${n} ${text}`).join("; ")]),
    ...(panel.sales.figures ?? []).map((figure) => [figure.label, { format: figure.format, value: figure.shop }, { format: figure.format, value: figure.ours }, ""]),
    ...(panel.sales.differences ?? []).map((fault) => [`${fault.day} ${fault.label}`, { format: fault.format, value: fault.shop }, { format: fault.format, value: fault.ours }, fault.text]),
  ],
});
