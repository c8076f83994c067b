// Filters of a page whose tiles over time are worked out in the browser: the daily arrays of the orders that are left.
import { ask } from "./answers.js";
import { conditions, filterBar } from "./filters.js";
import { same } from "./model.js";
import { dayAt } from "./period.js";

export class Narrowing {
  #asked = null;

  constructor(page) {
    this.page = page;
    this.bar = filterBar(page.state.spec.filters, page);
  }

  get #where() {
    return conditions(this.page.state.spec.filters);
  }

  /** The same as arguments of a notebook cell's call: `, channel="web"`. */
  inCode() {
    return Object.entries(this.#where).map(([name, value]) => `, ${name}=${JSON.stringify(value)}`).join("");
  }

  /** Shows what the address asks for; until the answer is there, the tiles it is about are dimmed. */
  async follow() {
    const { page } = this;
    const { spec } = page.state;
    const where = this.#where;
    const filtered = Object.keys(where).length > 0;
    const question = filtered ? { ...where, as_of: dayAt(spec.daily, spec.daily.orders.length - 1), run: spec.insight_run, version: spec.data_version } : null;
    this.bar.update();
    for (const tile of page.tiles.values()) if (!page.timed.includes(tile)) tile.say(filtered ? "all orders" : "");
    if (same(question, this.#asked)) return;
    this.#asked = question;
    if (!filtered) return this.#show(null);
    for (const tile of page.timed) tile.body.setAttribute("aria-busy", "true");
    try {
      const { daily } = await ask(page, "revenue", { ...where, as_of: question.as_of });
      if (question === this.#asked) this.#show(daily);
    } catch (error) {
      if (question !== this.#asked) return;
      this.#asked = undefined; // whatever is chosen next is drawn anew
      this.#settle();
      for (const tile of page.timed) tile.fail(error);
    }
  }

  #settle() {
    for (const tile of this.page.timed) tile.body.removeAttribute("aria-busy");
  }

  #show(daily) {
    const { page } = this;
    this.#settle();
    page.state.narrowed = daily;
    const broken = page.timed.filter((tile) => tile.broken);
    page.state.emit("days");
    for (const tile of broken) tile.mend();
    performance.mark("xs-narrowed");
  }
}
