// What is chosen on a page lives in its address: a link shows the same view, and back and forward walk through choices.

const listeners = new Set();

/** The page's parameters as they are now. */
export const parameters = () => new URLSearchParams(location.search);

/** Changes parameters (null takes one out) and tells who listens; `replace` where the step back would be tedious. */
export function setParameters(changes, { replace = false } = {}) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value == null || value === "") address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  if (address.href === location.href) return;
  if (replace) history.replaceState(history.state, "", address);
  else history.pushState(null, "", address);
  tell();
}

/** Calls back after every change, by us or by back and forward; gives the way to stop. */
export function onParameters(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = () => {
  for (const listener of listeners) listener();
};

addEventListener("popstate", tell);

/** Address of another page of the dashboard; null where there is none, as in a notebook. */
export const pageAddress = (page, values = {}) => {
  const folder = document.body.dataset.pages;
  const text = new URLSearchParams(values).toString();
  return folder ? `${folder}${page}${text && `?${text}`}` : null;
};
