// Small fields beside a tile's title: days and lists to choose from.
import { chosen, choose, isDay } from "./choices.js";
import { h } from "./dom.js";

let serial = 0;

/** A labelled day; what is typed is a choice once it is a whole day. */
export function dayField(label, value, limits, onchange) {
  const input = h("input", { type: "date", value, min: limits.min, max: limits.max, required: true, onchange: () => input.validity.valid && isDay(input.value) && onchange(input.value) });
  return h("label", { class: "xs-pick" }, h("span", {}, label), input);
}

/** A labelled list; options are [key, text]. */
export function listField(label, options, value, onchange) {
  const id = `xs-pick-${++serial}`;
  const select = h("select", { id, onchange: () => onchange(select.value) }, options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  return h("span", { class: "xs-pick" }, h("label", { for: id }, label), select);
}

/** The day looked from, kept in the address as `as_of`. */
export const asOf = (today) => chosen("as_of", today, (word) => isDay(word) && word <= today);

export function asOfField(today) {
  return dayField("As of", asOf(today), { max: today }, (day) => choose({ as_of: day === today ? null : day }));
}

export const problem = (error) => h("p", { class: "xs-problem", role: "alert" }, error.message);
