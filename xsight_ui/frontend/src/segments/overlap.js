// A segment beside others: how many customers are in both, and the Jaccard index.
import { h } from "../dom.js";
import { get, post } from "../session.js";

const AT_FIRST = 5;
const MOST = 11;

/** `first` is a saved segment's id or a rule; `others` are saved segments. Null where there is nothing to compare. */
export async function compare(first, others) {
  if (!others.length) return null;
  const saved = others.map(({ id }) => id);
  const body = typeof first === "string" ? { segments: [first, ...saved] } : { segments: saved, rules: [first] };
  const answer = await post("/api/v1/segments/overlap", body);
  if (!answer.ok) return { problem: answer.body?.detail ?? "This cannot be compared just now." };
  const { customers, both, jaccard } = answer.body;
  const own = typeof first === "string" ? 0 : saved.length;
  const at = (i) => (typeof first === "string" ? i + 1 : i);
  return { lines: others.map((one, i) => ({ ...one, customers: customers[at(i)], both: both[own][at(i)], jaccard: jaccard[own][at(i)], own: customers[own] })) };
}

export function overlapTable({ lines }, format, name) {
  return h("table", { class: "xs-runs" },
    h("thead", {}, h("tr", {}, ["Segment", "Customers", "In both", `Of ${name}`, "Jaccard"].map((title, i) => h("th", { scope: "col", class: i ? "xs-number" : null }, title)))),
    h("tbody", {}, lines.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name),
      h("td", { class: "xs-number" }, format.count(one.customers)), h("td", { class: "xs-number" }, format.count(one.both)),
      h("td", { class: "xs-number" }, h("span", { class: "xs-bars" }, h("span", { class: "xs-bar", "aria-hidden": "true" }, h("i", { "data-tone": "good", style: `width:${one.own ? ((100 * one.both) / one.own).toFixed(1) : 0}%` })), h("span", {}, format.percentShort(one.own ? one.both / one.own : null)))),
      h("td", { class: "xs-number" }, one.jaccard == null ? "–" : one.jaccard.toFixed(2))))));
}

export function overlap(tile, page) {
  const { id, name } = tile.panel;
  const place = h("div", { class: "xs-scroll-x", tabindex: "0", role: "region", "aria-label": "Overlap", "aria-live": "polite" });
  const choice = h("fieldset", { class: "xs-choices" }, h("legend", { class: "xs-spoken" }, "Compare with"));
  const chosen = new Set();
  let others = [];
  const draw = async () => {
    const found = await compare(id, others.filter((one) => chosen.has(one.id)));
    tile.panel.found = found;
    place.replaceChildren(!found ? h("p", { class: "xs-muted" }, "Choose segments to compare with.") : found.problem ? h("p", { class: "xs-muted" }, found.problem) : overlapTable(found, page.format, name));
  };
  const start = async () => {
    const answer = await get("/api/v1/segments");
    others = (answer.body?.items ?? []).filter((one) => one.id !== id && !one.trouble && !one.masked);
    for (const one of others.slice(0, AT_FIRST)) chosen.add(one.id);
    choice.append(...others.map((one) => h("label", {}, h("input", { type: "checkbox", checked: chosen.has(one.id), onchange: ({ target }) => {
      if (target.checked && chosen.size >= MOST) target.checked = false;
      else chosen[target.checked ? "add" : "delete"](one.id);
      draw();
    } }), one.name)));
    if (others.length) await draw();
    else place.replaceChildren(h("p", { class: "xs-muted" }, "Save another segment to compare this one with."));
  };
  tile.body.replaceChildren(choice, place);
  start();
  return { update: draw };
}

export const overlapRows = ({ found }) => ({
  columns: ["Segment", "Customers", "In both", "Jaccard"].map((title) => ({ title })),
  rows: (found?.lines ?? []).map((one) => [one.name, { format: "count", value: one.customers }, { format: "count", value: one.both }, one.jaccard]),
});
