// Something that opens beside a button: menus, definitions, the sync panel. Escape and a click elsewhere close it.

let open = null;

/** Makes `panel` appear while `button` is pressed; `menu` lets arrow keys walk its items. */
export function popup(button, panel, { menu = false, onopen } = {}) {
  panel.hidden = true;
  panel.classList.add("xs-popup");
  button.setAttribute("aria-expanded", "false");
  if (menu) {
    button.setAttribute("aria-haspopup", "menu");
    panel.setAttribute("role", "menu");
  }
  const items = () => [...panel.querySelectorAll("[role^=menuitem]:not([hidden])")];
  const self = {
    show() {
      open?.hide();
      onopen?.();
      panel.hidden = false;
      button.setAttribute("aria-expanded", "true");
      open = self;
      keepOnScreen(panel);
      if (menu) items()[0]?.focus();
    },
    hide(refocus = false) {
      panel.hidden = true;
      button.setAttribute("aria-expanded", "false");
      open = null;
      if (refocus) button.focus();
    },
    contains: (node) => panel.contains(node) || button.contains(node),
  };
  button.addEventListener("click", () => (panel.hidden ? self.show() : self.hide()));
  panel.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu || !step) return;
    event.preventDefault();
    const all = items();
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
  });
  if (menu) panel.addEventListener("click", (event) => event.target.closest("[role^=menuitem]") && self.hide(true));
  return self;
}

function keepOnScreen(panel) {
  panel.style.translate = "";
  const { left, right } = panel.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const shift = left < 8 ? 8 - left : right > width - 8 ? width - 8 - right : 0;
  if (shift) panel.style.translate = `${Math.round(shift)}px 0`;
}

addEventListener("keydown", (event) => event.key === "Escape" && open?.hide(true));
addEventListener("pointerdown", (event) => open && !open.contains(event.target) && open.hide());
addEventListener("focusin", (event) => open && !open.contains(event.target) && open.hide());
