// The rows of a list as a file, all of them: made by the worker, fetched when it is done.
import { h, icon } from "./dom.js";
import { popup } from "./popup.js";
import { get, me, post } from "./session.js";
import { toast } from "./toast.js";

const FORMATS = [["csv", "CSV"], ["xlsx", "Excel"], ["parquet", "Parquet"], ["jsonl", "JSON lines"]];
const ASK_EVERY_MS = 1000;
const PATIENCE = 600; // questions

/** A menu of formats; `conditions()` gives the filters in force by the API's names. */
export function exportButton(panel, conditions, total) {
  const button = h("button", { type: "button", class: "xs-button xs-button-small", "aria-label": `Export these ${panel.noun[1]}` }, icon("download", 14), "Export");
  const items = FORMATS.map(([format, label]) => h("button", { type: "button", role: "menuitem", onclick: () => run(format) }, icon("download"), h("span", {}, label)));
  const menu = h("div", { class: "xs-menu" }, items);
  popup(button, menu, { menu: true });
  const element = h("span", { class: "xs-anchor", "data-allowed": "false" }, button, menu);
  me().then((profile) => (element.dataset.allowed = String(profile?.rights?.includes("export") ?? false)));

  async function run(format) {
    button.disabled = true;
    try {
      const personal = Boolean((await me())?.pii);
      const asked = await post("/api/v1/exports", { kind: panel.export, format, filters: typed(conditions()), personal });
      if (!asked.ok) return void toast(asked.body?.detail ?? "The export could not be started.", "error");
      toast(`Exporting ${total() ?? "all"} ${panel.noun[1]}. The file comes by itself.`);
      await fetched(asked.body.id);
    } finally {
      button.disabled = false;
    }
  }
  return element;
}

/** Numbers and flags as such: the export's filters are typed, the address' are text. */
const typed = (values) => Object.fromEntries(Object.entries(values).map(([name, text]) => [name, /^(true|false)$/.test(text) ? text === "true" : /_(min|max|id)$/.test(name) && text !== "" ? Number(text) : text]));

async function fetched(id) {
  for (let asked = 0; asked < PATIENCE; asked++) {
    const { ok, body } = await get(`/api/v1/exports/${id}`);
    if (ok && body.status === "done") {
      h("a", { href: body.download_url, download: "" }).click();
      return;
    }
    if (ok && (body.status === "failed" || body.status === "expired")) return void toast("The export failed. Please try again.", "error");
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
