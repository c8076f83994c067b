// Who is in a segment or was on a past day, with the names the viewer may see; who came and who left.
import { h } from "../dom.js";
import { ago } from "../format.js";
import { get } from "../session.js";

const PAGE = 50;
const NAMES_AT_ONCE = 100;

/** Customers of these ids as the viewer may see them, by id. */
export async function people(ids) {
  const found = new Map();
  for (let at = 0; at < ids.length; at += NAMES_AT_ONCE) {
    const answer = await get(`/api/v1/customers?ids=${ids.slice(at, at + NAMES_AT_ONCE).join(",")}`);
    for (const one of answer.body?.items ?? []) found.set(one.id, one);
  }
  return found;
}

export const personLink = (id, known) => h("a", { href: `${document.body.dataset.pages ?? "/app/"}customer?id=${id}` }, known?.name ?? `Customer …${String(id).slice(-4)}`);

export function members(tile, page) {
  const { id } = tile.panel;
  const { format } = page;
  const list = h("tbody");
  const told = h("span", { class: "xs-muted", role: "status" });
  const more = h("button", { type: "button", class: "xs-button", hidden: true, onclick: () => next() }, "More");
  const on = h("input", { type: "date", class: "xs-input xs-day", "aria-label": "Who was in it on", onchange: () => start() });
  let cursor = null;
  const start = () => {
    cursor = null;
    list.replaceChildren();
    next();
  };
  async function next() {
    more.disabled = true;
    const query = new URLSearchParams({ limit: PAGE, ...(on.value && { on: on.value }), ...(cursor && { cursor }) });
    const answer = await get(`/api/v1/segments/${id}/members?${query}`);
    more.disabled = false;
    if (!answer.ok) {
      told.textContent = answer.body?.detail ?? "This cannot be read just now.";
      more.hidden = true;
      return;
    }
    const { items, total, next_cursor: following, on: day } = answer.body;
    const known = await people(items);
    list.append(...items.map((one) => line(one, known.get(one), format)));
    cursor = following;
    more.hidden = !following;
    told.textContent = `${format.count(total)} on ${format.date(day)}`;
  }
  tile.body.replaceChildren(
    h("div", { class: "xs-list-tools" }, h("label", {}, "On ", on), told),
    h("div", { class: "xs-scroll xs-list", tabindex: "0", role: "region", "aria-label": "Members" },
      h("table", { class: "xs-runs" },
        h("thead", {}, h("tr", {}, ["Customer", "Orders", "Net sales", "Last order"].map((title, i) => h("th", { scope: "col", class: i === 1 || i === 2 ? "xs-number" : null }, title)))), list), more));
  start();
  return { update: start };
}

const line = (id, known, format) => h("tr", { "data-customer": String(id) },
  h("th", { scope: "row" }, personLink(id, known), known?.email && h("small", {}, known.email)),
  h("td", { class: "xs-number" }, format.count(known?.scores?.orders)),
  h("td", { class: "xs-number" }, format.money(known?.scores?.net_minor)),
  h("td", {}, format.date(known?.scores?.last_order_on)));

/** All of them, up to ten thousand: a larger list is an export. */
export async function membersRows({ id }) {
  const ids = [];
  for (let cursor = null, left = 40; left; left--) {
    const answer = await get(`/api/v1/segments/${id}/members?limit=250${cursor ? `&cursor=${cursor}` : ""}`);
    ids.push(...(answer.body?.items ?? []));
    cursor = answer.body?.next_cursor;
    if (!cursor) break;
  }
  return { columns: [{ title: "Customer" }], rows: ids.map((one) => [String(one)]) };
}

export function moves(tile, page) {
  const { id } = tile.panel;
  const list = h("ul", { class: "xs-moves" });
  tile.body.replaceChildren(h("div", { class: "xs-scroll xs-list", tabindex: "0", role: "region", "aria-label": "Came and left" }, list));
  const read = async () => {
    const answer = await get(`/api/v1/segments/${id}/moves`);
    if (!answer.ok) return;
    const { days, newest } = answer.body;
    const known = await people([...new Set(newest.map(({ customer }) => customer))]);
    const total = (key) => days.reduce((sum, day) => sum + day[key], 0);
    list.replaceChildren(
      h("li", { class: "xs-moves-sum" }, newest.length ? `${page.format.count(total("entered"))} came and ${page.format.count(total("left"))} left so far.` : "Nobody has come or left since it was first worked out."),
      ...newest.map(({ customer, entered, at }) => h("li", {}, h("span", { class: "xs-badge", "data-tone": entered ? "good" : "low" }, entered ? "came" : "left"), personLink(customer, known.get(customer)), h("small", { class: "xs-muted", title: page.format.time(at) }, ago(at)))));
  };
  read();
  return { update: read };
}

export async function movesRows({ id }) {
  const answer = await get(`/api/v1/segments/${id}/moves?days=1000`);
  return { columns: ["Day", "Came", "Left"].map((title) => ({ title })), rows: (answer.body?.days ?? []).map(({ day, entered, left }) => [day, { format: "count", value: entered }, { format: "count", value: left }]) };
}
