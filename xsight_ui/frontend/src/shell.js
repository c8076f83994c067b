// The frame's own behaviour: theme, menus, what the viewer may see.
import { h, icon } from "./dom.js";
import { popup } from "./popup.js";
import { me } from "./session.js";
import { theme } from "./theme.js";

const $ = (id) => document.getElementById(id);

export function startShell() {
  $("xs-theme").addEventListener("click", () => theme.toggle());
  popup($("xs-user"), $("xs-user-menu"), { menu: true });
  popup($("xs-store"), $("xs-store-menu"), { menu: true });
  me().then((profile) => profile && admit(profile));
}

/** What depends on the viewer: the stores they may switch to, and the workbench. */
function admit({ tenants = [], tenant, rights = [] }) {
  const current = document.body.dataset.tenant;
  const others = tenants.filter(({ slug }) => slug !== current);
  $("xs-store-menu").append(...others.map(({ slug, name }) => h("a", { role: "menuitem", href: `/app/overview?tenant=${encodeURIComponent(slug)}` }, icon("store"), h("span", {}, name ?? slug))));
  for (const item of document.querySelectorAll("[data-right]")) item.hidden = !rights.includes(item.dataset.right);
  const session = tenant?.slug ?? tenant;
  if (session && session !== current) document.body.dataset.foreign = "";
}
