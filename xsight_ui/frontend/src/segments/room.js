// One segment, or the builder, in the page's place. Fetched when a segment is first opened.
import { h, icon } from "../dom.js";
import { ago } from "../format.js";
import { ownStore } from "../names.js";
import { get, me, post, remove } from "../session.js";
import { skeleton, stateBox } from "../states.js";
import { Tile } from "../tile.js";
import { toast } from "../toast.js";
import { go, link } from "./place.js";

export { acts, actsRows, lift, liftRows } from "./acts.js";
export { members, membersRows, moves, movesRows } from "./members.js";
export { overlap, overlapRows } from "./overlap.js";
export { rule, ruleRows } from "./rule.js";

const REFRESH_EVERY_MS = 700;
const REFRESH_TRIES = 60;

const away = (text) => h("a", { class: "xs-room-back", ...link({}) }, "← ", text);
const failed = (answer, what) => stateBox({ name: "error", title: what, text: answer.status === 0 ? "XSight cannot be reached. Check your connection." : (answer.body?.detail ?? "Reload in a moment.") });

/** Shows what `asked` names; whatever was shown before goes. */
export async function enter(room, page, asked) {
  room.leave?.();
  room.leave = null;
  const stays = () => room.asked === asked;
  room.asked = asked;
  if (!(await ownStore()) || !stays()) return;
  if (asked.new != null || asked.edit != null) {
    room.replaceChildren(away("Segments"), h("section", { class: "xs-tile xs-builder-tile", "aria-label": "Builder" }, skeleton()));
    const { open } = await import("./builder.jsx");
    if (stays()) room.leave = await open(room.lastChild, page, asked);
    return;
  }
  await detail(room, page, asked, stays);
}

async function detail(room, page, { id, tags }, stays) {
  const stored = page.state.spec.panels.saved?.items.find((one) => one.id === id);
  room.replaceChildren(away("Segments"), stored ? head(stored, page) : skeleton());
  const [answer, sizes, profile] = await Promise.all([get(`/api/v1/segments/${id}`), get(`/api/v1/segments/${id}/sizes`), me()]);
  if (!stays()) return;
  if (!answer.ok) return void room.replaceChildren(away("Segments"), failed(answer, answer.status === 404 ? "There is no such segment" : "This segment cannot be read"));
  const one = answer.body;
  const rights = new Set(profile?.rights ?? []);
  const last = sizes.ok ? sizes.body.items.at(-1) : null;
  const known = { ...stored, ...one, net_minor: last?.net_minor ?? stored?.net_minor ?? null };
  const { customers, net_minor: sales } = page.state.spec.panels.saved;
  known.share = customers && one.members != null ? one.members / customers : null;
  known.net_share = sales && known.net_minor != null ? known.net_minor / sales : null;
  const tiles = panels(known, sizes.body?.items ?? [], rights, tags).map(([layout, row]) => h("div", { class: "xs-row", "data-layout": layout }, row.map(([key, panel]) => {
    const tile = new Tile(key, panel, page);
    tile.show();
    return tile.element;
  })));
  room.replaceChildren(away("Segments"), head(known, page, rights), ...tiles);
  if (one.refreshed_at == null && !one.trouble) await worked(room, page, id, stays);
}

/** Waits until who is in it has been worked out, and shows that. */
async function worked(room, page, id, stays, since = null) {
  for (let left = REFRESH_TRIES; left && stays(); left--) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH_EVERY_MS));
    const answer = await get(`/api/v1/segments/${id}`);
    if (!stays()) return;
    if (!answer.ok || answer.body.trouble || (answer.body.refreshed_at && answer.body.refreshed_at !== since)) return void go({ id }, { replace: true });
  }
}

function head(one, page, rights = new Set()) {
  const { format } = page;
  const figure = (label, value, note) => h("div", {}, h("dt", {}, label), h("dd", {}, value, note && h("small", {}, note)));
  const may = rights.has("segments") && !one.masked;
  return h("header", { class: "xs-tile xs-room-head", "data-segment-id": one.id },
    h("div", { class: "xs-room-title" }, h("div", {}, h("h2", { tabindex: "-1" }, one.name), one.note && h("p", { class: "xs-muted" }, one.note)),
      h("div", { class: "xs-room-tools" },
        may && h("button", { type: "button", class: "xs-button", onclick: () => go({ id: one.id, edit: "1" }) }, "Edit"),
        may && h("button", { type: "button", class: "xs-button", onclick: (event) => refresh(event.currentTarget, one, page) }, icon("sync", 15), "Work out anew"),
        may && h("button", { type: "button", class: "xs-button", onclick: (event) => discard(event.currentTarget, one) }, "Remove"))),
    one.trouble && h("p", { class: "xs-verdict", "data-tone": "warn" }, icon("alert", 18), h("span", {}, h("strong", {}, "This rule cannot be worked out"), h("span", {}, `${one.trouble.message} (${one.trouble.field})`))),
    h("dl", { class: "xs-room-figures" },
      figure("Customers", one.members == null ? "–" : format.count(one.members), one.share != null && `${format.percent(one.share)} of all`),
      figure("Net sales", format.moneyShort(one.net_minor), one.net_share != null && `${format.percent(one.net_share)} of all`),
      figure("Each", one.members ? format.money(Math.round((one.net_minor ?? 0) / one.members)) : "–", "net sales per customer"),
      figure("Worked out", one.refreshed_at ? ago(one.refreshed_at) : "in a moment", one.refreshed_at && format.time(one.refreshed_at))));
}

async function refresh(button, one, page) {
  button.disabled = true;
  const answer = await post(`/api/v1/segments/${one.id}/refresh`);
  if (!answer.ok) {
    button.disabled = false;
    return void toast(answer.body?.detail ?? "It could not be begun.", "error");
  }
  const room = button.closest(".xs-room");
  const { asked } = room;
  await worked(room, page, one.id, () => room.asked === asked, one.refreshed_at);
}

/** Asked twice: its history goes with it. */
async function discard(button, one) {
  if (button.dataset.sure == null) {
    button.dataset.sure = "";
    button.textContent = "Remove with its history?";
    return;
  }
  const answer = await remove(`/api/v1/segments/${one.id}`);
  if (!answer.ok) return void toast(answer.body?.detail ?? "It could not be removed.", "error");
  toast(`“${one.name}” is removed.`);
  go({});
  document.querySelector(`tr[data-segment-id="${one.id}"]`)?.remove();
}

function panels(one, sizes, rights, tags) {
  const { id, masked } = one;
  const hidden = masked ? { name: "no_right", title: "Personal data", text: "Its rule asks what names a person; you may not see who is in it." } : undefined;
  const soon = one.refreshed_at ? hidden : { name: "empty", title: "Worked out in a moment", text: "Who is in it is worked out by the next refresh." };
  const act = rights.has("segments") && !masked;
  const cell = (what) => `shop.sql("${what} WHERE segment_id = %(id)s", {"id": "${id}"})`;
  return [
    ["lead", [
      ["size", { kind: "segment_size", title: "Size", subtitle: "Customers, day by day", definition: "How many were in it at the end of each day on which it was worked out.", sizes, height: 250, cell: cell("SELECT day, members, net_minor FROM segment_sizes"), state: sizes.length ? undefined : soon }],
      ["rule", { kind: "segment_rule", title: "Rule", subtitle: "Whoever it finds is in the segment", definition: "The rule in words, as the one SQL statement that defines it, and in Shopify’s segment language.", id, rule: one.rule, sentence: one.sentence, height: 250, state: hidden }]]],
    ["lead", [
      ["members", { kind: "segment_members", title: "Members", subtitle: "Who is in it, or was on a past day", definition: "A past day is told from the comings and goings since the segment was saved.", id, height: 400, state: soon }],
      ["moves", { kind: "segment_moves", title: "Came and left", subtitle: "The newest first", definition: "Who came into the segment and who left it, each time it was worked out. The first time nobody comes: who is there is there.", id, height: 400, cell: cell("SELECT day, customer_id, entered FROM segment_events"), state: soon }]]],
    ...(act && one.refreshed_at ? [["full", [["acts", { kind: "segment_acts", title: "Act on it", subtitle: "A file, or a tag in Shopify; some may be held out to measure the effect", definition: "Held out: a random share, the same of every tenth by what customers spent, gets nothing. What they buy later, beside the others, is the effect.", id, name: one.name, tags, may: { export: rights.has("export"), connect: rights.has("connect") }, shop: null }]]]] : []),
    ["full", [["lift", { kind: "segment_lift", title: "What was done, and what it brought", subtitle: "Later orders and net sales per customer, treated beside held out", definition: "Difference of the means with its 95 % interval, customers compared with those who had spent alike. An interval that holds 0 shows no effect yet.", id, may: act, state: hidden }]]],
    ["full", [["overlap", { kind: "segment_overlap", title: "Overlap", subtitle: "With other segments of yours", definition: "Jaccard index: customers in both over customers in either.", id, name: one.name, state: hidden }]]],
  ];
}
