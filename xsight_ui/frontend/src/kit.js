// The bundle's entry: what the shell and the widgets call.
import { onParameters, parameters, setParameters } from "./address.js";
import { h } from "./dom.js";
import { Kernel } from "./kernel.js";
import { PageView } from "./page.js";
import { followRuns, refresh } from "./refresh.js";
import { startShell } from "./shell.js";
import { ensureStylesheet } from "./stylesheet.js";
import { showLink } from "./link.js";
import { feed } from "./sync.js";
import { Tile } from "./tile.js";
import { formatter } from "./format.js";
import { PageState } from "./model.js";

const STAMP_EVERY_MS = 60_000;
const here = (globalThis.xsight ??= {});

/** Called by the shell, before any kernel: paints the inlined spec. */
export function start() {
  const spec = JSON.parse(document.getElementById("xs-spec").textContent);
  here.page = new PageView(document.getElementById("xs-page"), spec);
  const painted = here.page.paint();
  startShell();
  follow(here.page);
  watchOrder(here.page);
  return painted;
}

/** An order's button, wherever it stands, puts its number into the address; the address opens it. */
function watchOrder(page) {
  let shown = null;
  const draw = async () => {
    const asked = parameters().get("order");
    const id = /^\d{1,19}$/.test(asked ?? "") ? asked : null;
    if (id === shown) return;
    shown = id;
    (await import("./order.js")).showOrder(id, page);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-order]");
    if (button) setParameters({ order: button.dataset.order });
  });
  onParameters(draw);
  draw();
}

/** Keeps a page up to date with the tenant's syncs. */
function follow(page) {
  feed.on("update", (insights) => refresh(page, insights));
  feed.on("run", (run) => run.status === "completed" && page.checkFreshness());
  feed.on("run", (run) => page.state.spec.page === "sync" && followRuns(page, run));
  feed.on("link", showLink);
  page.checkFreshness();
  feed.start();
  setInterval(() => page.drawStamp(), STAMP_EVERY_MS);
}

/** Called by what follows the frame: the page's kernel is there. Its model joins the page once the first screen is painted. */
export function attach(id) {
  here.kernel = new Kernel(document.body.dataset.baseUrl, id, (model) => renderPage({ model }));
}

/** Called at the end of the document: the page's notebook has run. */
export function ran() {
  here.kernel?.ran();
}

/** render() of the Page widget: takes over the painted page, or paints it where there is none (JupyterLab). */
export async function renderPage({ model, el }) {
  const spec = model.get("spec");
  let page = here.page;
  if (page?.state.spec.page !== spec.page) {
    await ensureStylesheet();
    page = new PageView(el, spec);
    el.classList.add("xs-in-notebook");
    await page.paint();
    follow(page);
  }
  await here.firstScreen;
  page.state.attach(model);
  performance.mark("xs-live");
}

/** render() of a Panel on its own. */
export async function renderPanel({ model, el }) {
  await ensureStylesheet();
  const { shop = {}, daily = null, days = null } = model.get("context");
  const panel = model.get("panel");
  const state = new PageState({ shop, daily, panels: { [panel.kind]: panel } }, days);
  const tile = new Tile(panel.kind, panel, { state, format: formatter(shop) });
  el.classList.add("xs", "xs-in-notebook");
  el.append(h("div", { class: "xs-row", "data-layout": "full" }, tile.element));
  await tile.show();
  model.on("change:panel", () => tile.update(model.get("panel")));
}

/** render() of the builder of segments on its own. */
export async function renderBuilder({ model, el }) {
  await ensureStylesheet();
  el.classList.add("xs", "xs-in-notebook", "xs-builder-alone");
  const { widget } = await import("./segments/builder.jsx");
  return widget(model, el);
}
