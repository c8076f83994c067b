// The button that starts a sync and the progress that it turns into.
import { h, icon, s } from "./dom.js";
import { duration } from "./format.js";
import { popup } from "./popup.js";
import { me } from "./session.js";
import { feed, isActive } from "./sync.js";
import { toast } from "./toast.js";

const STEPS = { customers: "Reading customers", products: "Reading products", orders: "Reading orders", refunds: "Reading refunds", insights: "Computing insights" };

export const stepOf = (run) => (run.status === "queued" ? "Waiting to start" : run.status === "computing" ? STEPS.insights : (STEPS[run.step] ?? "Working"));

const number = (value) => new Intl.NumberFormat(navigator.language).format(value);

export const MAY_NOT_SYNC = "Your role in this store cannot start a sync";

/** The API decides; who is not known yet is let try. */
export const maySync = (profile) => !profile?.rights || profile.rights.includes("sync");

const ENDS = { completed: "Up to date", failed: "Sync failed", cancelled: "Sync cancelled" };

/** Starts a sync and says so if that is not possible. */
export async function beginSync() {
  const answer = await feed.begin();
  if (answer.ok) return true;
  const problem = answer.body?.detail ?? answer.body?.title;
  if (answer.status === 401) toast("Your session has ended.", "error", { href: "/login", text: "Log in again" });
  else toast(answer.status === 0 ? "XSight cannot be reached. Check your connection." : (problem ?? "The sync could not be started."), "error");
  return false;
}

/** Percent, step, speed and time left of a run; redraws itself through `update(run)`. */
export function progress() {
  const bar = h("i");
  const rail = h("div", { class: "xs-progress", role: "progressbar", "aria-label": "Sync progress", "aria-valuemin": "0", "aria-valuemax": "100" }, bar);
  const step = h("strong");
  const percent = h("span", { class: "xs-number" });
  const details = h("p", { class: "xs-muted" });
  const element = h("div", { class: "xs-progress-box" }, h("div", { class: "xs-progress-head" }, step, percent), rail, details);
  const update = (run) => {
    const done = run.status === "completed" ? 100 : Math.round(run.percent ?? 0);
    bar.style.width = `${done}%`;
    rail.setAttribute("aria-valuenow", String(done));
    percent.textContent = `${done}%`;
    step.textContent = ENDS[run.status] ?? stepOf(run);
    element.dataset.status = run.status;
    details.textContent = run.status === "failed" ? (run.error?.message ?? "Please try again.") : facts(run);
  };
  return { element, update };
}

function facts(run) {
  const counts = Object.keys(STEPS).filter((what) => run.counts?.[what]).map((what) => `${number(run.counts[what])} ${run.counts[what] === 1 ? what.slice(0, -1) : what}`);
  const speed = isActive(run) && run.rows_per_s > 0 ? `${number(Math.round(run.rows_per_s))} rows/s` : null;
  const left = isActive(run) && run.eta_s != null ? `about ${duration(run.eta_s)} left` : null;
  return [counts.join(", "), speed, left].filter(Boolean).join(" · ");
}

const ring = () => s("svg", { class: "xs-ring", viewBox: "0 0 20 20", width: 16, height: 16, "aria-hidden": "true" },
  s("circle", { cx: 10, cy: 10, r: 8 }), s("circle", { cx: 10, cy: 10, r: 8, pathLength: 100, class: "xs-ring-done" }));

export function syncControl() {
  const label = h("span", {}, "Sync now");
  const sign = h("span", { class: "xs-sync-sign" }, icon("sync", 15));
  const button = h("button", { type: "button", class: "xs-button xs-sync", "aria-live": "polite" }, sign, label);
  const bar = progress();
  const panel = h("div", { class: "xs-sync-panel", role: "group", "aria-label": "Synchronisation" }, bar.element);
  const box = popup(button, panel);

  const draw = (run) => {
    if (!run) return;
    bar.update(run);
    const active = isActive(run);
    const broken = run.status === "failed" || run.status === "cancelled";
    button.dataset.status = run.status;
    label.textContent = active ? (run.status === "computing" ? "Computing" : `Syncing ${Math.round(run.percent ?? 0)}%`) : broken ? ENDS[run.status] : "Sync now";
    if (!button.disabled) button.title = broken ? "Sync again" : "";
    sign.replaceChildren(active ? ring() : icon(run.status === "failed" ? "alert" : "sync", 15));
    if (active) sign.querySelector(".xs-ring-done").style.strokeDashoffset = String(100 - (run.percent ?? 0));
  };
  // Pressing it starts a sync, and shows the one in progress.
  button.addEventListener("click", (event) => {
    if (isActive(feed.run)) return;
    event.stopImmediatePropagation();
    label.textContent = "Starting…";
    beginSync().then((begun) => (begun ? box.show() : (label.textContent = "Sync now")));
  }, { capture: true });
  feed.on("run", draw);
  draw(feed.run);
  me().then((profile) => {
    if (maySync(profile)) return;
    button.disabled = true;
    button.title = MAY_NOT_SYNC;
  });
  return h("span", { class: "xs-anchor" }, button, panel);
}
