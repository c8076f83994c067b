// The page before its first numbers: what to do, what happens next, and how far it is.
import { h, icon } from "./dom.js";
import { get, me } from "./session.js";
import { feed, isActive } from "./sync.js";
import { beginSync, MAY_NOT_SYNC, maySync, progress } from "./sync_panel.js";

const STEPS = [
  ["Connect your store", "You approve read access in Shopify. XSight never changes your orders or customers."],
  ["Import your history", "Customers, orders, refunds and products are read in bulk. You can close this page meanwhile."],
  ["Compute", "Segments, cohorts, churn and value are worked out from your own rows. A minute or two, even for a large shop."],
  ["See your customers", "The pages fill in by themselves, and are kept up to date every 15 minutes."],
];

/** What stands at each step: a heading, what happens next, and what can be done about it. */
function stage(run, store, allowed) {
  const connected = store === "connected";
  const now = run?.status;
  if (isActive(run) && now !== "computing") return { step: 1, title: "Your history is on its way", text: "What comes next: the numbers are computed, and this page turns into your Overview by itself." };
  if (now === "computing" || now === "completed") return { step: 2, title: "Everything is here", text: "Your numbers are being worked out now. This page turns into your Overview when they are ready." };
  if (store === "disconnected") return { step: 0, title: "Your store is disconnected", text: "Nothing that was read is lost. Connect it again and the import goes on.", act: "connect" };
  if (now === "failed" && run.step === "insights") return { step: 2, title: "The numbers could not be computed", text: "Every row is here; only the computation failed. Try again; if it fails again, tell your administrator.", act: allowed ? "again" : null };
  if (now === "failed") return { step: 1, title: "The import broke off", text: "What was read so far is kept, and the next try goes on from there.", act: allowed ? "again" : null };
  if (now === "cancelled") return { step: 1, title: "The import was cancelled", text: "What was read so far is kept. Begin again whenever you like.", act: allowed ? "resume" : null };
  if (connected) return { step: 1, title: "Your store is connected", text: "Next: bring in its history. A small shop takes seconds, a million orders some minutes; you see how far it is.", act: allowed ? "sync" : null };
  return { step: 0, title: "Meet your customers", text: "Four steps from an empty page to knowing who buys, who leaves and what each is worth.", act: "connect" };
}

const ACTS = { sync: "Sync now", again: "Try again", resume: "Sync again" };

export function onboarding() {
  const bar = progress();
  bar.element.hidden = true;
  const title = h("h2", { id: "xs-onboarding" });
  const text = h("p", { class: "xs-muted", role: "status" });
  const limit = h("p", { class: "xs-verdict", "data-tone": "warn", hidden: true });
  const action = h("div", { class: "xs-onboarding-action" });
  const steps = h("ol", { class: "xs-steps" }, STEPS.map(([title, text], i) => h("li", {}, h("span", { class: "xs-step-sign", "aria-hidden": "true" }, String(i + 1)), h("div", {}, h("h3", {}, title), h("p", { class: "xs-muted" }, text)))));
  const element = h("section", { class: "xs-tile xs-onboarding", "aria-labelledby": "xs-onboarding" },
    h("div", { class: "xs-onboarding-text" },
      h("span", { class: "xs-state-sign" }, icon("store", 22)),
      title, text, action, bar.element, limit),
    steps);

  const reach = (step) => [...steps.children].forEach((item, i) => (item.dataset.state = i < step ? "done" : i === step ? "current" : "next"));

  let store = "none";
  let mayConnect = true;
  let allowed = true;
  const draw = () => {
    const { run } = feed;
    const now = stage(run, store, allowed);
    bar.element.hidden = !run;
    if (run) bar.update(run);
    reach(now.step);
    title.textContent = now.title;
    text.textContent = now.text;
    const next = now.act === "connect"
      ? mayConnect ? h("a", { class: "xs-button xs-button-main", href: "/connect" }, icon("store"), "Connect your store") : h("p", { class: "xs-muted" }, "An owner or admin of this store connects it.")
      : now.act ? h("button", { type: "button", class: "xs-button xs-button-main", onclick: beginSync }, icon("sync"), ACTS[now.act])
      : !allowed && !isActive(run) && now.step < 2 ? h("p", { class: "xs-muted" }, `${MAY_NOT_SYNC}. An owner, admin, analyst or marketer can.`) : null;
    action.replaceChildren(...(next ? [next] : []));
  };

  draw();
  feed.on("run", () => {
    if (store === "none") store = "connected"; // only a connected store has runs
    draw();
  });
  Promise.all([get("/api/v1/tenants/me"), me()]).then(async ([{ ok, body }, profile]) => {
    if (ok) store = body.shop?.connection ?? store;
    allowed = maySync(profile);
    mayConnect = !profile?.rights || profile.rights.includes("connect");
    const since = body?.shop?.history_since;
    limit.hidden = !since;
    if (since) limit.replaceChildren(icon("alert", 18), h("span", {}, h("strong", {}, `History since ${since}`), h("span", {}, "Shopify shows this app the last 60 days of orders. Grant it read_all_orders and connect again, and the whole history is read.")));
    draw();
    if (store === "none" || feed.run) return;
    const latest = await get("/api/v1/tenants/me/sync-status"); // one that ended before this page was opened
    if (latest.ok && latest.body.run && !feed.run) feed.tell(latest.body.run);
  });
  return element;
}
