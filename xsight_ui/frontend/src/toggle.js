// A row of buttons of which one is pressed.
import { h } from "./dom.js";

export function toggle(label, options, value, onchange) {
  const buttons = options.map(([key, text]) => h("button", { type: "button", "aria-pressed": String(key === value), "data-key": String(key), onclick: () => choose(key) }, text));
  const choose = (key) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.key === String(key)));
    onchange(key);
  };
  return h("div", { class: "xs-toggle", role: "group", "aria-label": label }, buttons);
}
