// Builds a page from its spec: frames, titles and numbers at once, then the charts of the first screen, then the rest.
import { onParameters, pageAddress, parameters, setParameters } from "./address.js";
import { h, icon, nextFrame, whenIdle } from "./dom.js";
import { ago, formatter } from "./format.js";
import { PageState, same } from "./model.js";
import { fillNames, ownStore } from "./names.js";
import { Narrowing } from "./narrowing.js";
import { onboarding } from "./onboarding.js";
import { dayAt, range } from "./period.js";
import { chosenRange, rangePicker, shopDay } from "./range.js";
import { get } from "./session.js";
import { syncControl } from "./sync_panel.js";
import { showAlerts } from "./shell.js";
import { stateBox } from "./states.js";
import { tabBar } from "./tabs.js";
import { Tile } from "./tile.js";
import { toggle } from "./toggle.js";

const wordOf = (days) => (days == null ? "all" : typeof days === "object" ? "own" : String(days));

export class PageView {
  tiles = new Map();

  constructor(element, spec) {
    this.element = element;
    this.state = new PageState(spec, daysFromAddress(spec));
    this.format = formatter(spec.shop);
    this.state.on("spec", () => this.#take());
    this.state.on("days", () => this.#drawPeriod());
    onParameters(() => this.#follow());
    this.state.on("live", () => this.#setLost(false));
    this.state.on("lost", () => this.#setLost(true));
  }

  /** Resolves when the first screen is complete; the rest goes on by itself. */
  async paint() {
    this.tiles.clear();
    this.element.classList.add("xs", "xs-page");
    if (this.state.spec.state !== "ready") {
      this.element.replaceChildren(this.#head(), this.state.spec.state === "onboarding" ? onboarding() : noOrders(this.state.spec, this.format));
      for (const name of ["xs-first", "xs-charts", "xs-complete"]) performance.mark(name);
      return;
    }
    const rows = this.state.spec.rows.map((row) => this.#row(row));
    this.element.replaceChildren(this.#head(), ...(this.state.spec.tabs ? [tabBar(this, rows)] : []), ...rows);
    const lazy = [];
    for (const tile of this.tiles.values()) if (!tile.element.closest("[hidden]")) tile.lazy ? lazy.push(tile) : tile.show();
    this.narrowing?.follow();
    performance.mark("xs-first");
    const visible = (tile) => tile.element.getBoundingClientRect().top < innerHeight;
    const [first, rest] = [lazy.filter(visible), lazy.filter((tile) => !visible(tile))];
    await nextFrame();
    await Promise.all(first.map((tile) => tile.show()));
    performance.mark("xs-charts");
    this.complete = this.#later(rest);
  }

  async #later(tiles) {
    for (const tile of tiles) {
      await whenIdle();
      await tile.show();
    }
    await fillNames(this);
    performance.mark("xs-complete");
  }

  #row({ layout, panels }) {
    return h("div", { class: "xs-row", "data-layout": layout }, panels.map((key) => {
      const tile = new Tile(key, this.state.spec.panels[key], this);
      this.tiles.set(key, tile);
      return tile.element;
    }));
  }

  #head() {
    const { spec } = this.state;
    this.stamp = h("p", { class: "xs-stamp", role: "status" });
    this.drawStamp();
    this.narrowing = spec.filters && spec.state === "ready" ? new Narrowing(this) : null;
    const period = spec.period && toggle("Period", spec.period.options.map(({ days, label }) => [wordOf(days), label]), wordOf(this.state.days), (word) => {
      const days = word === "all" ? null : Number(word);
      daysToAddress(days, spec);
      this.state.setDays(days);
    });
    this.range = spec.range || spec.period ? rangePicker({ fallback: spec.range?.value ?? null, timezone: spec.shop.timezone, format: this.format }) : null;
    const up = spec.parent && pageAddress(spec.parent.key);
    this.title = h("h1", {}, spec.title);
    return h("div", { class: "xs-head" },
      h("div", {}, up && h("a", { class: "xs-up", href: up }, icon("back", 13), spec.parent.title), this.title, this.stamp),
      this.narrowing && h("div", { class: "xs-narrowing" }, this.narrowing.bar.element),
      spec.state !== "onboarding" && h("div", { class: "xs-head-tools" }, period, this.range?.element, syncControl()));
  }

  /** Which days are shown and how fresh they are. */
  drawStamp() {
    const { shop, freshness, daily } = this.state.spec;
    if (!shop) {
      this.stamp.replaceChildren(h("span", {}, "Your store's numbers appear here."));
      return;
    }
    const { from, to } = daily ? range(daily, this.state.days) : { from: 0, to: 0 };
    const days = to > from && this.format.dateRange(dayAt(daily, from), dayAt(daily, to - 1));
    const { synced_at: syncedAt, stale } = this.#freshness();
    const synced = syncedAt ? `Synced ${ago(syncedAt)}` : "Not synced yet";
    this.stamp.replaceChildren(
      ...(days ? [h("span", { class: "xs-stamp-days" }, days)] : []),
      h("span", { class: "xs-fresh", "data-stale": stale, title: syncedAt ? `Read from ${shop.domain} on ${this.format.time(syncedAt)} (${shop.timezone})` : null }, stale && icon("alert", 13), synced),
      ...(this.trouble ? [h("span", { class: "xs-fresh", "data-stale": true, title: `Failed ${ago(this.trouble)}. Everything that was read is kept; it is tried again after the next sync and every night.` }, icon("alert", 13), "The last computation failed: these are the numbers before it")] : []),
      ...(this.lost ? [h("span", { class: "xs-fresh", "data-stale": true, title: "The process behind this page has ended. New numbers are fetched without it; reload for a fresh one." }, icon("alert", 13), "Not live")] : []),
      ...(freshness.history_since ? [h("span", { class: "xs-stamp-since" }, `History since ${this.format.date(freshness.history_since)}`)] : []));
  }

  /** A sync that found nothing new makes no new insights: the API may know of a later one than the spec. */
  #freshness() {
    const { freshness } = this.state.spec;
    if (!(Date.parse(this.syncedAt) > (Date.parse(freshness.synced_at) || 0))) return freshness;
    return { synced_at: this.syncedAt, stale: Date.now() - Date.parse(this.syncedAt) > freshness.stale_after_s * 1000 };
  }

  /** Whether the kernel behind the page has gone. */
  #setLost(lost) {
    if (lost === Boolean(this.lost)) return;
    this.lost = lost;
    this.drawStamp();
  }

  /** Asks the API when the store was last read. */
  async checkFreshness() {
    if (!this.state.spec.shop || !(await ownStore())) return;
    const answer = await get("/api/v1/tenants/me");
    if (!answer.ok) return;
    this.syncedAt = answer.body.synced_at;
    showAlerts(answer.body.alerts_firing);
    this.trouble = answer.body.insights_failed_at;
    this.drawStamp();
  }

  /** Tiles that the period and the page's filters are about. */
  get timed() {
    return [...this.tiles.values()].filter((tile) => PERIOD_KINDS.has(tile.panel.kind));
  }

  #drawPeriod() {
    this.drawStamp();
    for (const tile of this.timed) tile.update();
    performance.mark("xs-period");
  }

  /** The address has changed, by a choice or by back and forward: views read it themselves. */
  #follow() {
    this.range?.update();
    this.narrowing?.follow();
    const { spec } = this.state;
    if (!spec.period) return;
    const days = daysFromAddress(spec);
    if (same(days, this.state.days)) return;
    for (const button of this.element.querySelectorAll(".xs-head .xs-toggle button")) button.setAttribute("aria-pressed", String(button.dataset.key === wordOf(days)));
    this.state.setDays(days);
  }

  /** A newer spec: the same tiles show it; another set of tiles is built anew. */
  #take() {
    const { spec } = this.state;
    this.format = formatter(spec.shop);
    const same = this.tiles.size === Object.keys(spec.panels).length && [...this.tiles.keys()].every((key) => key in spec.panels);
    if (!same || !this.tiles.size) return void this.paint();
    this.drawStamp();
    for (const [key, tile] of this.tiles) tile.update(spec.panels[key]);
    this.narrowing?.follow();
    fillNames(this);
  }
}

const noOrders = ({ freshness }, format) => h("section", { class: "xs-tile xs-lonely" }, stateBox({
  name: "empty", title: "No orders yet", text: freshness?.history_since
    ? `Shopify shows this app orders from ${format.date(freshness.history_since)} on, and there is none. Older ones come with the permission read_all_orders: grant it and connect the store again. A new order appears by itself.`
    : "Your store is connected and synced. Its numbers appear with the first order, by themselves.",
}));

const PERIOD_KINDS = new Set(["kpis", "trend", "stack"]);

/** The period is part of the address: a link to the page shows the same days. */
function daysFromAddress(spec) {
  if (!spec.period) return null;
  const { word: own, since, until } = chosenRange(null, shopDay(spec.shop?.timezone));
  if (own) {
    const days = since || until ? { since, until } : null;
    const { from, to } = range(spec.daily, days);
    if (to > from) return days;
  }
  const word = parameters().get("days");
  const found = spec.period.options.find(({ days }) => wordOf(days) === word);
  return found ? found.days : spec.period.value;
}

const daysToAddress = (days, spec) => setParameters({ days: days === spec.period.value ? null : wordOf(days), range: null });
