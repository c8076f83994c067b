// Products found together, in one order or in the next one: how surely, and how much more often than by chance.
import { ask, newest } from "../answers.js";
import { choose, chosen, onChoice } from "../choices.js";
import { problem } from "../controls.js";
import { h, spoken } from "../dom.js";
import { stateBox } from "../states.js";
import { toggle } from "../toggle.js";

const KINDS = [["together", "In one order"], ["next", "In the next order"]];
const SHOWN = 30;
const kindOf = () => chosen("pairs", "together", ["together", "next"]);
const times = (value) => (value >= 100 ? Math.round(value).toLocaleString() : value.toFixed(value >= 10 ? 1 : 2));

export function mount(tile, page) {
  const bar = h("div", { class: "xs-controls" });
  const said = h("div");
  const place = h("div", { class: "xs-scroll xs-scroll-both", tabindex: "0", role: "region", "aria-label": tile.panel.title, hidden: true });
  tile.body.replaceChildren(bar, said, place);

  const draw = ({ pairs, baskets, at_least: atLeast }, kind) => {
    const { format } = page;
    place.hidden = !pairs.length;
    said.replaceChildren(...(pairs.length ? [] : [stateBox({
      name: "not_enough_data", title: "No pair is seen often enough yet",
      text: `A pair is shown once it was found ${atLeast} times. ${format.count(baskets)} ${kind === "next" ? "pairs of consecutive orders" : "orders"} were looked at.`,
    })]));
    const widest = Math.log(Math.max(2, ...pairs.map(({ lift_high: high }) => high)));
    const least = Math.log(Math.min(1, ...pairs.map(({ lift_low: low }) => Math.max(low, 0.05))));
    const x = (lift) => (100 * (Math.log(Math.max(lift, 0.05)) - least)) / (widest - least);
    place.replaceChildren(h("table", { class: "xs-runs xs-pairs" },
      h("thead", {}, h("tr", {}, [kind === "next" ? "After" : "Product", kind === "next" ? "comes" : "with"].map((text) => h("th", { scope: "col" }, text)), ["Together", kind === "next" ? "Of those after" : "Of those orders", "Lift", "90 % interval"].map((text) => h("th", { scope: "col", class: text === "90 % interval" ? null : "xs-number" }, text)))),
      h("tbody", {}, pairs.map((pair) => h("tr", { "data-pair": `${pair.first.id}-${pair.second.id}` },
        h("th", { scope: "row" }, pair.first.title), h("td", {}, pair.second.title),
        h("td", { class: "xs-number" }, format.count(pair.together)), h("td", { class: "xs-number" }, format.percent(pair.confidence)),
        h("td", { class: "xs-number" }, h("b", {}, `${times(pair.lift)}×`)),
        h("td", { class: "xs-pair-span", title: `Between ${times(pair.lift_low)} and ${times(pair.lift_high)} times` },
          h("i", { "aria-hidden": "true" }, h("i", { class: "xs-pair-one", style: `left:${x(1)}%` }), h("i", { class: "xs-pair-line", "data-sure": pair.lift_low > 1, style: `left:${x(pair.lift_low)}%;right:${100 - x(pair.lift_high)}%` }), h("i", { class: "xs-pair-dot", style: `left:${x(pair.lift)}%` })),
          spoken(`${times(pair.lift_low)} to ${times(pair.lift_high)}`)))))));
    performance.mark("xs-pairs");
  };
  const latest = newest(tile, ([found, kind]) => {
    tile.shown = { ...tile.panel, found };
    draw(found, kind);
  }, (error) => said.replaceChildren(problem(error)));
  let asked = null;
  const update = () => {
    const kind = kindOf();
    const { spec } = page.state;
    const question = JSON.stringify([kind, spec.data_version, spec.insight_run]);
    if (question === asked) return;
    asked = question;
    bar.replaceChildren(toggle("Where pairs are looked for", KINDS, kind, (word) => choose({ pairs: word === "together" ? null : word })));
    latest(ask(page, `products/${kind}`, { limit: SHOWN }).then((found) => [found, kind]));
  };
  update();
  return { update, dispose: onChoice(update), values: () => ({ pairs: kindOf() === "next" ? "next_product" : "bought_together" }) };
}

export const rows = ({ found }) => ({
  columns: ["First", "Second", "Together", "Confidence", "Support", "Lift", "Lift, low", "Lift, high"].map((title) => ({ title })),
  rows: (found?.pairs ?? []).map((pair) => [pair.first.title, pair.second.title, { format: "count", value: pair.together }, { format: "percent", value: pair.confidence }, { format: "percent", value: pair.support }, pair.lift, pair.lift_low, pair.lift_high]),
});
