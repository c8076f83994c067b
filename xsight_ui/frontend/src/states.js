// What a tile shows in place of its content.
import { h, icon, spoken } from "./dom.js";

export const skeleton = () => h("div", { class: "xs-skeleton", role: "status" }, spoken("Loading"));

export function stateBox({ name, title, text, progress = [] }) {
  const sign = { error: "alert", not_enough_data: "chart", no_better_than_a_rule: "chart" }[name] ?? "store";
  return h("div", { class: "xs-state", role: name === "error" ? "alert" : "status", "data-state": name },
    h("span", { class: "xs-state-sign" }, icon(sign, 20)),
    h("strong", {}, title),
    text && h("p", {}, text),
    progress.length > 0 && h("dl", { class: "xs-needs" }, progress.map(({ label, have, need }) => h("div", {},
      h("dt", {}, label), h("dd", {}, `${have} of ${need}`),
      h("i", { "aria-hidden": "true" }, h("i", { style: `width:${Math.min(100, (100 * have) / (need || 1)).toFixed(0)}%` }))))));
}

export const failure = (error) => ({ name: "error", title: "This panel could not be shown", text: String(error?.message ?? error) });
