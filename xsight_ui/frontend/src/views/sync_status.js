// How the store is connected, the sync under way or the last one, and how webhooks fare.
import { h, icon } from "../dom.js";
import { ago } from "../format.js";
import { ownStore } from "../names.js";
import { get, me, post } from "../session.js";
import { feed, isActive } from "../sync.js";
import { maySync, progress } from "../sync_panel.js";
import { toast } from "../toast.js";

const SIGNS = { connected: ["good", "check", "Connected"], disconnected: ["bad", "alert", "Disconnected"], none: ["warn", "store", "Not connected"] };
const ASK_EVERY_MS = 15_000;

export function mount(tile, page) {
  const store = h("div", { class: "xs-sync-store" });
  const bar = progress();
  const idle = h("p", { class: "xs-sync-idle" });
  const actions = h("div", { class: "xs-sync-actions" });
  const facts = h("dl", { class: "xs-facts xs-sync-facts" });
  tile.body.replaceChildren(h("div", { class: "xs-sync-status" }, store, h("div", { class: "xs-sync-run" }, idle, bar.element, actions), facts));

  let allowed = true;
  let mayConnect = false;
  let health = null;

  const draw = () => {
    const { connection } = tile.panel;
    const [tone, sign, word] = SIGNS[connection.state] ?? SIGNS.none;
    const since = connection.state === "connected" && connection.since ? `since ${page.format.time(connection.since)}` : null;
    store.replaceChildren(...[
      h("p", { class: "xs-sync-state" }, h("span", { class: "xs-badge", "data-tone": tone }, icon(sign, 13), word), since && h("span", { class: "xs-muted" }, since)),
      connection.note && connection.state !== "connected" && h("p", {}, connection.note),
      h("p", { class: "xs-muted" }, connection.history_since
        ? `History since ${page.format.date(connection.history_since)}: Shopify shows this app the orders of the last 60 days. With the permission read_all_orders, connect again and the whole history is read.`
        : "The whole history of the store is read."),
      connection.state !== "connected" && mayConnect && h("a", { class: "xs-button", href: "/connect" }, icon("store"), "Connect again"),
    ].filter(Boolean));
    drawRun();
    const told = (value) => (value == null ? "–" : page.format.count(value));
    facts.replaceChildren(
      fact("Last webhook", health?.last_received_at ? ago(health.last_received_at) : "–"),
      fact("Applied in the last day", told(health?.done)),
      fact("Waiting", told(health?.waiting)),
      fact("Given up", told(health?.dead), health?.dead > 0 ? "warn" : null));
  };

  const drawRun = () => {
    const { run } = feed;
    const active = isActive(run);
    bar.element.hidden = !run;
    idle.hidden = Boolean(run);
    if (run) bar.update(run);
    const { synced_at: syncedAt } = page.state.spec.freshness;
    idle.replaceChildren(h("strong", {}, syncedAt ? `Synced ${ago(syncedAt)}` : "Not synced yet"),
      h("span", { class: "xs-muted" }, tile.panel.connection.state === "connected" ? "A sync also starts by itself every 15 minutes." : "No sync can run until the store is connected again."));
    actions.replaceChildren(...(active ? [h("button", { type: "button", class: "xs-button", disabled: !allowed, onclick: cancel }, "Cancel")] : []));
  };

  async function cancel(event) {
    event.currentTarget.disabled = true;
    const answer = await post(`/api/v1/tenants/me/sync/${feed.run.run}/cancel`);
    if (answer.ok) feed.tell(answer.body);
    else toast(answer.body?.detail ?? "The sync could not be cancelled.", "error");
  }

  async function askHealth() {
    if (!document.hidden && (await ownStore())) {
      const answer = await get("/api/v1/tenants/me/webhooks");
      if (answer.ok) health = answer.body;
      draw();
    }
  }

  draw();
  feed.on("run", drawRun);
  askHealth();
  const timer = setInterval(askHealth, ASK_EVERY_MS);
  me().then((profile) => {
    allowed = maySync(profile);
    mayConnect = profile?.rights?.includes("connect") ?? false;
    draw();
  });
  return { update: draw, dispose: () => clearInterval(timer) };
}

const fact = (label, value, tone = null) => h("div", {}, h("dt", {}, label), h("dd", { "data-tone": tone }, value));

export const rows = (panel) => ({
  columns: [{ title: "Fact" }, { title: "Value" }],
  rows: [["Connection", panel.connection.state], ["Since", panel.connection.since], ["History since", panel.connection.history_since ?? "all"]],
});
