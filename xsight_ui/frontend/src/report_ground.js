// What the views' modules expect of a browser when they are loaded. Reports use none of it: only the numbers behind tiles.
const nothing = new Proxy(function () {}, {
  get: (_, key) => (key === "then" ? undefined : key === Symbol.toPrimitive ? () => "" : nothing),
  apply: () => nothing,
  construct: () => nothing,
  set: () => true,
});

for (const name of ["window", "document", "location", "history", "localStorage", "matchMedia", "addEventListener", "getComputedStyle", "requestAnimationFrame", "ResizeObserver", "MutationObserver", "IntersectionObserver", "HTMLElement", "Element", "Node", "customElements"]) {
  globalThis[name] ??= nothing;
}
