// The person who looks: log-ins, each of which can be ended, and the account.
import { h } from "../../dom.js";
import { ago } from "../../format.js";
import { post, remove } from "../../session.js";
import { attempt, badge, facts, guarded, table, twice } from "./common.js";

export function sessions(tile, page) {
  const panel = guarded(tile, {
    url: "/api/auth/sessions",
    draw: ({ sessions: all }) => [
      table("Log-ins", ["Browser", "Since", "Last used", "!End"], all.map((one) => ({ key: one.id, cells: [
        h("span", { class: "xs-who" }, browserOf(one.user_agent), one.current && badge("This one", "best")),
        page.format.time(one.created_at), ago(one.seen_at),
        one.current ? "" : twice("End", "Really end?", () => attempt(remove(`/api/auth/sessions/${one.id}`), "That browser is logged out.", panel.reload), { "aria-label": `End the log-in of ${browserOf(one.user_agent)}` }),
      ] })), "No log-in"),
      h("p", { class: "xs-settings-act" }, twice("Log out everywhere", "Here as well?", async () => {
        const answer = await post("/api/auth/logout-everywhere");
        if (answer.ok) location.assign(answer.body.next);
      })),
    ],
  });
  return panel;
}

export function you(tile) {
  return guarded(tile, {
    draw: (_, { user, tenant, pii }) => [
      facts([
        ["Name", user.name], ["E-mail", user.email],
        ["Address", user.verified ? badge("Confirmed", "good") : badge("Not confirmed", "warn")],
        ["Role in this store", tenant?.role], ["Personal data", pii ? "You see names and addresses" : "Hidden from you"],
      ]),
      h("p", { class: "xs-settings-act" }, h("a", { class: "xs-button", href: "/auth/account" }, "Change password"), h("a", { class: "xs-button", href: "/logout" }, "Log out")),
    ],
  });
}

const NAMES = [[/Edg\//, "Edge"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"], [/curl|python|httpx/i, "A program"]];
const SYSTEMS = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS/, "macOS"], [/Linux/, "Linux"]];

function browserOf(agent) {
  const find = (list) => list.find(([pattern]) => pattern.test(agent ?? ""))?.[1];
  return [find(NAMES), find(SYSTEMS)].filter(Boolean).join(" on ") || "Unknown browser";
}
