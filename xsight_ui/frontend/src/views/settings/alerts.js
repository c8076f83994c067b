// Alert rules: how they stand, what became of them, and a form for one more.
import { h } from "../../dom.js";
import { ago } from "../../format.js";
import { get, post, remove } from "../../session.js";
import { attempt, badge, check, field, form, guarded, input, select, table, twice } from "./common.js";

const SIGNS = { firing: ["bad", "Firing"], quiet: ["good", "Quiet"], unknown: ["mid", "Not known yet"] };
const TESTS = [["above", "is above"], ["below", "is below"], ["rises", "rises by"], ["falls", "falls by"]];
const RELATIVE = new Set(["rises", "falls"]);
const DAYS = [[1, "Yesterday"], [7, "The last 7 days"], [28, "The last 28 days"], [90, "The last 90 days"]];

const words = (name) => (name[0].toUpperCase() + name.slice(1)).replaceAll("_", " ");

/** A metric's value as the shop writes it. */
const shown = (value, unit, format) =>
  value == null ? "–" : unit === "money" ? format.money(value) : unit === "ratio" ? format.percent(value) : unit === "days" ? `${value.toFixed(1)} days` : format.count(value);

export function alerts(tile, page) {
  const panel = guarded(tile, {
    right: "read", url: "/api/v1/alerts",
    draw: ({ items }, { rights }) => table("Alerts", ["Alert", "State", "Value", "Looked at", "!Remove"], items.map((rule) => row(rule, rights.includes("store"))), "No alert yet"),
  });
  const row = (rule, may) => {
    const [tone, word] = SIGNS[rule.state];
    const bound = RELATIVE.has(rule.test) ? page.format.percentShort(rule.bound) : shown(rule.bound, rule.unit, page.format);
    return { key: rule.id, cells: [
      h("span", { class: "xs-who" }, rule.name, h("small", {}, `${words(rule.metric)}, ${rule.days === 1 ? "yesterday" : `${rule.days} days`}, ${TESTS.find(([key]) => key === rule.test)[1]} ${bound}`), history(rule)),
      h("span", { class: "xs-who" }, badge(word, tone), h("small", {}, rule.trouble ?? (rule.since ? `since ${page.format.time(rule.since)}` : ""))),
      h("span", { class: "xs-who" }, shown(rule.value, rule.unit, page.format), rule.before != null && h("small", {}, `before ${shown(rule.before, rule.unit, page.format)}`)),
      rule.judged_at ? ago(rule.judged_at) : "After the next sync",
      may ? twice("Remove", "Really?", () => attempt(remove(`/api/v1/alerts/${rule.id}`), "The alert is gone.", panel.reload), { "aria-label": `Remove the alert ${rule.name}` }) : "",
    ] };
  };
  const history = (rule) => {
    const list = h("ul", { class: "xs-items" });
    return h("details", { ontoggle: async () => {
      const answer = await get(`/api/v1/alerts/${rule.id}/events?limit=20`);
      if (answer.ok) list.replaceChildren(...(answer.body.items.length ? answer.body.items.map((event) => h("li", {}, h("span", {}, SIGNS[event.state][1], h("small", {}, `${page.format.time(event.at)} · ${shown(event.value, rule.unit, page.format)}${event.before == null ? "" : `, before ${shown(event.before, rule.unit, page.format)}`}`)))) : [h("li", {}, "It has not fired yet.")]));
    } }, h("summary", {}, "History"), list);
  };
  page.state.on("alerts", panel.reload);
  return panel;
}

export function alert(tile, page) {
  const { currency_exponent: exponent = 2, currency } = page.state.spec.shop;
  return guarded(tile, {
    right: "store", url: "/api/v1/analytics/metrics",
    draw: ({ items: metrics }, { user }) => {
      const unitOf = (name) => metrics.find((metric) => metric.name === name).unit;
      const fields = {
        name: field("Name", input({ maxlength: "80", placeholder: "Sales fall" })),
        metric: field("Metric", select(metrics.map(({ name }) => [name, words(name)]), "net_sales")),
        days: field("Of", select(DAYS, 7)),
        test: field("Tell me when it", select(TESTS, "falls")),
        bound: field("Bound", input({ inputmode: "decimal", value: "20" })),
        against: field("Compared with", select([["previous_period", "as many days before"], ["previous_year", "the same dates a year ago"]], "previous_period")),
        least_orders: field("At least so many orders", input({ inputmode: "numeric", value: "20" }), "With fewer in these days nothing is said: small numbers jump."),
      };
      const mail = check(`Mail to me (${user.email})`, true);
      const hooks = check("Tell the store’s outgoing webhooks", false);
      const follow = () => {
        const relative = RELATIVE.has(fields.test.control.value);
        const unit = unitOf(fields.metric.control.value);
        fields.against.element.hidden = !relative;
        fields.bound.fault(null);
        fields.bound.element.querySelector("label").textContent = `Bound, ${relative || unit === "ratio" ? "percent" : unit === "money" ? currency : unit}`;
      };
      fields.test.control.addEventListener("change", follow);
      fields.metric.control.addEventListener("change", follow);
      follow();
      return form(fields, [mail.element, hooks.element], {
        label: "Make alert",
        send: () => {
          const relative = RELATIVE.has(fields.test.control.value);
          const unit = unitOf(fields.metric.control.value);
          const number = Number(fields.bound.control.value.replace(",", "."));
          if (fields.bound.control.value.trim() === "" || !Number.isFinite(number)) return { ok: false, status: 422, body: { field: "bound", detail: "Write a number." } };
          const least = Number(fields.least_orders.control.value);
          if (!Number.isInteger(least)) return { ok: false, status: 422, body: { field: "least_orders", detail: "Write a whole number." } };
          return post("/api/v1/alerts", {
            name: fields.name.control.value, metric: fields.metric.control.value, test: fields.test.control.value,
            bound: relative || unit === "ratio" ? number / 100 : unit === "money" ? Math.round(number * 10 ** exponent) : number,
            days: Number(fields.days.control.value), against: relative ? fields.against.control.value : null,
            least_orders: least, mail_to: mail.box.checked ? [user.id] : [], tell_hooks: hooks.box.checked,
          });
        },
        done: () => {
          fields.name.control.value = "";
          page.state.emit("alerts");
        },
      });
    },
  });
}
