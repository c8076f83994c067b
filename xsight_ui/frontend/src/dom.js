// Element helpers. Text always goes in as text nodes, never as HTML.

/** Element with attributes, listeners (onclick: f) and children. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value != null && value !== false) element.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child != null && child !== false) element.append(child);
  return element;
}

const ICONS = {
  up: "M7 17 17 7M9 7h8v8",
  down: "M7 7l10 10M17 9v8H9",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  info: "M12 11v5M12 8h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  sync: "M20 11a8 8 0 0 0-14.3-4L4 9m0-5v5h5M4 13a8 8 0 0 0 14.3 4L20 15m0 5v-5h-5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6 6 18",
  alert: "M12 9v4M12 17h.01M10.3 4.3 2.6 17.6A2 2 0 0 0 4.3 20.6h15.4a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0",
  store: "M4 10v9h16v-9M3 10l2-6h14l2 6a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0",
  download: "M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  rows: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 10v9",
  code: "M9 8l-4 4 4 4M15 8l4 4-4 4",
  plus: "M12 5v14M5 12h14",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 20 20",
  calendar: "M4 6h16v14H4zM4 10.5h16M8 3.5V8M16 3.5V8",
  views: "M5 4h14v16l-7-4.5L5 20z",
  cart: "M3 4h2.5l2 11h10l2-8H6.3M9 19.5h.01M16 19.5h.01",
  back: "M15 5l-7 7 7 7",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  link: "M9 6H5v13h13v-4M13 4h7v7M20 4 11 13",
  chart: "M4 20V4M4 20h16M8 16v-4M12.5 16V8M17 16v-6",
};

/** A line icon that takes the colour of its text; decoration only. */
export function icon(name, size = 16) {
  return s("svg", { viewBox: "0 0 24 24", width: size, height: size, class: "xs-icon", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));
}

/** Text for screen readers only. */
export const spoken = (text) => h("span", { class: "xs-spoken" }, text);

export const nextFrame = () =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 100); // a hidden tab has no frames
  });

export const whenIdle = () =>
  new Promise((resolve) => (globalThis.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 150 }) : setTimeout(resolve, 30)));
