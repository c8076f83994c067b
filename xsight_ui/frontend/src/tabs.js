// One group of rows at a time, chosen by tabs; the choice stands in the address.
import { h } from "./dom.js";

let listening = null;

/** The bar for `spec.tabs`; `rows` are the page's row elements, in the order of the spec's rows. */
export function tabBar(page, rows) {
  const { tabs, rows: places } = page.state.spec;
  const shown = new Set();
  const known = (key) => tabs.some((tab) => tab.key === key);
  const inAddress = () => {
    const key = new URLSearchParams(location.search).get("tab");
    return known(key) ? key : tabs[0].key;
  };
  const tabOf = (i) => tabs.find(({ panels }) => panels.includes(places[i].panels[0])).key;
  const buttons = tabs.map(({ key, label }) => h("button", { type: "button", role: "tab", id: `xs-tab-${key}`, "data-tab": key, onclick: () => choose(key, true) }, label));
  rows.forEach((row, i) => {
    row.setAttribute("role", "tabpanel");
    row.setAttribute("aria-labelledby", `xs-tab-${tabOf(i)}`);
  });

  function choose(key, byHand = false) {
    for (const button of buttons) {
      const on = button.dataset.tab === key;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
      if (on) button.scrollIntoView?.({ block: "nearest", inline: "nearest" });
    }
    rows.forEach((row, i) => (row.hidden = tabOf(i) !== key));
    if (byHand) {
      const address = new URL(location.href);
      address.searchParams.set("tab", key);
      history.pushState(null, "", address);
    }
    if (shown.size && !shown.has(key)) for (const name of tabs.find((tab) => tab.key === key).panels) page.tiles.get(name).show();
    shown.add(key);
  }

  function walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = step ? buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length] : { Home: buttons[0], End: buttons.at(-1) }[event.key];
    if (!to) return;
    event.preventDefault();
    to.focus();
    choose(to.dataset.tab, true);
  }

  choose(inAddress());
  listening?.abort();
  listening = new AbortController();
  addEventListener("popstate", () => choose(inAddress()), { signal: listening.signal });
  return h("div", { class: "xs-tabs", role: "tablist", "aria-label": page.state.spec.title, onkeydown: walk }, buttons);
}
