// What the viewer has chosen on a page. It stands in the address, so that a link and the back button show the same; in a
// notebook, whose address is not ours, it is kept here.

const ours = () => document.body?.dataset.pages != null;
const kept = new URLSearchParams();
const listeners = new Set();

/** All choices as they stand; to be read only. */
export const current = () => (ours() ? new URLSearchParams(location.search) : kept);
const tell = () => listeners.forEach((listener) => listener());

/** The choice of that name where it is one of `allowed` (values, or a test), else `fallback`. */
export function chosen(name, fallback = null, allowed = null) {
  const value = current().get(name);
  const known = typeof allowed === "function" ? allowed : (word) => !allowed || allowed.includes(word);
  return value != null && known(value) ? value : fallback;
}

/** Makes choices: values by name, null for the page's own default. */
export function choose(values) {
  const next = new URLSearchParams(current());
  for (const [name, value] of Object.entries(values)) value == null ? next.delete(name) : next.set(name, value);
  if (next.toString() === current().toString()) return;
  if (ours()) {
    const address = new URL(location.href);
    address.search = next;
    history.pushState(history.state, "", address);
  } else {
    for (const name of [...kept.keys()]) kept.delete(name);
    for (const [name, value] of next) kept.set(name, value);
  }
  tell();
}

/** Calls `listener` whenever a choice changes, also by back and forward; the result ends that. */
export function onChoice(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

addEventListener("popstate", tell);

export const isDay = (word) => /^\d{4}-\d\d-\d\d$/.test(word) && !Number.isNaN(Date.parse(word));

/** The day so many days before another. */
export const daysBefore = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) - days * 86400000).toISOString().slice(0, 10);

/** Address of another page with choices made, or null where the navigation does not have it. */
export function pageLink(page, values = {}) {
  const link = document.querySelector(`.xs-nav a[href$="/app/${page}"]`);
  return link && `${link.getAttribute("href")}?${new URLSearchParams(values)}`;
}
