// The page before its first numbers: what to do, what happens next, and how far it is.
import { h, icon } from "./dom.js";
import { get, me } from "./session.js";
import { feed, isActive } from "./sync.js";
import { beginSync, MAY_NOT_SYNC, maySync, progress } from "./sync_panel.js";

const STEPS = [
  ["Connect your store", "You approve read access in Shopify. XSight never changes your orders or customers."],
  ["Import your history", "Customers, orders, refunds and products are read in bulk. You can close this page meanwhile."],
  ["See your customers", "Segments, cohorts, churn and value are computed from your own rows. The page fills in by itself."],
];

export function onboarding() {
  const bar = progress();
  bar.element.hidden = true;
  const action = h("div", { class: "xs-onboarding-action" });
  const steps = h("ol", { class: "xs-steps" }, STEPS.map(([title, text], i) => h("li", {}, h("span", { class: "xs-step-sign", "aria-hidden": "true" }, String(i + 1)), h("div", {}, h("h3", {}, title), h("p", { class: "xs-muted" }, text)))));
  const element = h("section", { class: "xs-tile xs-onboarding", "aria-labelledby": "xs-onboarding" },
    h("div", { class: "xs-onboarding-text" },
      h("span", { class: "xs-state-sign" }, icon("store", 22)),
      h("h2", { id: "xs-onboarding" }, "Meet your customers"),
      h("p", { class: "xs-muted" }, "Three steps from an empty page to knowing who buys, who leaves and what each is worth."),
      action, bar.element),
    steps);

  const reach = (step) => [...steps.children].forEach((item, i) => (item.dataset.state = i < step ? "done" : i === step ? "current" : "next"));

  let connected = false;
  let allowed = true;
  const draw = () => {
    const { run } = feed;
    const active = isActive(run);
    bar.element.hidden = !run;
    if (run) bar.update(run);
    reach(run?.status === "computing" || run?.status === "completed" ? 2 : active || connected ? 1 : 0);
    const link = h("a", { class: "xs-button xs-button-main", href: "/connect" }, icon("store"), "Connect your store");
    const start = h("button", { type: "button", class: "xs-button xs-button-main", onclick: beginSync }, icon("sync"), run?.status === "failed" ? "Try again" : run?.status === "cancelled" ? "Sync again" : "Sync now");
    const next = !connected ? link : allowed ? start : h("p", { class: "xs-muted" }, MAY_NOT_SYNC);
    action.replaceChildren(...(active || run?.status === "completed" ? [] : [next]));
  };

  draw();
  feed.on("run", () => {
    connected = true; // only a connected store has runs
    draw();
  });
  Promise.all([get("/api/v1/tenants/me"), me()]).then(([{ ok, body }, profile]) => {
    connected ||= ok && isConnected(body);
    allowed = maySync(profile);
    draw();
  });
  return element;
}

const isConnected = (store) => store.shop?.connection === "connected";
