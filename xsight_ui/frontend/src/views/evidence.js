// What the forecast was worth on the store's own past: its calibration, and the contest with rules of thumb. From any day.
import { ask, newest } from "../answers.js";
import { chart, grid, pointTip, values } from "../chart.js";
import { onChoice } from "../choices.js";
import { asOf, asOfField, problem } from "../controls.js";
import { h } from "../dom.js";

const NONE = { evidence: { state: "none", message: "On that day there was too little past to try a forecast on." } };

/** Keeps `draw(evidence)` in step with the day looked from. */
function follow(tile, page, bar, said, draw) {
  const show = (evidence) => {
    said.replaceChildren(...(evidence.state === "ok" ? [] : [problem({ message: evidence.message })]));
    if (evidence.state === "ok") draw(evidence);
  };
  const latest = newest(tile, (churn) => {
    const evidence = churn.evidence ?? { ...NONE.evidence, message: churn.message || NONE.evidence.message };
    tile.shown = { ...tile.panel, evidence };
    show(evidence);
  }, (error) => said.replaceChildren(problem(error)));
  const update = () => {
    const day = asOf(tile.panel.as_of);
    bar.replaceChildren(asOfField(tile.panel.as_of));
    if (day !== tile.panel.as_of) return void latest(ask(page, "churn", { as_of: day }));
    tile.shown = null;
    tile.body.removeAttribute("aria-busy");
    show(tile.panel.evidence);
  };
  update();
  return { update, end: onChoice(update), values: () => ({ as_of: asOf(tile.panel.as_of) }) };
}

export function calibration(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const [bar, said] = [h("div", { class: "xs-controls" }), h("div")];
  const foot = h("p", { class: "xs-muted xs-foot" });
  tile.body.replaceChildren(bar, said, box, foot);
  let drawn = null;
  let shown = null;
  const option = (c) => {
    const { curve } = shown;
    const { format } = page;
    const most = Math.max(...curve.map(([, , count]) => count), 1);
    box.setAttribute("aria-label", `Forecast and what came, by band: ${curve.map(([p, seen]) => `${format.percentShort(p)} ${format.percentShort(seen)}`).join(", ")}`);
    const scale = { min: 0, max: 1, interval: 0.25 };
    return {
      grid: grid(),
      tooltip: pointTip(c, ({ data }) => [`Forecast ${format.percent(data[0])}`, [["Came true of", format.percent(data[1]), c.accent], ["Customers", format.count(data[2])]]]),
      xAxis: { ...values(c, format.percentShort, scale), axisLabel: { color: c.muted, fontSize: 11, formatter: format.percentShort, margin: 12 } },
      yAxis: values(c, format.percentShort, scale),
      series: [
        { type: "line", data: [[0, 0], [1, 1]], showSymbol: false, silent: true, tooltip: { show: false }, lineStyle: { color: c.past, width: 1.5, type: [4, 4] } },
        { type: "line", data: curve.map(([p, seen]) => [p, seen]), showSymbol: false, silent: true, lineStyle: { color: c.accent, width: 1.5, opacity: 0.6 } },
        { type: "scatter", data: curve, symbolSize: (point) => 8 + 18 * Math.sqrt(point[2] / most), itemStyle: { color: c.accent, opacity: 0.85, borderColor: c.card, borderWidth: 1.5 }, emphasis: { disabled: true } },
      ],
    };
  };
  const { update, end, values: told } = follow(tile, page, bar, said, (evidence) => {
    shown = evidence;
    const { format } = page;
    foot.textContent = `${format.count(evidence.customers)} customers of ${format.date(evidence.cutoff)}: ${format.percent(evidence.predicted)} were expected to stay away, ${format.percent(evidence.observed)} did.`;
    drawn ? drawn.redraw() : (drawn = chart(box, option));
  });
  return { update, dispose: () => (end(), drawn?.dispose()), values: told };
}

export const calibrationRows = ({ evidence }) => ({
  columns: ["Forecast chance of no order", "Share without an order", "Customers"].map((title) => ({ title })),
  rows: (evidence.curve ?? []).map(([p, seen, count]) => [{ format: "percent", value: p }, { format: "percent", value: seen }, { format: "count", value: count }]),
});

const fixed = (digits) => (value) => (value == null ? "–" : value.toFixed(digits));

export function backtest(tile, page) {
  const [bar, said] = [h("div", { class: "xs-controls" }), h("div")];
  const place = h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": tile.panel.title });
  const foot = h("p", { class: "xs-foot xs-proof" });
  tile.body.replaceChildren(bar, said, place, foot);
  const { update, end, values: told } = follow(tile, page, bar, said, (evidence) => {
    const { format } = page;
    const sorted = evidence.candidates.toSorted((a, b) => a.brier - b.brier);
    const worst = Math.max(...sorted.map(({ brier }) => brier));
    place.replaceChildren(h("table", { class: "xs-runs xs-backtest" },
      h("thead", {}, h("tr", {}, ["Forecast by", "Brier", "", "Calibration error", "Orders", "Lift"].map((title, i) => h(title ? "th" : "td", { scope: title ? "col" : null, class: i && i !== 2 ? "xs-number" : null }, title)))),
      h("tbody", {}, sorted.map((one) => h("tr", { "data-candidate": one.name, "data-champion": one.name === evidence.champion || null },
        h("th", { scope: "row" }, one.name, h("small", {}, one.kind === "model" ? (one.name === evidence.champion ? "model, in use" : "model") : "rule of thumb")),
        h("td", { class: "xs-number" }, fixed(4)(one.brier)),
        h("td", { class: "xs-backtest-bar", "aria-hidden": "true" }, h("span", { class: "xs-bar" }, h("i", { "data-tone": one.kind === "model" ? "best" : "low", style: `width:${((one.brier / worst) * 100).toFixed(1)}%` }))),
        h("td", { class: "xs-number" }, fixed(3)(one.ece)),
        h("td", { class: "xs-number" }, fixed(3)(one.mae)),
        h("td", { class: "xs-number" }, `${fixed(1)(one.top_decile_lift)}×`))))));
    const gain = evidence.skill > 0 ? `${format.percent(evidence.skill)} less error than the best rule of thumb` : "No better than the best rule of thumb, so its predictions are not shown";
    foot.setAttribute("data-tone", evidence.skill > 0 ? "good" : "warn");
    foot.textContent = `${gain}. ${format.count(evidence.orders_predicted)} orders expected, ${format.count(evidence.orders_observed)} came.${spend(evidence, format)}`;
  });
  return { update, dispose: end, values: told };
}

function spend({ value }, format) {
  const [model, rule] = value ?? [];
  if (!model || !rule) return "";
  return ` Spend per customer: wrong by ${format.money(model.mae)} on average, last year’s in proportion by ${format.money(rule.mae)}.`;
}

export const backtestRows = ({ evidence }) => ({
  columns: ["Forecast by", "Kind", "Brier", "Log loss", "Calibration error", "Mean error, orders", "Rank correlation", "Lift of the best tenth", "Orders expected"].map((title) => ({ title })),
  rows: (evidence.candidates ?? []).map((one) => [one.name, one.kind, ...[one.brier, one.log_loss, one.ece, one.mae, one.rank_correlation, one.top_decile_lift, one.orders_predicted].map((value) => (value == null ? "" : value.toPrecision(6)))]),
});
