// What customers asked about their personal data, until when it is due, and the proof that it was done.
import { h } from "../../dom.js";
import { post } from "../../session.js";
import { attempt, badge, check, field, form, guarded, input, select, table, twice } from "./common.js";

const WHAT = { "customers/data_request": "See their data", "customers/redact": "Be forgotten", "shop/redact": "Forget the whole shop" };

export function requests(tile, page) {
  const panel = guarded(tile, {
    right: "privacy", url: "/api/v1/privacy/requests",
    draw: (body, profile) => table("Requests", ["Asked", "What", "Due", "State", "Proof"], body.items.map((one) => row(one, profile)), "Nobody has asked"),
  });
  const row = (one, profile) => ({ key: one.id, cells: [
    page.format.time(one.received_at),
    h("span", { class: "xs-who" }, WHAT[one.topic] ?? one.topic, one.customer_id && h("small", {}, `Customer ${one.customer_id}`)),
    one.overdue ? badge("Overdue", "bad") : one.days_left == null ? "–" : `${page.format.count(one.days_left)} days left`,
    { open: badge("Open", "warn"), done: badge("Done", "good"), void: badge("Void", "mid") }[one.status] ?? one.status,
    proof(one, profile),
  ] });
  const proof = (one, profile) => {
    if (one.status === "open" && one.topic === "customers/data_request") {
      if (!profile.pii) return h("span", { class: "xs-muted" }, "It names people; you may not see that here");
      const bundle = `/api/v1/privacy/requests/${encodeURIComponent(one.id)}/bundle`;
      return h("span", { class: "xs-links" }, h("a", { href: `${bundle}?form=html` }, "To read"), h("a", { href: bundle }, "JSON"), twice("I have passed it on", "Close the request?", () => attempt(post(`/api/v1/privacy/requests/${encodeURIComponent(one.id)}/answer`), "Closed. Its digest is kept as proof.", panel.reload)));
    }
    const { report } = one;
    if (report?.left != null) return `${page.format.count(report.left)} traces left${report.files_searched == null ? "" : `; ${page.format.count(report.files_searched)} files searched`}`;
    return report?.why ?? (report?.sha256 ? h("code", {}, report.sha256.slice(0, 16)) : "");
  };
  page.state.on("requests", panel.reload);
  return panel;
}

export function ask(tile, page) {
  return guarded(tile, {
    right: "privacy",
    draw: () => {
      const fields = {
        customer: field("Customer’s number at Shopify", input({ inputmode: "numeric", maxlength: "19" }), "The last part of the customer’s address in Shopify’s admin."),
        what: field("They want", select([["tell", "to see what is kept of them"], ["forget", "to be forgotten"]], "tell")),
      };
      const sure = check("I understand that what is forgotten does not come back", false);
      const sureAt = () => (sure.element.hidden = fields.what.control.value !== "forget");
      fields.what.control.addEventListener("change", sureAt);
      sureAt();
      return form(fields, sure.element, {
        label: "Begin",
        send: async () => {
          const { value } = fields.customer.control;
          if (!/^[1-9]\d*$/.test(value.trim())) return { ok: false, status: 422, body: { field: "customer", detail: "Write the number, digits only." } };
          if (fields.what.control.value === "forget" && !sure.box.checked) return { ok: false, status: 422, body: { field: "what", detail: "Confirm below that this is final." } };
          return post("/api/v1/privacy/requests", { customer: Number(value), what: fields.what.control.value });
        },
        done: () => {
          fields.customer.control.value = "";
          sure.box.checked = false;
          page.state.emit("requests");
        },
      });
    },
  });
}
