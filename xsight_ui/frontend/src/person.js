// One customer: profile, scores with reasons, story, segments. The name and whatever else says who it is come from the API.
import { badge, consent, noRight, riskTone, status, words } from "./cells.js";
import { h, icon } from "./dom.js";
import { ownStore } from "./names.js";
import { get } from "./session.js";
import { failure, stateBox } from "./states.js";

const asked = new Map();

/** The API's answer on a customer, asked once a page; null where it cannot be had. */
function known(id) {
  if (!asked.has(id)) asked.set(id, ownStore().then(async (own) => (own ? get(`/api/v1/customers/${id}`) : { ok: false })).then((answer) => (answer.ok ? answer.body : null)));
  return asked.get(id);
}

const line = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, value ?? "–"));
const regions = (page) => new Intl.DisplayNames([page.format.locale, "en"], { type: "region" });

export function person(tile, page) {
  const draw = (found) => {
    const { customer } = tile.panel;
    const place = [found?.city, customer.province, customer.country && regions(page).of(customer.country)].filter(Boolean).join(", ");
    const shop = page.state.spec.shop.domain?.split(".")[0];
    tile.body.replaceChildren(h("dl", { class: "xs-profile" },
      line("Name", found?.name ?? (found?.masked ? noRight() : "–")),
      line("E-mail", found?.email && h("a", { href: `mailto:${found.email}` }, found.email)),
      line("Phone", found?.phone),
      line("Place", place || null),
      line("Customer since", page.format.time_day(customer.created_at)),
      line("E-mail consent", consent(customer.email_consent)),
      line("SMS consent", consent(customer.sms_consent)),
      line("Tags", customer.tags.length ? h("span", { class: "xs-tags" }, customer.tags.map((tag) => badge(tag))) : null),
      line("At Shopify", h("a", { href: `https://admin.shopify.com/store/${shop}/customers/${customer.id}`, rel: "noreferrer noopener", target: "_blank" }, String(customer.id), " ", icon("link", 12)))));
    if (found?.name) {
      page.title.textContent = found.name;
      document.title = document.title.replace(/^[^·]*/, `${found.name} `);
    } else page.title.textContent = `Customer …${String(customer.id).slice(-4)}`;
  };
  draw(null);
  known(tile.panel.customer.id).then(draw);
  return { update: () => known(tile.panel.customer.id).then(draw) };
}

export const personRows = ({ customer }) => ({ columns: [{ title: "Fact" }, { title: "Value" }], rows: Object.entries(customer).map(([name, value]) => [name, String(value ?? "")]) });

const POINTS = [["r", "Recency"], ["f", "Frequency"], ["m", "Money"]];

export function scores(tile, page) {
  const { format } = page;
  const between = (low, high, show) => (low == null ? null : h("small", { class: "xs-muted" }, `${show(low)} to ${show(high)}`));
  const draw = (found) => {
    const { scores: own, withheld, proofs } = tile.panel;
    const one = (value) => (Math.round(value * 10) / 10).toLocaleString(format.locale);
    const items = [
      ["Churn risk", own.churn_90 == null ? null : badge(format.percent(own.churn_90), riskTone(own.churn_90)), h("small", { class: "xs-muted" }, "no order in 90 days")],
      ["Still a customer", own.p_alive == null ? null : format.percent(own.p_alive), between(own.p_alive_low, own.p_alive_high, format.percentShort)],
      ["Expected orders", own.expected_orders_365 == null ? null : one(own.expected_orders_365), between(own.expected_orders_365_low, own.expected_orders_365_high, one)],
      ["Expected value", own.clv_365_minor == null ? null : format.money(own.clv_365_minor), between(own.clv_365_minor_low, own.clv_365_minor_high, format.moneyShort)],
      ["Next order", own.next_order_on == null ? null : format.date(own.next_order_on), own.next_order_on && h("small", { class: "xs-muted" }, `${format.date(own.next_order_on_low)} to ${format.date(own.next_order_on_high)}; ${format.percentShort(own.p_order_365)} that one comes within a year`)],
    ];
    const { reasons = [], action_text: action } = found?.scores ?? {};
    tile.body.replaceChildren(h("div", { class: "xs-scroll xs-scores", tabindex: "0", role: "region", "aria-label": "Scores" },
      h("ul", { class: "xs-points" }, POINTS.map(([key, label]) => h("li", { "data-score": key }, h("span", {}, label), h("span", { class: "xs-pips", "data-points": own[key], "aria-hidden": "true" }, [1, 2, 3, 4, 5].map((n) => h("i", { "data-on": String(n <= own[key]) }))), h("b", {}, `${own[key]} of 5`)))),
      own.churn_90 == null && withheld && h("p", { class: "xs-muted" }, withheld),
      h("dl", { class: "xs-expected" }, items.map(([label, value, note]) => h("div", { "data-score": label }, h("dt", {}, label), h("dd", {}, value ?? "–", note)))),
      h("div", { class: "xs-reasons" }, reasons.length > 0 && [h("h3", {}, "Why"), h("ul", {}, reasons.map((reason) => h("li", {}, reason)))], action && [h("h3", {}, "What to do"), h("p", {}, action)]),
      proofs.map(({ tone, text }) => h("p", { class: "xs-proof-line", "data-tone": tone }, icon(tone === "warn" ? "alert" : "check", 15), h("span", {}, text)))));
  };
  draw(null);
  known(tile.panel.customer).then(draw);
  return { update: () => known(tile.panel.customer).then(draw) };
}

export const scoreRows = ({ scores: own }) => ({ columns: [{ title: "Score" }, { title: "Value" }], rows: Object.entries(own).map(([name, value]) => [name, value ?? ""]) });

export function memberships(tile, page) {
  const draw = () => tile.body.replaceChildren(h("ul", { class: "xs-scroll xs-memberships", tabindex: "0" }, tile.panel.segments.map(({ name, members }) => h("li", {}, h("span", {}, name), h("small", { class: "xs-muted" }, `${page.format.count(members)} customers`)))));
  draw();
  return { update: draw };
}

export const membershipRows = ({ segments = [] }) => ({ columns: [{ title: "Segment" }, { title: "Customers" }], rows: segments.map(({ name, members }) => [name, { format: "count", value: members }]) });

const TOLD = {
  order: ({ name, total, cancelled, test }, format) => [h("span", {}, "Ordered ", h("b", {}, name ?? ""), " for ", format.amount(total)), cancelled && status("CANCELLED"), test && badge("Test", "warn")],
  refund: ({ name, total }, format) => [h("span", {}, format.amount(total), " refunded on ", h("b", {}, name ?? ""))],
  webhook: ({ topic }) => [h("span", { class: "xs-muted" }, `The shop told of ${topic}`)],
  segment: ({ name, entered }) => [h("span", {}, entered ? "Entered " : "Left ", h("b", {}, name))],
  score: ({ segment, was, r, f, m, churn_90: churn }, format, names) => [h("span", {}, was ? `From ${names[was]?.name ?? was} to ` : "Scored as ", h("b", {}, names[segment]?.name ?? segment), ` (R${r} F${f} M${m}${churn == null ? "" : `, churn risk ${format.percentShort(churn)}`})`)],
};
const SIGNS = { order: "cart", refund: "back", webhook: "sync", segment: "views", score: "chart" };

export function timeline(tile, page) {
  const list = h("ol", { class: "xs-timeline" });
  const more = h("button", { type: "button", class: "xs-button xs-button-small", hidden: true, onclick: () => read() }, "Earlier");
  const box = h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": "Timeline" }, list, more);
  let next = null;
  const told = ({ at, kind, facts }) => h("li", { "data-kind": kind }, h("i", { "aria-hidden": "true" }, icon(SIGNS[kind] ?? "info", 14)), h("div", {}, TOLD[kind]?.(facts, page.format, page.state.spec.segments ?? {}) ?? words(kind)), h("time", { datetime: at }, page.format.time(at)));

  async function read(anew = false) {
    const own = await ownStore();
    const answer = own ? await get(`${tile.panel.source}?limit=50${!anew && next ? `&cursor=${encodeURIComponent(next)}` : ""}`) : { ok: false };
    if (!answer.ok) return void (list.children.length || tile.body.replaceChildren(stateBox(failure("The story could not be read just now."))));
    const items = answer.body.items.map(told);
    anew ? list.replaceChildren(...items) : list.append(...items);
    if (!list.children.length) return void tile.body.replaceChildren(stateBox({ name: "empty", title: "Nothing happened yet" }));
    next = answer.body.next_cursor;
    more.hidden = !next;
    tile.loaded = [...(anew ? [] : tile.loaded ?? []), ...answer.body.items];
  }
  tile.body.replaceChildren(box);
  read(true);
  return { update: () => read(true) };
}

export const timelineRows = (panel, page, tile) => ({ columns: [{ title: "At" }, { title: "What" }, { title: "Facts" }], rows: (tile.loaded ?? []).map(({ at, kind, facts }) => [at, kind, JSON.stringify(facts)]) });
