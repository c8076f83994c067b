// The shop behind the store: how it is connected, and by which rules its orders are counted.
import { h, icon } from "../../dom.js";
import { get, me, post } from "../../session.js";
import { attempt, badge, facts, guarded, notice, twice } from "./common.js";

const STATES = { connected: ["good", "Connected"], disconnected: ["bad", "Disconnected"], none: ["warn", "Not connected"] };

export function connection(tile, page) {
  let rights = null;
  const draw = () => {
    const { connection: link } = tile.panel;
    const { shop, freshness } = page.state.spec;
    const [tone, word] = STATES[link.state] ?? STATES.none;
    const may = rights?.includes("connect");
    tile.body.replaceChildren(...[
      link.state === "disconnected" && notice("warn", "No sync can run", link.note ?? "Connect the store again; nothing that was synced is lost."),
      freshness.history_since && notice("warn", `History since ${page.format.date(freshness.history_since)}`, "Shopify shows this app the last 60 days of orders. Grant the permission read_all_orders, connect again, and the whole history is read."),
      facts([
        ["Connection", badge(word, tone)],
        ["Shop", shop.domain ?? "–"],
        ["Connected since", link.since ? page.format.time(link.since) : null],
        ["Currency", shop.currency],
        ["Time zone, for every day boundary", shop.timezone],
        ["Plan", link.plan],
        ["Permissions", link.scopes?.length ? link.scopes.join(", ") : null],
      ]),
      rights === null ? h("p", { class: "xs-settings-act" }) : may
        ? h("p", { class: "xs-settings-act" },
          h("a", { class: "xs-button", href: "/connect" }, icon("store"), link.state === "connected" ? "Connect again" : "Connect your store"),
          link.state === "connected" && twice("Disconnect", "Stop reading this shop?", disconnect))
        : h("p", { class: "xs-settings-act xs-muted" }, "Owners and admins connect and disconnect the store."),
    ].filter(Boolean));
  };
  async function disconnect() {
    await attempt(post("/api/v1/tenants/me/disconnect"), "Disconnected. To take the access away altogether, remove the app in Shopify as well.", async () => {
      const spec = await get(`${document.body.dataset.pages}settings.json`);
      if (spec.ok) page.state.take(spec.body);
    });
  }
  draw();
  me().then((profile) => {
    rights = profile?.rights ?? [];
    draw();
  });
  return { update: draw };
}

const COUNTED = [
  ["Test orders", "left out"],
  ["Cancelled orders", "left out"],
  ["Orders of nothing (0.00)", "counted"],
  ["Guests", "in sales and orders, not among customers"],
  ["Sales", "net: after discounts and returns"],
  ["Returns", "on the day of the order; by refund day on request"],
  ["A day", "midnight to midnight in the shop’s time zone"],
];

export function rules(tile) {
  return guarded(tile, {
    right: "read", url: "/api/v1/analytics/runs?limit=1",
    draw: ({ items }) => [
      facts(COUNTED),
      h("p", { class: "xs-muted xs-foot" }, items.length
        ? `In force since the computation as of ${items[0].as_of}. They are the same for every store of this installation and cannot be changed here.`
        : "In force from the first computation on. They are the same for every store of this installation."),
    ],
  });
}
