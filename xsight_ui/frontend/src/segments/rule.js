// A rule in words, in SQL and in Shopify's language.
import { h } from "../dom.js";
import { get, post } from "../session.js";
import { toggle } from "../toggle.js";

const TABS = [["words", "In words"], ["sql", "SQL"], ["shopify", "Shopify"]];

export function rule(tile) {
  const { id, rule: tree, sentence } = tile.panel;
  const box = h("div", { class: "xs-rule-text", tabindex: "0", role: "region", "aria-label": "Rule" });
  const show = async (tab) => {
    if (tab === "words") return void box.replaceChildren(h("p", {}, sentence ?? "–"));
    box.setAttribute("aria-busy", "true");
    const answer = tab === "sql" ? await post("/api/v1/segments/explain", { rule: tree }) : await get(`/api/v1/segments/${id}/shopify`);
    box.removeAttribute("aria-busy");
    if (!answer.ok) return void box.replaceChildren(h("p", {}, answer.body?.detail ?? "This cannot be read just now."));
    box.replaceChildren(...(tab === "sql" ? statement(answer.body) : query(answer.body)));
  };
  tile.tools.prepend(toggle("Form", TABS, "words", show));
  tile.body.replaceChildren(box);
  show("words");
  return { update: () => {} };
}

export const statement = ({ sql, parameters }) => [h("pre", {}, sql), h("pre", { class: "xs-muted" }, Object.entries(parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join("\n"))];

export const query = ({ query: text, exact, reasons }) => [
  h("pre", {}, text),
  !exact && h("p", { class: "xs-muted" }, "Shopify cannot ask this exactly, so it asks for the segment’s tag: write that first."),
  !exact && h("ul", {}, reasons.map(({ path, message }) => h("li", {}, `${path}: ${message}`))),
].filter(Boolean);

export const ruleRows = async ({ rule: tree, sentence }) => {
  const answer = await post("/api/v1/segments/explain", { rule: tree });
  return { columns: [{ title: "Form" }, { title: "Text" }], rows: [["words", sentence], ["json", JSON.stringify(tree)], ["sql", answer.body?.sql ?? ""]] };
};
