// The frame's own behaviour: theme, menus, what the viewer may see.
import { h, icon, spoken } from "./dom.js";
import { logIn } from "./link.js";
import { popup } from "./popup.js";
import { isOver, me, post } from "./session.js";
import { theme } from "./theme.js";
import { toast } from "./toast.js";

const $ = (id) => document.getElementById(id);

export function startShell() {
  $("xs-theme").addEventListener("click", () => theme.toggle());
  popup($("xs-user"), $("xs-user-menu"), { menu: true });
  popup($("xs-store"), $("xs-store-menu"), { menu: true });
  $("xs-search").addEventListener("click", search);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writes(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    search();
  });
  // a dashboard server asks the Hub every few seconds only: a page that comes after the log-out is not to stay
  me().then((profile) => (profile ? admit(profile) : isOver() && location.replace(logIn())));
}

const writes = (place) => place.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(place.tagName);
const search = async () => (await import("./search.js")).openSearch();

/** What depends on the viewer: the stores they may switch to, and the workbench. */
function admit({ tenants = [], tenant, rights = [] }) {
  const current = document.body.dataset.tenant;
  const others = tenants.filter(({ slug }) => slug !== current);
  $("xs-store-menu").prepend(...others.map((store) => h("button", { type: "button", role: "menuitem", onclick: () => visit(store) }, icon("store"), h("span", {}, store.name))));
  for (const item of document.querySelectorAll("[data-right]")) item.hidden = !rights.includes(item.dataset.right);
  if (tenant && tenant.slug !== current) toast(`You are at ${tenant.name} in another window.`, "info", { href: "/app/overview", text: "Go there" });
}

/** How many alerts fire, beside the way to them. */
export function showAlerts(count) {
  const link = document.querySelector('.xs-nav a[href$="app/settings"]');
  link?.querySelector(".xs-nav-count")?.remove();
  if (!link || !count) return;
  link.append(h("b", { class: "xs-nav-count", title: `${count} ${count === 1 ? "alert" : "alerts"} firing` }, String(count), spoken(count === 1 ? " alert fires" : " alerts fire")));
}

async function visit(store) {
  const answer = await post("/api/auth/tenant", { tenant: store.id });
  if (answer.ok) location.assign(answer.body.next);
  else toast(`${store.name} cannot be opened just now.`, "error");
}
