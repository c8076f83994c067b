// What the panels of Settings share: asking with the viewer's rights, fields with their faults, buttons that ask twice.
import { h, icon, spoken } from "../../dom.js";
import { ownStore } from "../../names.js";
import { get, me } from "../../session.js";
import { skeleton, stateBox } from "../../states.js";
import { toast } from "../../toast.js";

const SURE_FOR_MS = 5000;

/** Shows what `url` answers by `draw(body, profile)`, if the viewer has the right; else says who has. */
export function guarded(tile, { right, url, draw }) {
  const show = (...content) => tile.body.replaceChildren(...content);
  async function load() {
    const profile = await me();
    if (!profile) return show(stateBox({ name: "error", title: "Your session has ended", text: "Log in again to see this." }), h("p", { class: "xs-settings-act" }, h("a", { class: "xs-button", href: "/login" }, "Log in")));
    if (!(await ownStore())) return show(stateBox({ name: "forbidden", title: "Another store is open", text: "In another window you went to another store. Reload this page to see its settings." }));
    if (right && !profile.rights.includes(right)) return show(noRight(profile));
    const answer = url ? await get(url) : { ok: true };
    if (answer.ok) show(...[await draw(answer.body, profile)].flat().filter(Boolean));
    else show(stateBox({ name: "error", title: "This could not be read", text: problemOf(answer) }), h("p", { class: "xs-settings-act" }, h("button", { type: "button", class: "xs-button", onclick: load }, "Try again")));
  }
  show(skeleton());
  load();
  return { reload: load, update() {} };
}

const noRight = ({ tenant }) => stateBox({
  name: "forbidden", title: "Not part of your role",
  text: `You are ${tenant?.role === "admin" || tenant?.role === "owner" || tenant?.role === "analyst" ? "an" : "a"} ${tenant?.role ?? "guest"} in this store. An owner or admin can change that under Members.`,
});

export const problemOf = (answer, fallback = "Please try again in a moment.") =>
  answer.status === 0 ? "XSight cannot be reached. Check your connection." : answer.status === 401 ? "Your session has ended. Log in again." : (answer.body?.detail ?? fallback);

let serial = 0;

/** A label with its control; `fault(text)` says what is wrong with it. */
export function field(label, control, hint = null) {
  const id = `xs-field-${++serial}`;
  control.id = id;
  const text = h("small", { class: "xs-field-hint", id: `${id}-hint` }, hint);
  if (hint) control.setAttribute("aria-describedby", text.id);
  const element = h("div", { class: "xs-field" }, h("label", { for: id }, label), control, text);
  return {
    element, control,
    fault(message) {
      text.textContent = message ?? hint ?? "";
      element.dataset.fault = String(Boolean(message));
      control.setAttribute("aria-invalid", String(Boolean(message)));
      control.setAttribute("aria-describedby", text.id);
    },
  };
}

export const input = (attributes) => h("input", { class: "xs-input", autocomplete: "off", spellcheck: "false", ...attributes });
export const select = (options, value, attributes = {}) => h("select", { class: "xs-input", ...attributes }, options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value) }, text)));
export const check = (label, checked, attributes = {}) => {
  const box = h("input", { type: "checkbox", checked, ...attributes });
  return { element: h("label", { class: "xs-check" }, box, h("span", {}, label)), box };
};

/** A form of fields by name: sends, shows a refusal at its field. `send()` gives the API's answer, `done(body)` follows. */
export function form(fields, extra, { label, send, done }) {
  const button = h("button", { type: "submit", class: "xs-button xs-button-main" }, label);
  const element = h("form", { class: "xs-form", novalidate: true, onsubmit: submit }, Object.values(fields).map((one) => one.element), extra, h("p", { class: "xs-settings-act" }, button));
  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    for (const one of Object.values(fields)) one.fault?.(null);
    const answer = await send();
    button.disabled = false;
    if (answer.ok) return done(answer.body);
    const name = (answer.body?.field ?? "").split(/[.[]/)[0];
    const at = fields[name];
    if (at?.fault) {
      at.fault(problemOf(answer));
      at.control.focus();
    } else toast(problemOf(answer), "error");
  }
  return element;
}

/** A button whose first press asks, whose second does it. */
export function twice(text, question, run, attributes = {}) {
  let timer = null;
  const button = h("button", { type: "button", class: "xs-button xs-button-small", ...attributes }, text);
  const name = button.getAttribute("aria-label");
  const rest = () => {
    clearTimeout(timer);
    timer = null;
    button.textContent = text;
    if (name) button.setAttribute("aria-label", name);
    delete button.dataset.sure;
  };
  button.addEventListener("click", async () => {
    if (!timer) {
      button.textContent = question;
      button.removeAttribute("aria-label");
      button.dataset.sure = "";
      timer = setTimeout(rest, SURE_FOR_MS);
      return;
    }
    rest();
    button.disabled = true;
    await run();
    button.disabled = false;
  });
  return button;
}

/** Does it and says how it went. */
export async function attempt(asked, said, after) {
  const answer = await asked;
  toast(answer.ok ? said : problemOf(answer), answer.ok ? "info" : "error");
  await after?.(answer);
}

/** Something that is shown this once, to be copied. */
export function once(title, text, note) {
  const copy = h("button", { type: "button", class: "xs-button", onclick: async () => {
    await navigator.clipboard?.writeText(text).then(() => toast("Copied."), () => toast("Select the text and copy it.", "error"));
  } }, "Copy");
  return h("div", { class: "xs-once", role: "status" }, h("strong", {}, title), h("code", { tabindex: "0" }, text), h("p", { class: "xs-muted" }, note), copy);
}

export const badge = (text, tone) => h("span", { class: "xs-badge", "data-tone": tone }, text);

/** A plain table whose first column heads its rows; `cells` are texts or elements. */
export function table(label, titles, rows, empty) {
  if (!rows.length) return stateBox({ name: "empty", title: empty });
  return h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", { class: "xs-list" },
    h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title.startsWith("!") ? spoken(title.slice(1)) : title)))),
    h("tbody", {}, rows.map(({ key, cells }) => h("tr", { "data-row": key }, cells.map((cell, i) => h(i ? "td" : "th", i ? {} : { scope: "row" }, cell)))))));
}

export const facts = (pairs) => h("dl", { class: "xs-facts" }, pairs.filter(([, value]) => value != null).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
export const notice = (tone, title, text) => h("p", { class: "xs-verdict", "data-tone": tone }, icon(tone === "good" ? "check" : "alert", 18), h("span", {}, h("strong", {}, title), h("span", {}, text)));
