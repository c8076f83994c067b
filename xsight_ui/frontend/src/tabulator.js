// Tabulator with the modules in use, and what it needs to be read out as a table.
import { FormatModule, FrozenColumnsModule, InteractionModule, ResizeColumnsModule, ResizeTableModule, SortModule, Tabulator } from "tabulator-tables";

Tabulator.registerModule([FormatModule, FrozenColumnsModule, InteractionModule, ResizeColumnsModule, ResizeTableModule, SortModule]);

export const narrow = matchMedia("(max-width: 640px)");

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

/** Resolves with the table when it is there. */
export function build(box, options) {
  return new Promise((resolve) => {
    const table = new Tabulator(box, { layout: "fitColumns", height: "100%", rowHeight: 37, columnHeaderSortMulti: false, ...options });
    table.on("tableBuilt", () => {
      announceAsTable(box);
      resolve(table);
    });
    table.on("renderComplete", () => announceAsTable(box));
  });
}
