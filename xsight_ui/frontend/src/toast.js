// Short messages at the edge of the screen.
import { h, icon } from "./dom.js";

const SHOWN_MS = 8000;
let place = null;

export function toast(text, tone = "info", link = null) {
  place ??= document.body.appendChild(h("div", { class: "xs xs-toasts", "aria-live": "polite" }));
  const message = h("div", { class: "xs-toast", "data-tone": tone, role: tone === "error" ? "alert" : "status" },
    icon(tone === "error" ? "alert" : "check"), h("span", {}, text), link && h("a", { href: link.href }, link.text));
  place.append(message);
  setTimeout(() => message.remove(), SHOWN_MS);
}
