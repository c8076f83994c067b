// What the forecasts rest on and what they cannot say.
import { h, icon } from "../dom.js";

export const limits = {
  mount(tile) {
    const draw = () => tile.body.replaceChildren(
      ...(tile.panel.warnings.length ? [h("ul", { class: "xs-warnings" }, tile.panel.warnings.map((text) => h("li", {}, icon("alert", 14), h("span", {}, text))))] : []),
      h("ul", { class: "xs-limits" }, tile.panel.limits.map((text) => h("li", {}, text))));
    draw();
    return { update: draw };
  },
  rows: (panel) => ({ columns: [{ title: "Mind" }], rows: [...panel.warnings, ...panel.limits].map((text) => [text]) }),
};

function facts({ data, run, rules, models }, format) {
  const parameter = ([name, value]) => `${name} ${Math.abs(value) >= 1000 ? Math.round(value) : value.toPrecision(4)}`;
  const bounds = Object.entries(rules.rfm).map(([name, edges]) => `${name.split("_")[0]} ${edges ? edges.join(", ") : "by fifths"}`).join(" · ");
  return [
    ["Data", [
      ["Customers", format.count(data.customers)], ["Who bought", format.count(data.buyers)], ["Who came back", format.count(data.repeat_customers)],
      ["Orders that count", format.count(data.orders)], ["Of guests", format.count(data.guest_orders)],
      ["From", format.date(data.first_order_on)], ["To", format.date(data.last_order_on)],
    ]],
    ["Model", [
      ["State", models.state.replaceAll("_", " ")], ["In use", models.champion || "–"], ["Spend", models.spend ?? "–"],
      ["Chances repaired", models.repaired ? "yes, by isotonic calibration" : "not needed"],
      ["Parameters", Object.entries(models.parameters).map(parameter).join(" · ") || "–"],
    ]],
    ["Rules and run", [
      ["As of", format.date(run.as_of)], ["Computed", format.time(run.computed_at)], ["Took", `${run.duration_s.toFixed(1)} s`],
      ["Orders", rules.orders], ["RFM", bounds], ["Method", String(rules.method)], ["Prior", rules.prior], ["Data version", String(run.data_version)], ["Run", run.id],
    ]],
  ];
}

export const modelCard = {
  mount(tile, page) {
    const draw = () => tile.body.replaceChildren(h("div", { class: "xs-card" }, facts(tile.panel, page.format).map(([title, list]) => h("section", {}, h("h3", {}, title), h("dl", { class: "xs-facts" }, list.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))))))));
    draw();
    return { update: draw };
  },
  rows: (panel, page) => ({ columns: ["Part", "Fact", "Value"].map((title) => ({ title })), rows: facts(panel, page.format).flatMap(([part, list]) => list.map((fact) => [part, ...fact])) }),
};
