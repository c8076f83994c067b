// How a value looks in a table's cell, by its column's format.
import { pageAddress } from "./address.js";
import { h, icon } from "./dom.js";

export const NUMERIC = new Set(["count", "money", "amount", "percent", "risk"]);
const RISK_HIGH = 0.7;
const RISK_RAISED = 0.4;

export const badge = (text, tone) => h("span", { class: "xs-badge", "data-tone": tone }, text);
export const riskTone = (value) => (value >= RISK_HIGH ? "bad" : value >= RISK_RAISED ? "warn" : "good");
export const initials = (name) => name.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();

/** A customer by the name that the viewer may see; by the end of the number until it is known, or where it never is. */
export function customer(id, name) {
  const sign = name ? initials(name) : "#";
  const inside = [h("i", { "aria-hidden": "true" }, sign), h("span", {}, name ?? `Customer …${String(id).slice(-4)}`)];
  const address = pageAddress("customer", { id });
  return address ? h("a", { class: "xs-person", href: address, title: `Shopify customer ${id}` }, inside) : h("span", { class: "xs-person", title: `Shopify customer ${id}` }, inside);
}

const ORDER_TONES = { PAID: "good", PARTIALLY_REFUNDED: "warn", REFUNDED: "bad", VOIDED: "bad", EXPIRED: "bad", PENDING: "warn", AUTHORIZED: "warn", PARTIALLY_PAID: "warn", FULFILLED: "good", UNFULFILLED: "warn", PARTIALLY_FULFILLED: "warn" };
/** "PARTIALLY_REFUNDED" → "Partially refunded" */
export const words = (code) => (code ? code.charAt(0) + code.slice(1).toLowerCase().replaceAll("_", " ") : "–");
export const status = (code) => (code ? badge(words(code), ORDER_TONES[code]) : "–");

const CONSENT = { SUBSCRIBED: ["good", "Subscribed"], UNSUBSCRIBED: ["bad", "Unsubscribed"], NOT_SUBSCRIBED: [null, "Not subscribed"], PENDING: ["warn", "Pending"], REDACTED: [null, "Redacted"], INVALID: [null, "Invalid"] };
export function consent(code) {
  const [tone, text] = CONSENT[code] ?? [null, code ? words(code) : "Unknown"];
  return badge(text, tone);
}

/** An order's number; it opens where the page can show orders. */
const order = (row) => {
  const text = row.name ?? `…${String(row.id).slice(-6)}`;
  const marks = [row.test && badge("Test", "warn"), row.cancelled_at && badge("Cancelled", "bad")];
  return h("span", { class: "xs-order" }, h("button", { type: "button", class: "xs-wordlink", "data-order": row.id }, text), marks);
};

const product = (row) => {
  const text = row.title ?? (row.id ? `Product …${String(row.id).slice(-4)}` : "Typed in by hand, or gone");
  const address = row.id && pageAddress("product", { id: row.id });
  return address ? h("a", { class: "xs-strong", href: address }, text) : h("span", { class: "xs-strong" }, text);
};

/** Cell content of a value and its row. `page` has the shop's formats and, of some pages, names by id. */
export function content(column, page, value, row) {
  switch (column.format) {
    case "customer": return customer(value, page.names?.get(value)?.name);
    case "person": return customer(row.id, row.name);
    case "buyer": return value == null ? h("span", { class: "xs-muted" }, "Guest") : customer(value, page.names?.get(value)?.name);
    case "order": return order(row);
    case "product": return product(row);
  }
  if (value == null || value === "") return "–";
  switch (column.format) {
    case "segment": return typeof value === "object" ? badge(value.name, value.tone) : badge(page.state.spec.segments?.[value]?.name ?? value, page.state.spec.segments?.[value]?.tone);
    case "risk": return badge(page.format.percentShort(value), riskTone(value));
    case "status": return status(value);
    case "consent": return consent(value);
    case "tags": return value.length ? value.join(", ") : "–";
    default: return page.format[column.format]?.(value) ?? String(value);
  }
}

/** The same as text or `{ format, value }`, for CSV and plain tables. */
export function plain(column, page, value, row) {
  switch (column.format) {
    case "segment": return value?.name ?? page.state.spec.segments?.[value]?.name ?? value;
    case "person": return row.name ?? row.id;
    case "customer":
    case "buyer": return page.names?.get(value)?.name ?? value;
    case "order": return row.name ?? row.id;
    case "product": return row.title ?? row.id;
    case "status": return words(value);
    case "tags": return value?.join(", ");
    case "risk": return { format: "percent", value };
    default: return NUMERIC.has(column.format) ? { format: column.format, value } : value;
  }
}

/** "scores.orders" of a row. */
export const at = (row, field) => field.split(".").reduce((part, name) => part?.[name], row);

export const noRight = () => h("span", { class: "xs-no-right" }, icon("lock", 13), "Names are shown to members who may see personal data.");
