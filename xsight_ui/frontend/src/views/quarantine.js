// Records that could not be read, with the reason. The records themselves only to viewers who may see personal data.
import { h, icon } from "../dom.js";
import { ownStore } from "../names.js";
import { get } from "../session.js";

const shown = (item) => (item.raw == null ? null : h("details", {}, h("summary", {}, "The record as it came"), h("pre", { tabindex: "0" }, item.raw)));

export function mount(tile, page) {
  const list = h("ul", { class: "xs-aside" });
  const more = h("p", { class: "xs-muted" });
  const draw = async () => {
    const total = Object.values(tile.panel.counts).reduce((a, b) => a + b, 0);
    const parts = Object.entries(tile.panel.counts).map(([object, count]) => `${page.format.count(count)} ${count === 1 ? object.slice(0, -1) : object}`).join(", ");
    tile.body.replaceChildren(h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": "Records set aside" },
      h("p", { class: "xs-verdict", "data-tone": "warn" }, icon("alert", 18), h("span", {}, h("strong", {}, parts), h("span", {}, "Mend them at the shop; the next full sync reads them again."))), list, more));
    if (!(await ownStore())) return;
    const answer = await get("/api/v1/tenants/me/quarantine");
    if (!answer.ok) return;
    list.replaceChildren(...answer.body.items.map((item) => h("li", {}, h("strong", {}, item.object), h("span", {}, item.reason), h("small", { class: "xs-muted" }, page.format.time(item.created_at)), shown(item))));
    const left = Math.max(total, answer.body.total) - answer.body.items.length;
    more.textContent = left > 0 ? `and ${page.format.count(left)} more` : "";
  };
  draw();
  return { update: draw };
}

export const rows = (panel) => ({
  columns: [{ title: "Object" }, { title: "Records" }],
  rows: Object.entries(panel.counts).map(([object, count]) => [object, { format: "count", value: count }]),
});
