// One box for everything that has a name or a number: pages are known here, the rest is asked of the API as the viewer.
import { pageAddress } from "./address.js";
import { h, icon } from "./dom.js";
import { formatter } from "./format.js";
import { ownStore } from "./names.js";
import { get, me } from "./session.js";

const PAUSE_MS = 180; // of typing, before the API is asked
const LEAST = 2; // characters the API wants
const ENDED = "Your session is at another store or has ended. Reload the page.";

/** What pages are also called. */
const WORDS = {
  overview: "home start kpi revenue net sales dashboard", customers: "people buyers profiles", orders: "sales receipts refunds", products: "items bought together affinity",
  rfm: "recency frequency monetary champions at risk migration", cohorts: "retention first order", churn: "leaving lifetime value prediction forecast model backtest",
  segments: "groups audience tags export lift", sync: "import completeness quarantine metafields shopify", settings: "preferences team users roles password currency",
};

const numbered = (word, id) => `${word} …${String(id).slice(-4)}`;

/** Groups of the API's answer, in the order in which they are shown. */
const KINDS = [
  ["customers", "Customers", ({ id, name, email }) => ({ text: name ?? numbered("Customer", id), note: email ?? String(id), href: pageAddress("customer", { id }) })],
  ["orders", "Orders", ({ id, name, processed_at: at, total }, format) => ({ text: name ?? numbered("Order", id), note: format ? `${format.time(at)} · ${format.amount(total)}` : "", href: pageAddress("orders", { order: id }) })],
  ["products", "Products", ({ id, title, vendor }) => ({ text: title ?? numbered("Product", id), note: vendor, href: pageAddress("products", { product: id }) })],
  ["segments", "Segments", ({ id, name, members }, format) => ({ text: name, note: members != null && format ? `${format.count(members)} customers` : "", href: pageAddress("segments", { id }) })],
];

/** Pages and their tabs, as the navigation has them for this viewer. */
function places() {
  return [...document.querySelectorAll(".xs-nav a:not([hidden])")].flatMap((link) => {
    const text = link.querySelector("span").textContent;
    const words = WORDS[new URL(link.href).pathname.split("/").at(-1)] ?? "";
    const tabs = JSON.parse(link.dataset.tabs ?? "[]").map(([tab, label]) => ({ text: label, note: text, words: "", tab: true, href: `${link.href}?tab=${tab}` }));
    return [{ text, note: "", words, href: link.href }, ...tabs];
  });
}

const fold = (text) => text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase();

function matchingPlaces(typed) {
  const all = places();
  if (!typed) return all.filter(({ tab }) => !tab);
  const wanted = fold(typed);
  const begins = (text) => fold(text).split(/\s+/).some((word) => word.startsWith(wanted)) || fold(text).startsWith(wanted);
  return all.filter(({ text, words }) => begins(text) || begins(words)).slice(0, 6);
}

/** The text with the typed part set off. */
function marked(text, typed) {
  const at = typed ? text.toLocaleLowerCase().indexOf(typed.toLocaleLowerCase()) : -1;
  return at < 0 ? [text] : [text.slice(0, at), h("mark", {}, text.slice(at, at + typed.length)), text.slice(at + typed.length)];
}

export function openSearch() {
  const { spec } = globalThis.xsight?.page?.state ?? {};
  const format = spec?.shop && formatter(spec.shop);
  const list = h("div", { id: "xs-search-list", class: "xs-search-list", role: "listbox", "aria-label": "Results" });
  const said = h("p", { class: "xs-search-said", role: "status" });
  const input = h("input", { type: "text", maxlength: "100", role: "combobox", "aria-label": "Search", "aria-autocomplete": "list", "aria-expanded": "true", "aria-controls": list.id, autocomplete: "off", spellcheck: "false", placeholder: "Customer, order, product, segment, page" });
  const close = () => dialog.close();
  const dialog = h("dialog", { class: "xs-dialog xs-search", "aria-label": "Search" },
    h("div", { class: "xs-search-box" }, icon("search", 18), input, h("button", { type: "button", class: "xs-icon-button", "aria-label": "Close", onclick: close }, icon("close"))), list, said);
  let options = [];
  let active = -1;
  let turn = 0;
  let waiting = null;

  function choose(index) {
    options[active]?.setAttribute("aria-selected", "false");
    active = index;
    const option = options[active];
    if (!option) return void input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  /** `groups`: title and entries of each. */
  function show(groups, typed) {
    options = [];
    const option = ({ text, note, href }) => {
      const element = h("a", { role: "option", id: `xs-found-${options.length}`, "aria-selected": "false", tabindex: "-1", href },
        h("span", { class: "xs-search-text" }, marked(text, typed)), note && h("span", { class: "xs-search-note" }, marked(note, typed)));
      const index = options.push(element) - 1;
      element.addEventListener("pointermove", () => index !== active && choose(index));
      return element;
    };
    const filled = groups.filter(([, entries]) => entries.length);
    list.replaceChildren(...filled.map(([title, entries], i) => h("div", { role: "group", "aria-labelledby": `xs-group-${i}` }, h("div", { class: "xs-search-group", id: `xs-group-${i}`, role: "presentation" }, title), entries.map(option))));
    list.hidden = !options.length;
    input.setAttribute("aria-expanded", String(options.length > 0));
    choose(options.length ? 0 : -1);
  }

  function tell(text, tone = "") {
    said.textContent = text;
    said.dataset.tone = tone;
  }

  async function ask(typed, mine) {
    const answer = (await ownStore()) ? await get(`/api/v1/search?${new URLSearchParams({ q: typed })}`) : { status: 401 };
    if (mine !== turn) return;
    dialog.removeAttribute("aria-busy");
    if (!answer.ok) return tell(answer.status === 401 ? ENDED : answer.status === 0 ? "XSight cannot be reached just now." : (answer.body?.detail ?? "This cannot be searched just now."), "bad");
    const found = KINDS.map(([kind, title, entry]) => [title, (answer.body[kind] ?? []).map((one) => entry(one, format))]);
    show([...found, ["Pages", matchingPlaces(typed)]], typed);
    const byNumberOnly = (await me())?.pii === false ? " Customers are found by their number only: names are shown to members who may see personal data." : "";
    tell(options.length ? `${options.length} found.${byNumberOnly}` : `Nothing is called or numbered “${typed}”.${byNumberOnly}`);
    performance.mark("xs-found");
  }

  function search() {
    const typed = input.value.trim().replaceAll(/\s+/g, " ");
    const mine = ++turn;
    clearTimeout(waiting);
    dialog.removeAttribute("aria-busy");
    show([["Pages", matchingPlaces(typed)]], typed);
    if (typed.length < LEAST) return tell(typed ? "Type one more character to search your store." : "");
    tell("Searching …");
    dialog.setAttribute("aria-busy", "true");
    waiting = setTimeout(ask, PAUSE_MS, typed, mine);
  }

  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) choose((active + step + options.length) % options.length);
    else if (event.key === "Enter" && !event.isComposing) options[active]?.click();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => (event.target === dialog || event.target.closest("[role=option]")) && close());
  dialog.addEventListener("close", () => {
    turn++;
    clearTimeout(waiting);
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
  search();
}
