// Who belongs to the store: roles, the right to personal data, invitations.
import { h } from "../../dom.js";
import { ago } from "../../format.js";
import { get, patch, post, remove } from "../../session.js";
import { attempt, badge, check, field, form, guarded, input, once, select, table, twice } from "./common.js";

const ROLES = [
  ["owner", "Owner", "Everything, owners included."],
  ["admin", "Admin", "Everything but deciding about owners."],
  ["analyst", "Analyst", "Reads, syncs, segments, exports, notebooks."],
  ["marketer", "Marketer", "Reads, syncs, segments, exports."],
  ["viewer", "Viewer", "Reads."],
];
const nameOf = (role) => ROLES.find(([key]) => key === role)?.[1] ?? role;

/** Owners decide about everybody, admins about everybody but owners. */
const givable = ({ tenant }) => ROLES.filter(([key]) => tenant.role === "owner" || key !== "owner");

export function members(tile, page) {
  const panel = guarded(tile, {
    right: "members", url: "/api/v1/members",
    draw: (body, profile) => table("Members", ["Member", "Role", "Personal data", "Last seen", "!Remove"], body.members.map((one) => row(one, profile)), "Nobody is here"),
  });
  const change = (one, what, said) => attempt(patch(`/api/v1/members/${one.id}`, what), said, panel.reload);
  const row = (one, profile) => {
    const mine = one.role !== "owner" || profile.tenant.role === "owner";
    const roles = select(givable(profile).map(([key, text]) => [key, text]), one.role, { "aria-label": `Role of ${one.name}`, onchange: (event) => change(one, { role: event.currentTarget.value }, `${one.name} is ${nameOf(event.currentTarget.value).toLowerCase()} now.`) });
    const pii = check("Names and addresses", one.pii, { "aria-label": `${one.name} sees personal data`, disabled: !mine || (!profile.pii && !one.pii), onchange: (event) => change(one, { pii: event.currentTarget.checked }, event.currentTarget.checked ? `${one.name} sees personal data now.` : `${one.name} sees no personal data any more.`) });
    return { key: one.id, cells: [
      h("span", { class: "xs-who" }, one.name, h("small", {}, one.email), one.you && badge("You", "best")),
      mine ? roles : nameOf(one.role),
      pii.element,
      one.seen_at ? ago(one.seen_at) : "Never",
      mine && !one.you ? twice("Remove", "Really remove?", () => attempt(remove(`/api/v1/members/${one.id}`), `${one.name} is out; log-ins and notebooks end within seconds.`, panel.reload), { "aria-label": `Remove ${one.name}` }) : "",
    ] };
  };
  page.state.on("members", panel.reload);
  return panel;
}

export function invite(tile, page) {
  const open = h("div", {});
  const made = h("div", {});
  const list = (invitations) => open.replaceChildren(...(invitations.length ? [h("h3", { class: "xs-minor" }, "Open invitations"), h("ul", { class: "xs-items" }, invitations.map((one) => h("li", {}, h("span", {}, one.email, h("small", {}, `${nameOf(one.role)}${one.pii ? ", personal data" : ""} · until ${page.format.time(one.expires_at)}`)), twice("Withdraw", "Really?", () => attempt(remove(`/api/v1/invitations/${one.id}`), "The link is worth nothing any more.", reread), { "aria-label": `Withdraw the invitation of ${one.email}` }))))] : []));
  async function reread() {
    const answer = await get("/api/v1/members");
    if (answer.ok) list(answer.body.invitations);
  }
  return guarded(tile, {
    right: "members", url: "/api/v1/members",
    draw: (body, profile) => {
      const fields = { email: field("E-mail", input({ type: "email", name: "email", required: true })), role: field("Role", select(givable(profile).map(([key, text, what]) => [key, `${text}: ${what}`]), "viewer")) };
      const pii = check("May see personal data (names, e-mails, addresses)", false, { disabled: !profile.pii });
      list(body.invitations);
      return [form(fields, pii.element, {
        label: "Invite",
        send: () => post("/api/v1/invitations", { email: fields.email.control.value, role: fields.role.control.value, pii: pii.box.checked }),
        done: ({ invitation, link }) => {
          fields.email.control.value = "";
          made.replaceChildren(link ? once("Pass this link on", link, `No mail server is set up here, so nothing was sent to ${invitation.email}. The link lets exactly this address in, once.`) : h("p", { class: "xs-muted", role: "status" }, `The link is on its way to ${invitation.email}.`));
          reread();
        },
      }), made, open];
    },
  });
}
