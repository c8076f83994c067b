// API tokens: what they may, until when, when they were last used. The secret is shown once.
import { h } from "../../dom.js";
import { ago } from "../../format.js";
import { post, remove } from "../../session.js";
import { attempt, check, field, form, guarded, input, once, select, table, twice } from "./common.js";

const SCOPES = {
  read: "Read numbers, customers, orders", pii: "See personal data", sync: "Start and cancel syncs", export: "Make exports",
  segments: "Save segments and act on them", store: "Change looks, alerts and reports", members: "Manage members", audit: "Read the audit log", privacy: "Handle privacy requests",
};

export function tokens(tile, page) {
  const panel = guarded(tile, {
    right: "tokens", url: "/api/v1/tokens",
    draw: ({ tokens: all }) => table("API tokens", ["Token", "May", "Last used", "Ends", "!End"], all.map((one) => ({ key: one.id, cells: [
      h("span", { class: "xs-who" }, one.name, h("small", {}, `…${one.hint} · ${one.email}`)),
      one.scopes.join(", "),
      one.used_at ? ago(one.used_at) : "Never",
      page.format.time(one.expires_at),
      twice("End", "Really end?", () => attempt(remove(`/api/v1/tokens/${one.id}`), "The token is worth nothing any more.", panel.reload), { "aria-label": `End the token ${one.name}` }),
    ] })), "No token yet"),
  });
  page.state.on("tokens", panel.reload);
  return panel;
}

export function newToken(tile, page) {
  const made = h("div", {});
  return guarded(tile, {
    right: "tokens", url: "/api/v1/tokens",
    draw: ({ scopes }) => {
      const boxes = scopes.map((scope) => [scope, check(SCOPES[scope] ?? scope, scope === "read")]);
      const fields = { name: field("Name", input({ maxlength: "80", placeholder: "Nightly export" })), days: field("Good for", select([[7, "7 days"], [30, "30 days"], [90, "90 days"], [366, "A year"]], 90)) };
      const choice = h("fieldset", { class: "xs-choice" }, h("legend", {}, "It may"), boxes.map(([, { element }]) => element));
      return [made, form(fields, choice, {
        label: "Make token",
        send: () => post("/api/v1/tokens", { name: fields.name.control.value, days: Number(fields.days.control.value), scopes: boxes.filter(([, { box }]) => box.checked).map(([scope]) => scope) }),
        done: ({ token, secret }) => {
          fields.name.control.value = "";
          made.replaceChildren(once(`“${token.name}”`, secret, "This is shown now and never again. Send it as Authorization: Bearer …"));
          page.state.emit("tokens");
        },
      })];
    },
  });
}
