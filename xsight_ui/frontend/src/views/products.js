// What was sold of each product over the days in the address; their order is in the address too.
import { pageAddress } from "../address.js";
import { ask, newest } from "../answers.js";
import { choose, chosen, onChoice } from "../choices.js";
import { problem } from "../controls.js";
import { h, icon } from "../dom.js";
import { chosenRange, shopDay } from "../range.js";
import { stateBox } from "../states.js";

const PAGE = 250; // rows the API gives at once
const COLUMNS = [
  ["product", "Product", "text"], ["net", "Net sales", "money"], ["share", "Share", "percent"], ["units", "Units", "count"],
  ["orders", "Orders", "count"], ["customers", "Customers", "count"], ["refunds", "Refund rate", "percent"],
];
const WORDS = COLUMNS.flatMap(([key]) => [key, `-${key}`]);
const byName = new Intl.Collator().compare;

/** The days in the address; open where the API's newest day is meant. */
function days({ state: { spec } }) {
  const today = shopDay(spec.shop.timezone);
  const { since, until } = chosenRange(spec.range.value, today);
  return { since: since ?? null, until: until && until < today ? until : null };
}

const named = (id, title) => title ?? (id == null ? "Typed in by hand, or gone" : `Product …${String(id).slice(-4)}`);

/** What the page came with, where it is of the days in the address. */
function stored({ recent }, page) {
  const { since, until } = days(page);
  if (!recent || until || recent.since !== since) return null;
  const rows = recent.products.map(({ id, title, net_minor: net, share, units, orders, customers, refund_rate: refunds }) => ({ id, product: named(id, title), net, share, units, orders, customers, refunds }));
  return { total: recent.total, rows };
}

/** Rows by net sales: the products route's first `most`, with what the metrics by product add. */
async function sold(page, most) {
  const span = days(page);
  const by = (metric) => ask(page, `metrics/${metric}`, { by: "product", ...span });
  const parts = Array.from({ length: Math.ceil(most / PAGE) }, (_, i) => ask(page, "products", { limit: PAGE, ...(i && { offset: i * PAGE }), ...span }));
  const [customers, refunds, ...found] = await Promise.all([by("customers"), by("refund_rate"), ...parts]);
  const of = ({ points }) => new Map(points.map(({ key, value }) => [key, value]));
  const [buyers, rates] = [of(customers), of(refunds)];
  const rows = found.flatMap(({ products }) => products).map(({ id, title, net_minor: net, share, units, orders }) => {
    const key = id == null ? null : String(id);
    return { id, product: named(id, title), net, share, units, orders, customers: buyers.get(key) ?? null, refunds: rates.get(key) ?? null };
  });
  return { total: found[0].total, rows };
}

/** A product's number; a link to the rows behind it. */
function behind(page, row, key, text) {
  if (row.id == null || !row[key] || (key !== "orders" && key !== "customers")) return text;
  const range = key === "orders" ? { range: chosen("range", page.state.spec.range.value) } : {};
  const href = pageAddress(key, { product_id: row.id, ...range });
  const title = key === "orders" ? `Orders with ${row.product}` : `Everybody who ever bought ${row.product}`;
  return href ? h("a", { href, title }, text) : text;
}

/** By the chosen column; what is not known comes last either way. */
function ordered(rows) {
  const word = chosen("sort", "-net", WORDS);
  const key = word.replace(/^-/, "");
  const turn = word.startsWith("-") ? -1 : 1;
  return rows.toSorted((a, b) => (a[key] == null) - (b[key] == null) || turn * (key === "product" ? byName(a.product, b.product) : a[key] - b[key]));
}

function sortBy(key) {
  const first = key === "product" ? key : `-${key}`;
  const other = key === "product" ? `-${key}` : key;
  const word = chosen("sort", "-net", WORDS) === first ? other : first;
  choose({ sort: word === "-net" ? null : word });
}

export function mount(tile, page) {
  const count = h("p", { class: "xs-list-count", role: "status" });
  const said = h("div");
  const body = h("tbody");
  const heads = new Map(COLUMNS.map(([key, title, format]) => [key, h("th", { scope: "col", class: format === "text" ? null : "xs-number", "data-column": key }, h("button", { type: "button", class: "xs-sorter", onclick: () => sortBy(key) }, title, h("i", { class: "xs-sort-sign", "aria-hidden": "true" })))]));
  const place = h("div", { class: "xs-scroll xs-scroll-both", tabindex: "0", role: "region", "aria-label": tile.panel.title },
    h("table", { class: "xs-runs xs-products" }, h("thead", {}, h("tr", {}, [...heads.values()])), body));
  const whole = h("button", { type: "button", class: "xs-button xs-button-small", hidden: true, onclick: () => choose({ product: null }) }, icon("close", 13), "Show all products");
  const more = h("button", { type: "button", class: "xs-button xs-button-small", hidden: true, onclick: () => { most += PAGE; update(); } }, `Show ${PAGE} more`);
  tile.body.replaceChildren(h("div", { class: "xs-controls" }, count, whole, more), said, place);
  count.textContent = "…";
  let found = null;
  let most = PAGE;
  let answered = false;

  const draw = () => {
    const { format } = page;
    const word = chosen("sort", "-net", WORDS);
    for (const [key, head] of heads) head.setAttribute("aria-sort", key !== word.replace(/^-/, "") ? "none" : word.startsWith("-") ? "descending" : "ascending");
    const one = chosen("product", null, /^\d{1,19}$/.test.bind(/^\d{1,19}$/));
    const rows = ordered(found.rows).filter(({ id }) => one == null || String(id) === one);
    whole.hidden = one == null;
    more.hidden = one != null || !answered || found.total <= found.rows.length;
    tile.shown = { ...tile.panel, found: { ...found, rows } };
    place.hidden = !rows.length;
    said.replaceChildren(...(rows.length ? [] : [stateBox({ name: "empty", title: one == null ? "Nothing was sold on these days" : "It was not sold on these days", text: "Choose other days above." })]));
    count.textContent = one != null ? "One product" : found.total > rows.length ? `The ${format.count(rows.length)} with the highest net sales of ${format.count(found.total)} products` : `${format.count(found.total)} ${found.total === 1 ? "product" : "products"}`;
    const most = Math.max(1, ...rows.map(({ net }) => net));
    body.replaceChildren(...rows.map((row) => h("tr", { "data-product": row.id ?? "" },
      h("th", { scope: "row" }, h("span", {}, row.product)),
      h("td", { class: "xs-number xs-product-net" }, h("i", { "aria-hidden": "true", style: `width:${Math.max(0, (100 * row.net) / most).toFixed(1)}%` }), h("span", {}, format.money(row.net))),
      COLUMNS.slice(2).map(([key, , kind]) => h("td", { class: "xs-number" }, behind(page, row, key, format[kind](row[key])))))));
    performance.mark("xs-products");
  };
  const latest = newest(tile, (answer) => {
    found = answer;
    answered = true;
    draw();
  }, (error) => {
    count.textContent = "";
    said.replaceChildren(problem(error));
  });
  let asked = null;
  const update = () => {
    const { spec } = page.state;
    const question = JSON.stringify([days(page), most, spec.data_version, spec.insight_run]);
    if (question === asked && found) return draw();
    const first = asked === null && stored(tile.panel, page);
    asked = question;
    if (first) {
      found = first;
      draw();
    }
    latest(sold(page, most));
  };
  update();
  const values = () => {
    const { since, until } = days(page);
    return { since: since ?? "1990-01-01", until: until ?? shopDay(page.state.spec.shop.timezone) };
  };
  return { update, dispose: onChoice(update), values };
}

export function rows({ found }) {
  return {
    columns: [{ title: "Number" }, ...COLUMNS.map(([, title]) => ({ title }))],
    rows: (found?.rows ?? []).map((row) => [row.id == null ? "" : String(row.id), ...COLUMNS.map(([key, , format]) => (format === "text" ? row[key] : { format, value: row[key] }))]),
  };
}
