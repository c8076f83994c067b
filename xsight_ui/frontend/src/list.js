// Rows of the API, page by page as one scrolls. Conditions, order and range stand in the address; sorting and filtering
// are the API's. What the snapshot holds is shown until the first answer is there.
import { chosenRange, shopDay } from "./range.js";
import { onParameters, parameters, setParameters } from "./address.js";
import { at, content, noRight, NUMERIC, plain } from "./cells.js";
import { h, icon } from "./dom.js";
import { exportButton } from "./exports.js";
import { conditions, filterBar, inCode } from "./filters.js";
import { nameCustomers, ownStore } from "./names.js";
import { viewsMenu } from "./saved_views.js";
import { get } from "./session.js";
import { stateBox } from "./states.js";
import { build, narrow } from "./tabulator.js";

const PAGE = 100;
const AHEAD_PX = 600; // the next page is asked for before the end is reached
const WAITING = Array.from({ length: 12 }, () => ({ waiting: true }));

export async function list(tile, page) {
  const view = new List(tile, page);
  await view.build();
  return view;
}

class List {
  #asked = null; // the question whose rows are shown or awaited
  #turn = 0;
  #next = null;
  #loading = false;

  constructor(tile, page) {
    Object.assign(this, { tile, page, rows: [], total: null, masked: false });
    this.box = h("div", { class: "xs-table", "aria-label": tile.panel.title });
    this.count = h("p", { class: "xs-list-count", role: "status" });
    this.trouble = h("div", { class: "xs-list-state", hidden: true });
    this.sums = h("dl", { class: "xs-list-totals" });
    this.#drawTotals();
  }

  get panel() {
    return this.tile.panel;
  }

  async build() {
    const { panel, page } = this;
    const { filters = [] } = panel;
    this.bar = filters.length ? filterBar(filters, page) : null;
    const tools = [panel.page && viewsMenu(panel, () => this.#ownWords()), this.bar?.element, this.count, panel.export && exportButton(panel, () => this.#conditions(), () => this.total)];
    this.tile.body.replaceChildren(h("div", { class: "xs-list-bar" }, tools.filter(Boolean)), ...(panel.totals ? [this.sums] : []), h("div", { class: "xs-list-table" }, this.box, this.trouble));
    const plainView = this.#question() === this.#question({ plain: true });
    const first = plainView && panel.rows ? panel.rows : WAITING;
    this.table = await build(this.box, { data: first, index: "id", columns: this.#columns(), placeholder: "" });
    if (first !== WAITING) this.#show(panel.rows, panel.total);
    this.table.on("scrollVertical", () => this.#near() && this.#more());
    this.table.on("rowClick", (event, row) => this.#open(event, row));
    this.stop = onParameters(() => this.update());
    addEventListener("online", this.again);
    this.#load();
  }

  again = () => !this.trouble.hidden && this.#load();

  /** The address or the data has changed. */
  update() {
    this.bar?.update();
    this.#drawHeads();
    const changed = this.#question() !== this.#asked?.question;
    const newer = this.page.state.spec.insight_run !== this.#asked?.run || this.page.state.spec.data_version !== this.#asked?.version;
    if (changed || newer) this.#load();
  }

  refresh() {
    for (const row of this.table?.getRows() ?? []) row.reformat();
  }

  dispose() {
    this.stop?.();
    removeEventListener("online", this.again);
    this.table?.destroy();
  }

  #sort() {
    const asked = this.panel.page ? parameters().get("sort") : null;
    return this.panel.columns.some(({ sort }) => sort && asked?.replace(/^-/, "") === sort) ? asked : this.panel.sort;
  }

  /** What the API is asked of rows, but for their order. */
  #conditions() {
    const { panel, page } = this;
    const asked = { ...panel.fixed, ...(panel.page ? conditions(panel.filters ?? []) : {}) };
    if (panel.range) {
      const { since, until } = chosenRange(page.state.spec.range.value, shopDay(page.state.spec.shop.timezone));
      if (since) Object.assign(asked, { since, until });
    }
    return asked;
  }

  /** The conditions in the notebook cell. */
  values() {
    const { since, until } = this.#conditions();
    const days = Object.entries({ since, until }).filter(([, day]) => day).map(([name, day]) => `, ${name}="${day}"`).join("");
    return { where: this.panel.page ? inCode(this.panel.filters ?? []) : "", days: this.panel.range ? days : "" };
  }

  #question({ plain: asFirst = false } = {}) {
    if (!asFirst) return new URLSearchParams({ ...this.#conditions(), sort: this.#sort() }).toString();
    const { panel, page } = this;
    const { since, until } = panel.range ? chosenRange(page.state.spec.range.value, shopDay(page.state.spec.shop.timezone), "") : {};
    return new URLSearchParams({ ...panel.fixed, ...(since && { since, until }), sort: panel.sort }).toString();
  }

  /** The address' own words for this view, for saving it. */
  #ownWords() {
    const known = new Set(["range", "sort", ...(this.panel.filters ?? []).flatMap(({ params }) => params)]);
    return new URLSearchParams([...parameters()].filter(([name]) => known.has(name))).toString();
  }

  async #load() {
    const turn = ++this.#turn;
    const question = this.#question();
    const { spec } = this.page.state;
    const another = this.#asked && this.#asked.question !== question;
    this.#asked = { question, run: spec.insight_run, version: spec.data_version };
    this.#next = null;
    if (another) {
      this.box.setAttribute("aria-busy", "true");
      this.count.textContent = "…";
    }
    const answer = await this.#ask(this.panel.totals ? `${question}&totals=true` : question);
    if (turn !== this.#turn || !answer) return;
    this.box.removeAttribute("aria-busy");
    if (!answer.ok) return void this.#fail(answer);
    const { items, total, totals, next_cursor: next } = answer.body;
    if (totals) this.#drawTotals(totals);
    await (another ? this.table.setData(items) : this.table.replaceData(items));
    this.#next = next;
    this.#show(items, total);
    performance.mark("xs-list");
  }

  async #more() {
    if (!this.#next || this.#loading) return;
    this.#loading = true;
    const turn = this.#turn;
    const answer = await this.#ask(`${this.#asked.question}&cursor=${encodeURIComponent(this.#next)}`);
    this.#loading = false;
    if (turn !== this.#turn || !answer?.ok) return;
    this.#next = answer.body.next_cursor;
    await this.table.addData(answer.body.items);
    this.#show([...this.rows, ...answer.body.items], answer.body.total);
  }

  async #ask(question) {
    if (!(await ownStore())) return { ok: false, status: 401 };
    const answer = await get(`${this.panel.source}?${question}&limit=${PAGE}`);
    if (answer.ok && this.panel.columns.some(({ format }) => format === "buyer")) nameCustomers(this.page, answer.body.items.map((row) => row.customer_id)).then((some) => some && this.refresh());
    return answer;
  }

  #near() {
    const holder = this.box.querySelector(".tabulator-tableholder");
    return holder.scrollHeight - holder.scrollTop - holder.clientHeight < AHEAD_PX;
  }

  #show(rows, total) {
    this.rows = rows;
    this.total = total;
    this.tile.loaded = rows;
    this.box.dataset.rows = rows.length;
    this.masked = rows.some(({ masked }) => masked === true);
    const [one, many] = this.panel.noun;
    this.count.replaceChildren(...[total == null ? "" : `${this.page.format.count(total)} ${total === 1 ? one : many}`, this.masked && noRight()].filter(Boolean));
    this.trouble.hidden = rows.length > 0;
    if (!rows.length) this.trouble.replaceChildren(stateBox(this.bar && Object.keys(conditions(this.panel.filters)).length
      ? { name: "empty", title: `No ${many} match`, text: "Loosen a filter, or clear them all." }
      : { name: "empty", title: this.panel.empty ?? `No ${many} here`, text: this.panel.empty_text ?? "" }));
    this.#drawHeads();
  }

  /** What all rows come to, not only those that are here. */
  #drawTotals(totals = {}) {
    const { format } = this.page;
    const left = totals.orders - totals.counted;
    const less = (minor) => format.money(minor == null ? null : -minor);
    const facts = [["Orders", format.count(totals.counted) + (left ? ` + ${format.count(left)} not counted` : "")], ["Gross sales", format.money(totals.gross_minor)], ["Discounts", less(totals.discounts_minor)], ["Returns", less(totals.returns_minor)], ["Net sales", format.money(totals.net_minor)], ["Avg. order", format.money(totals.counted ? totals.net_minor / totals.counted : null)]];
    this.sums.replaceChildren(...facts.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
  }

  #fail({ status, body }) {
    const [title, text] = status === 0
      ? ["The connection is lost", "It is tried again as soon as you are back online."]
      : status === 401 ? ["Your session is over", "Log in again to see the rows."]
      : status === 403 ? ["You may not see this", body?.detail ?? ""]
      : ["The rows could not be read", body?.detail ?? "Try again in a moment."];
    const again = status === 401 ? h("a", { class: "xs-button", href: "/login" }, "Log in") : status !== 403 && h("button", { type: "button", class: "xs-button", onclick: () => this.#load() }, icon("sync"), "Try again");
    this.count.textContent = "";
    this.table.clearData();
    const state = stateBox({ name: "error", title, text });
    if (again) state.append(again);
    this.trouble.replaceChildren(state);
    this.trouble.hidden = false;
  }

  #columns() {
    const { panel, page } = this;
    return panel.columns.map((column, i) => {
      const end = NUMERIC.has(column.format);
      return {
        frozen: i === 0 && narrow.matches, field: `c${i}`, minWidth: column.min ?? 96, widthGrow: column.grow ?? 1, headerSort: false,
        title: column.title, hozAlign: end ? "right" : "left", headerHozAlign: end ? "right" : "left",
        titleFormatter: () => this.#head(column),
        formatter: (cell) => {
          const row = cell.getData();
          return row.waiting ? h("i", { class: "xs-cell-wait" }) : content(column, page, at(row, column.field), row);
        },
      };
    });
  }

  /** A column's name; a button where the API sorts by it. */
  #head(column) {
    if (!column.sort || !this.panel.page) return h("span", { "data-column": column.field }, column.title);
    const button = h("button", { type: "button", class: "xs-sorter", "data-sort": column.sort, title: column.about, onclick: () => this.#sortBy(column) }, column.title, h("i", { class: "tabulator-arrow", "aria-hidden": "true" }));
    return button;
  }

  #sortBy({ sort, format }) {
    const now = this.#sort();
    const first = NUMERIC.has(format) || format === "date" || format === "time" ? `-${sort}` : sort;
    const other = first === sort ? `-${sort}` : sort;
    const word = now === first ? other : first;
    setParameters({ sort: word === this.panel.sort ? null : word });
  }

  #drawHeads() {
    const now = this.#sort();
    for (const button of this.box.querySelectorAll(".xs-sorter")) {
      const head = button.closest(".tabulator-col");
      if (now.replace(/^-/, "") === button.dataset.sort) head?.setAttribute("aria-sort", now.startsWith("-") ? "descending" : "ascending");
      else head?.setAttribute("aria-sort", "none");
    }
  }

  /** A click anywhere in a row opens what its first cell names. */
  #open(event, row) {
    if (event.target.closest("a, button") || String(getSelection())) return;
    row.getElement().querySelector("a, button")?.click();
  }
}

export function listRows(panel, page, tile) {
  const rows = tile?.loaded ?? panel.rows ?? [];
  return { columns: panel.columns.map(({ title }) => ({ title })), rows: rows.map((row) => panel.columns.map((column) => plain(column, page, at(row, column.field), row))) };
}
