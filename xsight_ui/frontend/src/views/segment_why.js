// Why one customer is in a segment: the orders, the bounds, the scores.
import { chosen, choose, onChoice, pageLink } from "../choices.js";
import { h, icon } from "../dom.js";
import { ownStore } from "../names.js";
import { get } from "../session.js";

const SCORES = [1, 2, 3, 4, 5];
const isId = (word) => /^\d{1,18}$/.test(word);
const customer = () => chosen("customer", null, isId);
const days = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 86400000);

/** What each score from 1 to 5 takes; rising bounds, for recency falling ones. */
function ranges(bounds, falling, show) {
  const [a, b, c, d] = bounds;
  if (falling) return { 5: `under ${show(a)}`, 4: `from ${show(a)}`, 3: `from ${show(b)}`, 2: `from ${show(c)}`, 1: `${show(d)} or more` };
  return { 1: `under ${show(a)}`, 2: `from ${show(a)}`, 3: `from ${show(b)}`, 4: `from ${show(c)}`, 5: `${show(d)} or more` };
}

function scale(label, said, score, texts) {
  return h("div", { class: "xs-scale", "data-score": score },
    h("p", {}, h("strong", {}, label), h("span", {}, said), h("b", {}, `${score} of 5`)),
    h("ol", {}, SCORES.map((step) => h("li", { "data-on": step === score || null, "aria-current": step === score ? "true" : null }, h("b", {}, String(step)), h("span", {}, texts[step])))));
}

export function mount(tile, page) {
  const input = h("input", { type: "text", inputmode: "numeric", pattern: "[0-9]{1,18}", required: true, placeholder: "Customer number", "aria-label": "Customer number", autocomplete: "off" });
  const form = h("form", { class: "xs-ask", onsubmit: (event) => {
    event.preventDefault();
    choose({ customer: input.value.trim() });
  } }, input, h("button", { class: "xs-button" }, "Explain"));
  const answer = h("div", { class: "xs-why", "aria-live": "polite" });
  tile.body.replaceChildren(form, answer);
  let turn = 0;

  const say = (title, text) => answer.replaceChildren(h("div", { class: "xs-state", role: "status" }, h("span", { class: "xs-state-sign" }, icon("store", 20)), h("strong", {}, title), h("p", {}, text)));

  const explain = (found) => {
    const { bounds, names, tones, actions, as_of: today } = tile.panel;
    const { format } = page;
    const { scores } = found;
    const name = found.name ?? `Customer …${String(found.id).slice(-4)}`;
    if (!scores) return say(name, "This customer has not ordered yet, so there is nothing to score.");
    const silence = days(scores.last_order_on, today);
    const link = pageLink("customers") && `${document.body.dataset.pages}customer?id=${found.id}`;
    answer.replaceChildren(
      h("p", { class: "xs-why-head" }, link ? h("a", { href: link }, name) : h("strong", {}, name), h("span", { class: "xs-badge", "data-tone": tones[scores.segment] ?? "mid" }, names[scores.segment] ?? scores.segment), h("code", {}, `${scores.r}${scores.f}${scores.m}`)),
      scale("Recency", `last order ${silence} days ago`, scores.r, ranges(bounds.recency_days, true, (n) => `${n} d`)),
      scale("Frequency", `${format.count(scores.orders)} ${scores.orders === 1 ? "order" : "orders"}`, scores.f, ranges(bounds.frequency, false, (n) => `${n}`)),
      scale("Money", format.money(scores.net_minor), scores.m, ranges(bounds.monetary_minor, false, format.moneyShort)),
      h("p", { class: "xs-muted" }, actions[scores.segment] ?? ""),
      ...(scores.reasons.length ? [h("ul", { class: "xs-reasons" }, scores.reasons.map((reason) => h("li", {}, reason)))] : []));
  };

  const update = async () => {
    const id = customer();
    const mine = ++turn;
    input.value = id ?? input.value;
    if (!id) return say("Which customer?", "Give a customer’s number to see how their orders become scores, and the scores a segment.");
    answer.setAttribute("aria-busy", "true");
    const found = (await ownStore()) ? await get(`/api/v1/customers?ids=${id}`) : { ok: false };
    if (mine !== turn) return;
    answer.removeAttribute("aria-busy");
    const [one] = found.body?.items ?? [];
    if (one && String(one.id) === id) explain(one);
    else if (found.ok) say("There is no such customer", `This store has no customer ${id}.`);
    else say("This cannot be shown just now", found.body?.detail ?? "Please try again in a moment.");
  };
  update();
  const end = onChoice(update);
  return { update, dispose: end, values: () => ({ customer: customer() ?? "0" }) };
}

export const rows = (panel) => ({
  columns: ["Score", "Recency, days", "Frequency, orders", "Money"].map((title) => ({ title })),
  rows: SCORES.map((score) => [score, ...[["recency_days", true, String], ["frequency", false, String], ["monetary_minor", false, (minor) => String(minor / 100)]].map(([name, falling, show]) => ranges(panel.bounds[name], falling, show)[score])]),
});
