// The (i) beside a name: what the number means.
import { h, icon } from "./dom.js";
import { popup } from "./popup.js";

let serial = 0;

export function about(name, definition) {
  const text = h("p", { class: "xs-definition", id: `xs-about-${++serial}` }, definition);
  const button = h("button", { type: "button", class: "xs-about", "aria-label": `What is ${name}?`, "aria-controls": text.id }, icon("info", 15));
  popup(button, text);
  return h("span", { class: "xs-anchor" }, button, text);
}
