// How likely customers are to stay away: who is at risk, and the whole distribution.
import { categories, chart, fade, grid, tooltip, values } from "../chart.js";
import { h } from "../dom.js";
import { proof } from "./proof.js";

const BANDS = Array.from({ length: 10 }, (_, i) => [i * 10, (i + 1) * 10]);
const RISK = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];

export function churn(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const heading = h("div", { class: "xs-churn-head" });
  const foot = h("p", { class: "xs-muted xs-foot" });
  const evidence = h("div");
  tile.body.replaceChildren(heading, h("p", { class: "xs-axis-title", "aria-hidden": "true" }, "All customers by their chance of staying away"), box, foot, evidence);
  const option = (c) => {
    const { at_risk: atRisk, customers, histogram, expected_churn: expected, horizon_days: days } = tile.panel;
    const { format } = page;
    heading.replaceChildren(
      h("p", { class: "xs-figure", "data-value": atRisk }, format.count(atRisk)),
      h("p", { class: "xs-muted" }, "returning customers at risk of staying away"));
    foot.textContent = `About ${format.count(expected)} of all ${format.count(customers)} customers are not expected to order in the next ${days} days.`;
    evidence.replaceChildren(...proof(tile.panel));
    box.setAttribute("aria-label", `Customers by chance of no order in the next ${days} days, in ten bands: ${histogram.join(", ")}`);
    return {
      grid: grid(),
      tooltip: tooltip(c, { type: "shadow", shadowStyle: { color: fade(c.muted, 0.1) } }, (i) => `Chance ${BANDS[i][0]}–${BANDS[i][1]}%`, (i) => [["Customers", format.count(histogram[i]), c[`risk-${RISK[i]}`]]]),
      xAxis: categories(c, BANDS.map(([from]) => `${from}%`), { axisLabel: { color: c.muted, fontSize: 11, interval: 0, hideOverlap: true, margin: 10 } }),
      yAxis: values(c, format.countShort, { minInterval: 1, splitNumber: 3 }),
      series: [{ type: "bar", data: histogram.map((count, i) => ({ value: count, itemStyle: { color: c[`risk-${RISK[i]}`], borderRadius: [4, 4, 0, 0] } })), barCategoryGap: "18%", emphasis: { disabled: true } }],
    };
  };
  const drawn = chart(box, option);
  return { update: drawn.redraw, dispose: drawn.dispose };
}

export const churnRows = (panel) => ({
  columns: [{ title: "Chance from" }, { title: "to" }, { title: "Customers" }],
  rows: BANDS.map(([from, to], i) => [`${from}%`, `${to}%`, { format: "count", value: panel.histogram[i] }]),
});
