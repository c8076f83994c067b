// Named views of a list: those that come with the page, those that members keep. A view is a piece of address.
import { setParameters, parameters } from "./address.js";
import { h, icon } from "./dom.js";
import { popup } from "./popup.js";
import { me, get, post, remove } from "./session.js";
import { toast } from "./toast.js";

const PATH = "/api/v1/views";

/** `ownWords()` gives the view that is shown now. */
export function viewsMenu(panel, ownWords) {
  const button = h("button", { type: "button", class: "xs-button xs-button-small" }, icon("views", 14), "Views");
  const own = h("div", {});
  const name = h("input", { type: "text", maxlength: "80", "aria-label": "Name of the view", placeholder: "Name this view", required: true });
  const shared = h("input", { type: "checkbox" });
  const form = h("form", { class: "xs-view-form", onsubmit: save }, name, h("label", {}, shared, "for everybody in this store"), h("button", { class: "xs-button xs-button-small" }, "Save"));
  const panelBox = h("div", { class: "xs-views", role: "dialog", "aria-label": "Views" },
    h("div", {}, (panel.views ?? []).map((view) => entry(view))), own, form);
  const box = popup(button, panelBox, { onopen: read });

  function entry(view, mine) {
    return h("div", { class: "xs-view", "data-view": view.name }, h("button", { type: "button", onclick: () => open(view.query) }, h("span", {}, view.name), view.shared && h("small", { class: "xs-muted" }, "shared")),
      mine && h("button", { type: "button", class: "xs-icon-button", "aria-label": `Delete the view ${view.name}`, onclick: () => drop(view) }, icon("close", 14)));
  }

  function open(query) {
    box.hide(true);
    const wanted = new URLSearchParams(query);
    const cleared = [...parameters().keys()].filter((word) => word !== "id").map((word) => [word, null]);
    setParameters({ ...Object.fromEntries(cleared), ...Object.fromEntries(wanted) });
  }

  async function read() {
    const { ok, body } = await get(`${PATH}?page=${panel.page}`);
    if (ok) own.replaceChildren(...body.items.map((view) => entry(view, view.own)));
  }

  async function save(event) {
    event.preventDefault();
    const answer = await post(PATH, { page: panel.page, name: name.value.trim(), query: ownWords(), shared: shared.checked });
    if (!answer.ok) return void toast(answer.body?.detail ?? "The view could not be saved.", "error");
    name.value = "";
    await read();
    toast(`Saved as “${answer.body.name}”.`);
  }

  async function drop(view) {
    const answer = await remove(`${PATH}/${view.id}`);
    if (answer.ok) await read();
    else toast(answer.body?.detail ?? "The view could not be deleted.", "error");
  }

  const element = h("span", { class: "xs-anchor" }, button, panelBox);
  me().then((profile) => (form.hidden = !profile));
  return element;
}
