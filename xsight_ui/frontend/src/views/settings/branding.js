// The store's own name, colour and picture, with what they look like.
import { h } from "../../dom.js";
import { patch } from "../../session.js";
import { toast } from "../../toast.js";
import { attempt, field, form, guarded, input, twice } from "./common.js";

const OURS = "#2451e6";
const LARGEST_BYTES = 64_000;

export function branding(tile) {
  const panel = guarded(tile, {
    right: "read", url: "/api/v1/tenants/me/branding",
    draw: (look, { rights }) => {
      const may = rights.includes("store");
      const sample = preview(look);
      if (!may) return [h("div", { class: "xs-branding" }, h("p", { class: "xs-muted" }, "Owners and admins choose how this store’s pages look."), sample.element)];
      const picker = h("input", { type: "color", value: look.accent ?? OURS, "aria-label": "Pick the colour", oninput: () => {
        fields.accent.control.value = picker.value;
        sample.colour(picker.value);
      } });
      const fields = {
        name: field("Name", input({ value: look.name ?? "", maxlength: "60", placeholder: "XSight" }), "Stands at the top of every page and on reports."),
        accent: field("Colour", input({ value: look.accent ?? "", placeholder: OURS, maxlength: "7", oninput: (event) => sample.colour(event.currentTarget.value) }), "White text has to be readable on it; lighter shades for the dark theme follow by themselves."),
        logo: field("Picture", h("input", { class: "xs-input", type: "file", accept: "image/png" }), "PNG, at most 512 by 512 pixels and 64 kB."),
      };
      fields.accent.control.after(picker);
      const apply = (changes, said) => attempt(patch("/api/v1/tenants/me/branding", changes), said, panel.reload);
      const element = form(fields, null, {
        label: "Save",
        send: async () => {
          const file = fields.logo.control.files[0];
          if (file?.size > LARGEST_BYTES) return { ok: false, status: 422, body: { field: "logo", detail: `The picture may have 64 kB; this one has ${Math.ceil(file.size / 1000)}.` } };
          return patch("/api/v1/tenants/me/branding", { name: fields.name.control.value || null, accent: fields.accent.control.value || null, ...(file && { logo: await base64(file) }) });
        },
        done: () => {
          toast("Saved.", "info", { href: location.href, text: "Reload to see it" });
          panel.reload();
        },
      });
      return [h("div", { class: "xs-branding" }, h("div", {}, element,
        (look.logo_version || look.accent || look.name) && h("p", { class: "xs-settings-act" },
          look.logo_version && twice("Take the picture away", "Really?", () => apply({ logo: null }, "The picture is gone.")),
          twice("Back to XSight’s look", "Really?", () => apply({ name: null, accent: null, logo: null }, "XSight’s own look is back.")))), sample.element)];
    },
  });
  return panel;
}

function preview(look) {
  const button = h("span", { class: "xs-sample-button" }, "A button");
  const mark = look.logo_version ? h("img", { src: `/api/v1/tenants/me/branding/logo?v=${look.logo_version}`, width: 30, height: 30, alt: "" }) : h("i", { class: "xs-sample-mark" });
  const element = h("div", { class: "xs-sample", role: "img", "aria-label": "What it looks like" }, h("div", { class: "xs-sample-side" }, mark, h("b", {}, look.name ?? "XSight")), h("div", { class: "xs-sample-page" }, h("i"), h("i"), button));
  const colour = (value) => /^#[0-9a-f]{6}$/i.test(value) && element.style.setProperty("--sample", value);
  colour(look.accent ?? OURS);
  return { element, colour };
}

const base64 = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.split(",")[1]);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});
