// Which metafields the syncs bring along; changed with the viewer's own right.
import { h, icon } from "../dom.js";
import { same } from "../model.js";
import { me, put } from "../session.js";
import { toast } from "../toast.js";

const NAME = /^[A-Za-z0-9_$-]{1,255}\.[A-Za-z0-9_-]{1,64}$/;

export function mount(tile, page) {
  let may = false;
  const chosen = () => Object.fromEntries(tile.panel.owners.map(({ key, chosen: names }) => [key, names]));

  async function save(key, names) {
    const answer = await put("/api/v1/tenants/me/metafields", { ...chosen(), [key]: names });
    if (!answer.ok) return void toast(answer.body?.detail ?? "The choice could not be stored.", "error");
    tile.panel = { ...tile.panel, owners: tile.panel.owners.map((owner) => ({ ...owner, chosen: answer.body[owner.key] })) };
    draw();
    tile.body.querySelector(`[data-owner=${key}] input`)?.focus();
    toast("Stored. The next sync reads everything with these fields.");
  }

  const owner = ({ key, label, chosen: names }) => {
    const input = h("input", { type: "text", class: "xs-input", placeholder: "namespace.key", "aria-label": `Add a metafield of ${label.toLowerCase()}`, autocomplete: "off", spellcheck: "false", maxlength: "320" });
    const add = (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (NAME.test(name)) return void save(key, [...new Set([...names, name])].sort());
      toast("Write namespace and key with a point between, like custom.material.", "error");
    };
    return h("div", { class: "xs-owner", "data-owner": key }, h("h3", {}, label),
      names.length > 0
        ? h("ul", { class: "xs-chips" }, names.map((name) => h("li", {}, h("code", {}, name), may && h("button", { type: "button", "aria-label": `Leave out ${name} of ${label.toLowerCase()}`, onclick: () => save(key, names.filter((other) => other !== name)) }, icon("close", 13)))))
        : h("p", { class: "xs-muted" }, "None"),
      may && h("form", { onsubmit: add }, input, h("button", { type: "submit", class: "xs-button" }, "Add")));
  };

  let drawn = null;
  const draw = () => {
    drawn = tile.panel.owners;
    tile.body.replaceChildren(h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": "Chosen metafields" }, tile.panel.owners.map(owner)));
  };
  draw();
  me().then((profile) => {
    may = profile?.rights?.includes("connect") ?? false;
    draw();
  });
  return { update: () => same(drawn, tile.panel.owners) || draw() }; // what somebody is typing stays
}

export const rows = (panel) => ({
  columns: [{ title: "Of" }, { title: "Metafield" }],
  rows: panel.owners.flatMap(({ label, chosen: names }) => names.map((name) => [label, name])),
});
