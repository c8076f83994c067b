// Tables: of rows that are all there, sorted here (this file); of rows that the API has, page by page (list.js).
import { content, NUMERIC, plain } from "./cells.js";
import { h } from "./dom.js";
import { build, narrow } from "./tabulator.js";

export { list, listRows } from "./list.js";

const bySegment = (a, b) => (a?.name ?? "").localeCompare(b?.name ?? "");

const columns = (panel, page) => panel.columns.map((column, i) => ({
  frozen: i === 0 && narrow.matches,
  title: column.title, field: column.field, minWidth: column.min ?? 96, widthGrow: column.grow ?? 1,
  hozAlign: NUMERIC.has(column.format) ? "right" : "left", headerHozAlign: NUMERIC.has(column.format) ? "right" : "left",
  sorter: column.format === "segment" ? bySegment : NUMERIC.has(column.format) || column.format === "customer" ? "number" : "string",
  formatter: (cell) => content(column, page, cell.getValue(), cell.getData()),
}));

export async function mount(tile, page) {
  const box = h("div", { class: "xs-table", "aria-label": tile.panel.title });
  tile.body.replaceChildren(box);
  const table = await build(box, { data: tile.panel.rows, columns: columns(tile.panel, page), placeholder: "No rows" });
  return { update: () => table.replaceData(tile.panel.rows), refresh: () => table.getRows().forEach((row) => row.reformat()) };
}

export function rows(panel, page) {
  return { columns: panel.columns.map(({ title }) => ({ title })), rows: panel.rows.map((row) => panel.columns.map((column) => plain(column, page, row[column.field], row))) };
}
