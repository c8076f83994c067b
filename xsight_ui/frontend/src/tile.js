// The frame around a panel: title, definition, menu, and whatever state it is in.
import { about } from "./about.js";
import { h, icon } from "./dom.js";
import { same } from "./model.js";
import { popup } from "./popup.js";
import { failure, skeleton, stateBox } from "./states.js";
import { toast } from "./toast.js";
import { views } from "./views/index.js";

const BARE = new Set(["kpis", "facts"]);
const TABLES = new Set(["table", "list"]);

let serial = 0;
const exporter = () => import("./export.js");

export class Tile {
  #view = null;
  #asTable = false;
  /** The panel with the numbers of another choice than the stored one, where a view shows such. */
  shown = null;

  constructor(key, panel, page) {
    this.key = key;
    this.panel = panel;
    this.page = page;
    this.tools = h("div", { class: "xs-tile-tools" });
    this.body = h("div", { class: "xs-tile-body" });
    this.title = h("h2", { id: `xs-tile-${++serial}` });
    this.subtitle = h("p");
    this.element = BARE.has(panel.kind) ? this.#bare() : this.#framed();
    this.#describe();
    if (panel.state) this.body.replaceChildren(stateBox(panel.state));
    else if (this.lazy) this.body.replaceChildren(skeleton());
  }

  get lazy() {
    return Boolean(views[this.panel.kind]?.load) && !this.panel.state;
  }

  /** Shows the content; a failure stays in this tile. */
  async show() {
    if (this.panel.state || this.broken) return;
    try {
      const started = performance.now();
      const view = views[this.panel.kind].mount(this, this.page);
      this.#view = view instanceof Promise ? await view : view;
      performance.measure(`xs ${this.key}`, { start: started });
    } catch (error) {
      console.error(error);
      this.body.replaceChildren(stateBox(failure(error)));
    }
  }

  /** New data, or another period. */
  async update(panel = this.panel) {
    const sameState = same(panel.state, this.panel.state);
    this.panel = panel;
    this.shown = null;
    this.#describe();
    if (!sameState || panel.state) {
      this.#view?.dispose?.();
      this.#view = null;
      this.body.replaceChildren(panel.state ? stateBox(panel.state) : skeleton());
      await this.show();
    } else if (this.#asTable) await this.#showTable();
    else this.#view?.update();
  }

  /** Something around the data changed, e.g. names arrived. */
  refresh() {
    this.#view?.refresh?.();
  }

  /** Says beside the subtitle what the tile is about, where that is not what the page is filtered by. */
  say(scope) {
    this.scope = scope;
    this.#describe();
  }

  /** In place of content that would not be that of the page's filters. */
  fail(error) {
    this.#view?.dispose?.();
    this.#view = null;
    this.broken = true;
    this.body.replaceChildren(stateBox(failure(error)));
  }

  mend() {
    this.broken = false;
    return this.show();
  }

  #describe() {
    this.title.textContent = this.panel.title;
    this.subtitle.textContent = [this.panel.subtitle, this.scope].filter(Boolean).join(" · ");
  }

  #bare() {
    this.tools.append(this.#menu());
    return h("section", { class: "xs-tile xs-tile-bare", "aria-label": this.panel.title, "data-panel": this.key }, this.body, this.tools);
  }

  #framed() {
    if (this.panel.height) this.body.style.setProperty("--height", `${this.panel.height}px`);
    if (!this.panel.form) this.tools.append(this.#menu());
    return h("section", { class: "xs-tile", "aria-labelledby": this.title.id, "data-panel": this.key, "data-kind": this.panel.kind },
      h("header", {}, h("div", { class: "xs-tile-title" }, h("div", {}, this.title, this.panel.definition && about(this.panel.title, this.panel.definition)), this.subtitle), this.tools),
      this.body);
  }

  #menu() {
    const item = (name, text, run) => h("button", { type: "button", role: "menuitem", onclick: () => this.#do(run) }, icon(name), h("span", {}, text));
    this.tableItem = item("rows", "Show as table", () => this.#toggleTable());
    const menu = h("div", { class: "xs-menu" },
      !TABLES.has(this.panel.kind) && this.tableItem,
      item("download", "Download CSV", async () => (await exporter()).downloadCsv(this)),
      item("image", "Download image", async () => (await exporter()).downloadPng(this)),
      this.panel.cell && item("code", "Open as notebook cell", async () => (await import("./cell.js")).openCell(this)));
    const button = h("button", { type: "button", class: "xs-icon-button", "aria-label": `Options for ${this.panel.title}` }, icon("more", 18));
    popup(button, menu, { menu: true });
    return h("span", { class: "xs-anchor" }, button, menu);
  }

  async #do(run) {
    try {
      await run();
    } catch (error) {
      console.error(error);
      toast("This did not work. Please try again.", "error");
    }
  }

  async #toggleTable() {
    if (this.panel.state) return;
    this.#asTable = !this.#asTable;
    this.tableItem.lastChild.textContent = this.#asTable ? "Show as picture" : "Show as table";
    this.#view?.dispose?.();
    this.#view = null;
    for (const control of this.tools.querySelectorAll(".xs-toggle, .xs-pick")) control.remove();
    if (this.#asTable) await this.#showTable();
    else await this.show();
  }

  async #showTable() {
    this.body.replaceChildren((await exporter()).plainTable(await this.rows(), this.page, this.panel.title));
  }

  /** What stands for the names in the panel's notebook cell, as shown now. */
  values() {
    return this.#view?.values?.() ?? {};
  }

  /** The panel's numbers as columns and rows: for CSV and for the table view. */
  async rows() {
    return (await views[this.panel.kind].rows())(this.shown ?? this.panel, this.page, this);
  }
}
