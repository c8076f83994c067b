// Every run: what it brought, what it took, how it ended.
import { h } from "../dom.js";
import { bytes, duration } from "../format.js";

const KINDS = { full: "Whole history", delta: "Changes" };
const ENDS = { completed: ["good", "Completed"], failed: ["bad", "Failed"], cancelled: ["warn", "Cancelled"] };

const took = (run) => (run.finished_at ? (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000 : null);
const end = (run) => ENDS[run.status] ?? ["best", "Under way"];

export function mount(tile, page) {
  const draw = () => {
    const { format } = page;
    tile.body.replaceChildren(h("div", { class: "xs-scroll", tabindex: "0", role: "region", "aria-label": "Runs" }, h("table", { class: "xs-runs" },
      h("thead", {}, h("tr", {}, ["Started", "Outcome", "Rows", "Read", "Cost points", "Duration"].map((title, i) => h("th", { scope: "col", class: i > 1 ? "xs-number" : null }, title)))),
      h("tbody", {}, tile.panel.runs.map((run) => {
        const [tone, word] = end(run);
        const seconds = took(run);
        return h("tr", { "data-run": run.run },
          h("th", { scope: "row" }, format.time(run.started_at), h("small", {}, KINDS[run.kind] ?? run.kind)),
          h("td", {}, h("span", { class: "xs-badge", "data-tone": tone }, word), run.error && h("small", {}, run.error.message), run.set_aside > 0 && h("small", {}, `${format.count(run.set_aside)} set aside`)),
          h("td", { class: "xs-number" }, format.count(run.rows)),
          h("td", { class: "xs-number" }, run.bytes ? bytes(run.bytes) : "–"),
          h("td", { class: "xs-number" }, format.count(run.cost_points)),
          h("td", { class: "xs-number" }, seconds == null ? "–" : duration(seconds)));
      })))));
  };
  draw();
  return { update: draw };
}

export const rows = (panel) => ({
  columns: ["Started", "Kind", "Outcome", "Rows", "Bytes", "Cost points", "Seconds", "Set aside", "Error"].map((title) => ({ title })),
  rows: panel.runs.map((run) => [run.started_at, run.kind, run.status, { format: "count", value: run.rows }, { format: "count", value: run.bytes }, run.cost_points, took(run), run.set_aside, run.error?.message ?? ""]),
});
