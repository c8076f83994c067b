// Saved segments: painted from what is stored. A chosen one, and the builder, open in the page's place (segments/room.js).
import { h, icon } from "../dom.js";
import { ago } from "../format.js";
import { ownStore } from "../names.js";
import { go, link, onPlace, place } from "../segments/place.js";
import { spark } from "../segments/spark.js";
import { get, me } from "../session.js";
import { stateBox } from "../states.js";

const COLUMNS = ["Segment", "Customers", "Share", "Net sales", "Trend", "Worked out"];
const EMPTY = { name: "empty", title: "No segment saved yet", text: "Take one from the library below, or begin with a rule of your own." };

export function mount(tile, page) {
  let sentences = new Map();
  let allowed = false;

  const line = (one) => {
    const { format } = page;
    const said = sentences.get(one.id);
    return h("tr", { "data-segment-id": one.id },
      h("th", { scope: "row" }, h("a", link({ id: one.id }), one.name), h("small", { title: said }, one.troubled ? h("span", { class: "xs-badge", "data-tone": "bad" }, "cannot be worked out") : (said ?? one.note))),
      h("td", { class: "xs-number" }, one.members == null ? "–" : format.count(one.members)),
      h("td", { class: "xs-number" }, format.percent(one.share)),
      h("td", { class: "xs-number" }, format.moneyShort(one.net_minor), one.net_share != null && h("small", {}, `${format.percentShort(one.net_share)} of sales`)),
      h("td", {}, spark(one.sizes)),
      h("td", {}, one.refreshed_at ? ago(one.refreshed_at) : h("span", { class: "xs-muted" }, "with the next refresh")));
  };

  const draw = () => {
    const { items } = tile.panel;
    const table = h("div", { class: "xs-scroll-x", tabindex: "0", role: "region", "aria-label": "Saved segments" }, h("table", { class: "xs-runs xs-saved" },
      h("thead", {}, h("tr", {}, COLUMNS.map((title, i) => h("th", { scope: "col", class: i > 0 && i < 4 ? "xs-number" : null }, title)))),
      h("tbody", {}, items.map(line))));
    tile.body.replaceChildren(
      h("div", { class: "xs-saved-tools" },
        allowed && h("button", { type: "button", class: "xs-button xs-button-main", onclick: () => go({ new: "rule" }) }, "New segment"),
        allowed && h("button", { type: "button", class: "xs-button", onclick: () => go({ new: "shopify" }) }, "From a Shopify text")),
      items.length ? table : stateBox(EMPTY));
  };

  async function read() {
    const profile = await me();
    allowed = profile?.rights?.includes("segments") ?? false;
    draw();
    if (!(await ownStore())) return;
    const answer = await get("/api/v1/segments");
    if (!answer.ok) return;
    sentences = new Map(answer.body.items.map((one) => [one.id, one.masked ? "Its rule asks what names a person." : one.sentence]));
    draw();
  }

  draw();
  read();
  onPlace(() => visit(page));
  visit(page);
  return { update: () => (draw(), read()) };
}

/** Shows what the address asks for: the page itself, one segment, or the builder. */
async function visit(page) {
  const asked = place();
  let room = page.element.querySelector(".xs-room");
  if (!asked.id && asked.new == null) {
    delete page.element.dataset.room;
    room?.replaceChildren();
    return;
  }
  room ??= page.element.appendChild(h("div", { class: "xs-room" }));
  page.element.dataset.room = "";
  const { enter } = await import("../segments/room.js");
  if (JSON.stringify(place()) === JSON.stringify(asked)) await enter(room, page, asked);
}

export const rows = (panel) => ({
  columns: ["Segment", "Customers", "Share of customers", "Net sales", "Share of net sales", "Worked out"].map((title) => ({ title })),
  rows: panel.items.map((one) => [one.name, { format: "count", value: one.members }, { format: "percent", value: one.share }, { format: "money", value: one.net_minor }, { format: "percent", value: one.net_share }, one.refreshed_at]),
});
