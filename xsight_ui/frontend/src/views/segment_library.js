// The library: forty segments in groups, counted for this store.
import { h } from "../dom.js";
import { ownStore } from "../names.js";
import { go } from "../segments/place.js";
import { get, me } from "../session.js";
import { skeleton, stateBox } from "../states.js";
import { toggle } from "../toggle.js";

const read = { items: null };
const words = (group) => group[0].toUpperCase() + group.slice(1);

export async function library() {
  if (!read.items) {
    const answer = await get("/api/v1/segments/library?counted=true");
    if (answer.ok) read.items = answer.body.items;
    else return answer;
  }
  return { ok: true, items: read.items };
}

export function mount(tile, page) {
  let group = null;
  let allowed = false;
  const list = h("ul", { class: "xs-library", tabindex: "0", "aria-label": "Ready-made segments" });
  const card = (one) => h("li", { class: "xs-template", "data-template": one.key },
    h("div", { class: "xs-template-head" }, h("h3", {}, one.name), h("strong", { class: "xs-number" }, one.customers == null ? "–" : page.format.count(one.customers))),
    h("p", {}, one.purpose), h("p", { class: "xs-muted" }, one.action),
    one.rule
      ? h("p", { class: "xs-template-rule" }, one.sentence)
      : h("p", { class: "xs-template-rule" }, "Your store has nothing yet that it could be about."),
    one.rule && allowed && h("button", { type: "button", class: "xs-button", "aria-label": `Use ${one.name}`, onclick: () => go({ new: `library:${one.key}` }) }, "Use"));
  const draw = () => list.replaceChildren(...read.items.filter((one) => one.group === group).map(card));
  const start = async () => {
    if (!(await ownStore())) return;
    const [answer, profile] = await Promise.all([library(), me()]);
    if (!answer.ok) {
      tile.body.replaceChildren(stateBox({ name: "error", title: "The library cannot be read just now", text: answer.body?.detail ?? "Reload in a moment." }));
      return;
    }
    allowed = profile?.rights?.includes("segments") ?? false;
    const groups = [...new Set(read.items.map((one) => one.group))];
    group ??= groups[0];
    tile.body.replaceChildren(
      h("div", { class: "xs-library-groups" }, toggle("Group", groups.map((key) => [key, words(key)]), group, (key) => {
        group = key;
        draw();
      })), list);
    draw();
  };
  tile.body.replaceChildren(skeleton());
  start();
  return { update: () => {} };
}

export const rows = async () => {
  const { items = [] } = await library();
  return {
    columns: ["Group", "Segment", "Customers", "Purpose", "Action", "Rule"].map((title) => ({ title })),
    rows: items.map((one) => [one.group, one.name, { format: "count", value: one.customers }, one.purpose, one.action, one.sentence]),
  };
};
