// The audit log: filters in the address, fifty events at a time, everything as JSON lines.
import { h, icon } from "../../dom.js";
import { get } from "../../session.js";
import { stateBox } from "../../states.js";
import { field, guarded, input, problemOf, select, table } from "./common.js";

const KINDS = [["", "Everything"], ["login", "Log-ins"], ["member.", "Members"], ["token.", "Tokens"], ["store.", "The store"], ["branding.", "Branding"], ["segment.", "Segments"], ["export.", "Exports"], ["customers.", "Customers read"], ["orders.", "Orders read"], ["notebook.", "Notebooks"], ["alert.", "Alerts"], ["report.", "Reports"], ["privacy.", "Personal data"]];
const FILTERS = ["action", "actor", "since", "until"];

export function audit(tile, page) {
  const list = h("div", { class: "xs-audit" });
  const asked = () => new URLSearchParams(location.search);
  let fields = null;

  const query = (cursor) => {
    const terms = new URLSearchParams({ limit: "50" });
    for (const name of FILTERS) {
      const value = asked().get(name);
      if (value) terms.set(name, name === "since" ? `${value}T00:00:00Z` : name === "until" ? `${value}T23:59:59Z` : value);
    }
    if (cursor) terms.set("cursor", cursor);
    return `/api/v1/audit?${terms}`;
  };

  async function show() {
    const answer = await get(query());
    if (!answer.ok) return void list.replaceChildren(stateBox({ name: "error", title: "This could not be read", text: problemOf(answer) }));
    const { items, total, next_cursor: next } = answer.body;
    const body = table("Events", ["When", "Who", "What", "On", "Rows", "From"], items.map(row), "Nothing of the kind has happened");
    const more = h("button", { type: "button", class: "xs-button", onclick: older }, "Older");
    let cursor = next;
    async function older() {
      more.disabled = true;
      const page2 = await get(query(cursor));
      more.disabled = false;
      if (!page2.ok) return;
      body.querySelector("tbody").append(...table("", [""], page2.body.items.map(row), "").querySelectorAll("tbody tr"));
      cursor = page2.body.next_cursor;
      more.hidden = !cursor;
    }
    more.hidden = !next;
    list.replaceChildren(h("p", { class: "xs-muted", role: "status" }, `${page.format.count(total)} ${total === 1 ? "event" : "events"}`), body, h("p", { class: "xs-settings-act" }, more));
  }

  const row = (event) => ({ key: String(event.seq), cells: [
    page.format.time(event.at), event.email ?? event.actor ?? event.actor_kind,
    h("span", { class: "xs-who" }, event.action, Object.keys(event.details ?? {}).length > 0 && h("small", {}, brief(event.details))),
    event.object ?? "", event.rows == null ? "" : page.format.count(event.rows), event.address ?? "",
  ] });

  function filter(event) {
    event.preventDefault();
    const address = new URL(location.href);
    for (const name of FILTERS) {
      const value = fields[name].control.value.trim();
      value ? address.searchParams.set(name, value) : address.searchParams.delete(name);
    }
    history.pushState(null, "", address);
    show();
  }

  const draw = () => {
    const now = asked();
    fields = {
      action: field("What", select(KINDS, now.get("action") ?? "")),
      actor: field("Who (id)", input({ value: now.get("actor") ?? "" })),
      since: field("From", input({ type: "date", value: now.get("since") ?? "" })),
      until: field("To", input({ type: "date", value: now.get("until") ?? "" })),
    };
    show();
    return [
      h("form", { class: "xs-filters", onsubmit: filter }, Object.values(fields).map(({ element }) => element),
        h("button", { type: "submit", class: "xs-button" }, "Show"),
        h("a", { class: "xs-button", href: "/api/v1/audit/export", download: "audit.jsonl" }, icon("download"), "Export")),
      list,
    ];
  };
  return guarded(tile, { right: "audit", draw });
}

const brief = (details) => Object.entries(details).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ").slice(0, 160);
