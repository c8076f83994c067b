// Pages by mail: who gets what when, what became of each mail, and a form for one more.
import { h } from "../../dom.js";
import { get, post, remove } from "../../session.js";
import { attempt, badge, field, form, guarded, notice, select, table, twice } from "./common.js";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const STATES = { sent: ["good", "Sent"], waiting: ["best", "On its way"], skipped: ["mid", "Skipped"], failed: ["bad", "Failed"] };
const hourOf = (hour) => `${String(hour).padStart(2, "0")}:00`;
const rhythm = ({ every, on, hour }) => `${every === "day" ? "Every day" : every === "week" ? `Every ${WEEKDAYS[on]}` : `On day ${on} of the month`}, ${hourOf(hour)}`;

export function reports(tile, page) {
  const panel = guarded(tile, {
    right: "read", url: "/api/v1/reports",
    draw: ({ items, pages, mails }) => [
      !mails && notice("warn", "No mail server is set up here", "Reports cannot go out until the operator sets XSIGHT_SMTP_URL."),
      table("Reports", ["Page", "When", "Newest mail", "!Send now", "!Remove"], items.map((one) => row(one, pages)), "No report yet"),
    ],
  });
  const row = (one, pages) => {
    const title = pages.find(({ key }) => key === one.page)?.title ?? one.page;
    const [tone, word] = STATES[one.last_state] ?? ["mid", "None yet"];
    return { key: one.id, cells: [
      h("span", { class: "xs-who" }, `${title}, ${one.format.toUpperCase()}`, h("small", {}, one.email), history(one)),
      h("span", { class: "xs-who" }, rhythm(one), h("small", {}, one.stopped ?? (one.next_at ? `next ${page.format.time(one.next_at)}` : ""))),
      h("span", { class: "xs-who" }, badge(word, tone), h("small", {}, one.last_error ?? (one.last_at ? page.format.time(one.last_at) : ""))),
      h("button", { type: "button", class: "xs-button xs-button-small", "aria-label": `Send now: ${title}`, onclick: () => attempt(post(`/api/v1/reports/${one.id}/send`), `On its way to ${one.email}.`, panel.reload) }, "Send now"),
      twice("Remove", "Really?", () => attempt(remove(`/api/v1/reports/${one.id}`), "No more of it.", panel.reload), { "aria-label": `Remove the report ${title}` }),
    ] };
  };
  const history = (one) => {
    const list = h("ul", { class: "xs-items" });
    return h("details", { ontoggle: async () => {
      const answer = await get(`/api/v1/reports/${one.id}/deliveries?limit=20`);
      if (answer.ok) list.replaceChildren(...(answer.body.items.length ? answer.body.items.map((mail) => h("li", {}, h("span", {}, STATES[mail.state][1], h("small", {}, [page.format.time(mail.due_at), mail.attempts > 1 && `${mail.attempts} tries`, mail.personal && "names customers", mail.error].filter(Boolean).join(" · "))))) : [h("li", {}, "Nothing was sent yet.")]));
    } }, h("summary", {}, "History"), list);
  };
  page.state.on("reports", panel.reload);
  return panel;
}

export function report(tile, page) {
  return guarded(tile, {
    right: "read", url: "/api/v1/reports",
    draw: async ({ pages }, { user, rights }) => {
      const known = rights.includes("members") ? await get("/api/v1/members") : null;
      const readers = known?.ok ? known.body.members.map((one) => [one.id, one.you ? `${one.name} (you)` : one.name]) : [[user.id, `${user.name} (you)`]];
      const fields = {
        page: field("Page", select(pages.map(({ key, title }) => [key, title]), "overview")),
        user: field("For", select(readers, user.id), "They see in it what they may see in the product: names of customers only with the right to personal data."),
        every: field("How often", select([["day", "Every day"], ["week", "Every week"], ["month", "Every month"]], "week")),
        on: field("On", select(WEEKDAYS.map((day, i) => [i, day]), 0)),
        hour: field("At", select(Array.from({ length: 24 }, (_, hour) => [hour, hourOf(hour)]), 8), `In the shop’s time zone, ${page.state.spec.shop.timezone}.`),
        format: field("As", select([["pdf", "PDF"], ["html", "HTML"]], "pdf")),
      };
      fields.every.control.addEventListener("change", () => {
        const { value } = fields.every.control;
        fields.on.element.hidden = value === "day";
        const days = value === "week" ? WEEKDAYS.map((day, i) => [i, day]) : Array.from({ length: 28 }, (_, i) => [i + 1, `Day ${i + 1}`]);
        fields.on.control.replaceChildren(...days.map(([key, text]) => h("option", { value: key }, text)));
      });
      return form(fields, null, {
        label: "Make report",
        send: () => post("/api/v1/reports", {
          page: fields.page.control.value, user: fields.user.control.value, every: fields.every.control.value,
          on: Number(fields.on.control.value), hour: Number(fields.hour.control.value), format: fields.format.control.value,
        }),
        done: () => page.state.emit("reports"),
      });
    },
  });
}
