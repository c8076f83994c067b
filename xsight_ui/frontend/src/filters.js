// A row of chips, one for each condition in force, and the way to more. A condition is one or two parameters of the
// address, by the same names as the API's: what is shown is what would be asked for.
import { parameters, setParameters } from "./address.js";
import { h, icon } from "./dom.js";
import { ask } from "./answers.js";
import { decimal } from "./format.js";
import { popup } from "./popup.js";
import { get } from "./session.js";

/** The parameters that these filters know, as they stand in the address. */
export function conditions(filters) {
  const asked = parameters();
  const known = filters.flatMap(({ params }) => params);
  return Object.fromEntries(known.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)]));
}

const countries = (locale) => {
  const names = new Intl.DisplayNames([locale, "en"], { type: "region" });
  return CODES.map((code) => ({ value: code, label: names.of(code) })).sort((a, b) => a.label.localeCompare(b.label));
};

// ISO 3166-1, for as far as a shop can ship
const CODES = "AD AE AF AG AI AL AM AO AR AT AU AW AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GW GY HK HN HR HT HU ID IE IL IM IN IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NZ OM PA PE PF PG PH PK PL PS PT PY QA RE RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TC TD TG TH TJ TL TM TN TO TR TT TW TZ UA UG US UY UZ VA VC VE VG VN VU WS XK YE ZA ZM ZW".split(" ");

const FLAGS = { true: "True", false: "False" };

/** What is in force as lines of a notebook cell about the frame `rows`. */
export function inCode(filters) {
  const values = conditions(filters);
  return filters.flatMap(({ params, code }) => params.map((name, i) => [values[name], code?.[i]]))
    .filter(([value, code]) => value !== undefined && code)
    .map(([value, code]) => `rows = rows[${code.replace(/\{(text|number|flag)\}/, (_, kind) => ({ text: JSON.stringify(value), number: Number(value), flag: FLAGS[value] ?? "False" })[kind])}]\n`).join("");
}

/** Value of a filter in words: "Champions", "$20.00 to $50.00", "at least 3". */
function inWords(filter, values, format) {
  const [low, high] = filter.params.map((name) => values[name] ?? null);
  if (filter.kind === "product") return productNames.get(low) ?? `…${low.slice(-4)}`;
  const tell = (raw) => (filter.format === "money" ? format.moneyExact(Number(raw)) : filter.kind === "days" ? format.date(raw) : format.count(Number(raw)));
  if (filter.kind === "between" || filter.kind === "days") {
    const [from, to] = filter.kind === "days" ? ["since", "until"] : ["at least", "at most"];
    if (low !== null && high !== null) return low === high ? tell(low) : `${tell(low)} to ${tell(high)}`;
    return low !== null ? `${from} ${tell(low)}` : `${to} ${tell(high)}`;
  }
  if (filter.kind === "country" || filter.key === "country") return countries(format.locale).find(({ value }) => value === low)?.label ?? low;
  return filter.options?.find(({ value }) => String(value) === low)?.label ?? low;
}

const productNames = new Map(); // by id, as they are learnt

async function learnProduct(id, then) {
  if (productNames.has(id) || !/^\d{1,19}$/.test(id)) return;
  productNames.set(id, `…${id.slice(-4)}`);
  const { body } = await get(`/api/v1/products/${id}`);
  if (body?.product?.title) productNames.set(id, body.product.title);
  then();
}

export function filterBar(filters, page) {
  const chips = h("ul", { class: "xs-filter-chips", "aria-label": "Filters in force" });
  const panel = h("div", { class: "xs-filter-panel", role: "dialog", "aria-label": "Add a filter" });
  const add = h("button", { type: "button", class: "xs-button xs-button-small" }, icon("plus", 14), "Filter");
  const box = popup(add, panel, { onopen: () => showList() });
  const clear = h("button", { type: "button", class: "xs-wordlink", onclick: () => setParameters(Object.fromEntries(filters.flatMap(({ params }) => params.map((name) => [name, null])))) }, "Clear all");

  function showList() {
    panel.replaceChildren(h("div", { class: "xs-filter-names" }, filters.filter(({ kind }) => kind !== "product").map((filter) => h("button", { type: "button", "data-filter": filter.key, onclick: () => edit(filter) }, filter.label))));
  }

  function edit(filter) {
    const values = conditions(filters);
    const form = editor(filter, values, page, (changes) => {
      box.hide(true);
      setParameters(changes);
    });
    panel.replaceChildren(form);
    form.querySelector("input, select")?.focus();
  }

  const self = {
    element: h("div", { class: "xs-conditions" }, chips, h("span", { class: "xs-anchor" }, add, panel), clear),
    update() {
      const values = conditions(filters);
      const inForce = filters.filter(({ params }) => params.some((name) => name in values));
      clear.hidden = inForce.length < 2;
      if (values.product_id) learnProduct(values.product_id, () => self.update());
      chips.hidden = !inForce.length;
      chips.replaceChildren(...inForce.map((filter) => h("li", { "data-filter": filter.key },
        h("button", { type: "button", class: "xs-filter-chip", title: "Change", disabled: filter.kind === "product", onclick: () => { box.show(); edit(filter); } }, h("span", {}, `${filter.label}: `), h("b", {}, inWords(filter, values, page.format))),
        h("button", { type: "button", class: "xs-filter-off", "aria-label": `Remove the filter ${filter.label}`, onclick: () => setParameters(Object.fromEntries(filter.params.map((name) => [name, null]))) }, icon("close", 13)))));
    },
  };
  self.update();
  return self;
}

/** The form of one filter; `done` gets the parameters to change. */
function editor(filter, values, page, done) {
  const fields = fieldsOf(filter, values, page);
  const note = h("p", { class: "xs-field-error", role: "alert" });
  const submit = (event) => {
    event.preventDefault();
    const read = fields.map(({ read }) => read());
    const [low, high] = read;
    if (read.some((value) => value === undefined)) note.textContent = "That is not a number.";
    else if (read.every((value) => value === null)) note.textContent = "Fill in a value, or close this.";
    else if (low !== null && high != null && (filter.kind === "days" ? low > high : Number(low) > Number(high))) note.textContent = "The first value is above the second.";
    else done(Object.fromEntries(filter.params.map((name, i) => [name, read[i]])));
  };
  return h("form", { class: "xs-condition-form", novalidate: true, onsubmit: submit }, h("strong", {}, filter.label),
    fields.map(({ label, input }) => h("label", {}, label && h("span", {}, label), input)), note,
    h("button", { class: "xs-button xs-button-strong" }, "Show"));
}

function fieldsOf(filter, values, page) {
  const { format } = page;
  const [first] = filter.params;
  const of = (name) => values[name] ?? "";
  if (filter.kind === "choice" || filter.kind === "country") {
    const options = filter.kind === "country" ? countries(format.locale) : filter.options;
    const input = h("select", { "aria-label": filter.label }, options.map(({ value, label }) => h("option", { value, selected: String(value) === of(first) }, label)));
    return [{ input, read: () => input.value || null }];
  }
  if (filter.kind === "known") {
    const input = h("select", { "aria-label": filter.label }, h("option", { value: of(first) }, of(first) ? inWords(filter, values, format) : "…"));
    fillKnown(input, filter, of(first), page);
    return [{ input, read: () => input.value || null }];
  }
  if (filter.kind === "word") {
    const input = h("input", { type: "text", maxlength: "200", "aria-label": filter.label, placeholder: filter.hint, value: of(first) });
    return [{ input, read: () => input.value.trim() || null }];
  }
  const labels = filter.kind === "days" ? ["From", "to"] : ["At least", "At most"];
  return filter.params.map((name, i) => {
    if (filter.kind === "days") {
      const input = h("input", { type: "date", value: of(name) });
      return { label: labels[i], input, read: () => input.value || null };
    }
    const money = filter.format === "money";
    const input = h("input", { type: "text", inputmode: "decimal", value: of(name) && money ? decimal(Number(of(name)), format.exponent) : of(name) });
    return { label: money ? `${labels[i]} (${format.currency})` : labels[i], input, read: () => number(input.value, money ? format.exponent : 0) };
  });
}

/** What the store's orders have of it, the most frequent first. */
async function fillKnown(select, filter, value, page) {
  try {
    const { points } = await ask(page, "metrics/orders", { by: filter.key });
    const known = points.filter(({ key }) => key != null).sort((a, b) => b.value - a.value).map(({ key }) => key);
    if (value && !known.includes(value)) known.unshift(value);
    const label = (key) => inWords(filter, { [filter.params[0]]: key }, page.format);
    select.replaceChildren(...(known.length ? known.map((key) => h("option", { value: key, selected: key === value }, label(key))) : [h("option", { value: "" }, `No order tells its ${filter.label.toLowerCase()}`)]));
  } catch (error) {
    select.replaceChildren(h("option", { value: "" }, error.message));
  }
}

/** Typed number in whole steps of 10^-exponent; null for nothing, undefined for what is no number. */
function number(text, exponent) {
  const plain = text.trim().replaceAll(/[\s'’]/g, "").replace(",", ".");
  if (!plain) return null;
  const value = Math.round(Number(plain) * 10 ** exponent);
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
