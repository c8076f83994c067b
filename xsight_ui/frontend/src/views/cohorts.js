// Monthly cohorts as a heat table; two views of the same customers.
import { h } from "../dom.js";
import { heatScale } from "../heat.js";
import { toggle } from "../toggle.js";

export function mount(tile, page) {
  let chosen = tile.panel.views[0].key;
  const view = () => tile.panel.views.find(({ key }) => key === chosen);

  const draw = () => {
    const { values, average, first, format: kind } = view();
    const format = kind === "money" ? page.format.moneyCell : page.format.percent;
    const heat = heatScale(values.flatMap((row) => row.slice(first)));
    const cell = (value) => (value == null ? h("td") : h("td", heat(value), format(value)));
    const months = average.map((_, month) => month).slice(first);
    const cells = (row) => months.map((month) => cell(row[month]));
    tile.body.replaceChildren(h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": `${tile.panel.title}: ${view().label}` },
      h("table", { class: "xs-cohorts", style: `--rows:${tile.panel.cohorts.length + 1}` },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "First order"), h("th", { scope: "col", class: "xs-number" }, "Size"), months.map((month) => h("th", { scope: "col", class: "xs-number" }, month ? `M${month}` : "M0")))),
        h("tbody", {},
          h("tr", { class: "xs-cohorts-all" }, h("th", { scope: "row" }, "All"), h("td", { class: "xs-number" }, page.format.count(tile.panel.size.reduce((a, b) => a + b, 0))), cells(average)),
          tile.panel.cohorts.map((cohort, i) => h("tr", { "data-cohort": cohort }, h("th", { scope: "row" }, page.format.month(cohort)), h("td", { class: "xs-number" }, page.format.count(tile.panel.size[i])), cells(values[i])))))));
  };
  tile.tools.prepend(toggle("Shown", tile.panel.views.map(({ key, label }) => [key, label]), chosen, (key) => {
    chosen = key;
    draw();
  }));
  draw();
  return { update: draw };
}

export function rows(panel, page) {
  const [retention, value] = panel.views;
  return {
    columns: ["Cohort", "Customers", "Month", "Retention", "Net sales per customer"].map((title) => ({ title })),
    rows: panel.cohorts.flatMap((cohort, i) => retention.values[i].map((share, month) => [
      page.format.month(cohort), { format: "count", value: panel.size[i] }, month,
      { format: "percent", value: share }, { format: "money", value: value.values[i][month] },
    ])).filter((row) => row[3].value != null),
  };
}
