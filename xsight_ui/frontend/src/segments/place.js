// Where on the Segments page one is: the address says it, so that a link, back and forward lead there.
const KEYS = ["id", "edit", "new", "tags"];
const listeners = new Set();

export const place = () => {
  const asked = new URLSearchParams(location.search);
  return Object.fromEntries(KEYS.map((key) => [key, asked.get(key)]));
};

export const addressOf = (wanted = {}) => {
  const address = new URL(location.href);
  for (const key of KEYS) {
    if (wanted[key] == null) address.searchParams.delete(key);
    else address.searchParams.set(key, wanted[key]);
  }
  return address.href;
};

export function go(wanted = {}, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](history.state, "", addressOf(wanted));
  for (const listener of listeners) listener();
}

export const onPlace = (listener) => listeners.add(listener);

/** Attributes of a link that moves within the page. */
export const link = (wanted) => ({
  href: addressOf(wanted),
  onclick: (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(wanted);
  },
});

addEventListener("popstate", () => {
  for (const listener of listeners) listener();
});
