// The shell links the stylesheet itself; a notebook has no shell, so the kit adds it there once.
import { h } from "./dom.js";

export const stylesheet = () => new URL(STYLESHEET, import.meta.url).href;

export function ensureStylesheet() {
  if (document.querySelector("link[data-xsight]")) return Promise.resolve();
  return new Promise((resolve) => {
    document.head.append(h("link", { rel: "stylesheet", href: stylesheet(), "data-xsight": "", onload: resolve, onerror: resolve }));
  });
}
