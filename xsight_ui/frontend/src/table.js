// Rows that can be sorted, with Tabulator; only the modules in use.
import { FormatModule, FrozenColumnsModule, InteractionModule, ResizeColumnsModule, ResizeTableModule, SortModule, Tabulator } from "tabulator-tables";
import { h } from "./dom.js";

Tabulator.registerModule([FormatModule, FrozenColumnsModule, InteractionModule, ResizeColumnsModule, ResizeTableModule, SortModule]);

const NUMERIC = new Set(["count", "money", "percent", "risk"]);
const RISK_HIGH = 0.7;
const RISK_RAISED = 0.4;

const badge = (text, tone) => h("span", { class: "xs-badge", "data-tone": tone }, text);

/** The name that the viewer may see; the number until it is known. */
function customer(id, names) {
  const known = names?.get(id);
  return h("span", { class: "xs-person", title: `Shopify customer ${id}` }, h("i", { "aria-hidden": "true" }, known?.initials ?? "#"), h("span", {}, known?.name ?? `Customer …${String(id).slice(-4)}`));
}

function cell(column, page) {
  const format = page.format[column.format];
  return (tableCell) => {
    const value = tableCell.getValue();
    if (value == null) return "–";
    switch (column.format) {
      case "customer": return customer(value, page.names);
      case "segment": return badge(value.name, value.tone);
      case "risk": return badge(page.format.percentShort(value), value >= RISK_HIGH ? "bad" : value >= RISK_RAISED ? "warn" : "good");
      default: return format ? format(value) : String(value);
    }
  };
}

const bySegment = (a, b) => (a?.name ?? "").localeCompare(b?.name ?? "");

const narrow = matchMedia("(max-width: 640px)");

const columns = (panel, page) => panel.columns.map((column, i) => ({
  frozen: i === 0 && narrow.matches,
  title: column.title, field: column.field, minWidth: column.min ?? 96, widthGrow: column.grow ?? 1,
  hozAlign: NUMERIC.has(column.format) ? "right" : "left", headerHozAlign: NUMERIC.has(column.format) ? "right" : "left",
  sorter: column.format === "segment" ? bySegment : NUMERIC.has(column.format) || column.format === "customer" ? "number" : "string",
  formatter: cell(column, page),
}));

export function mount(tile, page) {
  const box = h("div", { class: "xs-table", "aria-label": tile.panel.title });
  tile.body.replaceChildren(box);
  return new Promise((resolve) => {
    const table = new Tabulator(box, { data: tile.panel.rows, columns: columns(tile.panel, page), layout: "fitColumns", height: "100%", rowHeight: 37, columnHeaderSortMulti: false, placeholder: "No rows" });
    const view = { update: () => table.replaceData(tile.panel.rows), refresh: () => table.getRows().forEach((row) => row.reformat()) };
    table.on("tableBuilt", () => {
      announceAsTable(box);
      resolve(view);
    });
    table.on("renderComplete", () => announceAsTable(box));
  });
}

/** Tabulator says grid, which promises arrow keys in cells, and puts the rows into a plain div. Say table instead. */
function announceAsTable(box) {
  box.setAttribute("role", "table");
  box.removeAttribute("aria-owns");
  const holder = box.querySelector(".tabulator-tableholder");
  holder?.setAttribute("tabindex", "0");
  holder?.setAttribute("role", "rowgroup");
  holder?.setAttribute("aria-label", "Rows");
  box.querySelector(".tabulator-table")?.setAttribute("role", "presentation");
}

export function rows(panel, page) {
  const value = (column, raw) => {
    if (column.format === "segment") return raw?.name;
    if (column.format === "customer") return page.names?.get(raw)?.name ?? raw;
    return NUMERIC.has(column.format) ? { format: column.format === "risk" ? "percent" : column.format, value: raw } : raw;
  };
  return { columns: panel.columns.map(({ title }) => ({ title })), rows: panel.rows.map((row) => panel.columns.map((column) => value(column, row[column.field]))) };
}
