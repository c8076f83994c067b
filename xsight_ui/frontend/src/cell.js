// A tile as a notebook cell: the code that gives its numbers, to copy, to keep as a notebook, or to run in Lab.
import { daysBefore } from "./choices.js";
import { h, icon } from "./dom.js";
import { dayAt, range } from "./period.js";
import { me } from "./session.js";
import { toast } from "./toast.js";

/** The cell's code for what the tile shows now. */
export function codeOf(tile) {
  const { daily, freshness } = tile.page.state.spec;
  const values = { ...tile.values?.() };
  if (daily) {
    const { from, to } = range(daily, tile.page.state.days);
    Object.assign(values, { since: dayAt(daily, from), until: dayAt(daily, to - 1) });
  }
  if (tile.panel.as_of) values.since ??= daysBefore(tile.panel.as_of, 90);
  values.where ??= tile.page.narrowing?.inCode() ?? "";
  values.as_of ??= tile.panel.as_of ?? freshness?.computed_at?.slice(0, 10);
  return tile.panel.cell.replaceAll(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const notebook = (title, code) => ({
  cells: [{ cell_type: "code", execution_count: null, id: "tile", metadata: {}, outputs: [], source: code }],
  metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" }, language_info: { name: "python" }, title },
  nbformat: 4, nbformat_minor: 5,
});

export async function openCell(tile) {
  const code = codeOf(tile);
  const { title } = tile.panel;
  const close = () => dialog.close();
  const text = h("pre", { class: "xs-code", tabindex: "0", "aria-label": "Python code" }, h("code", {}, code));
  const lab = h("a", { class: "xs-button", href: "/app/lab", target: "_blank", rel: "noopener", hidden: true, onclick: () => copy(code, text) }, icon("chart"), h("span", {}, "Copy and open Lab"));
  const file = h("a", { class: "xs-button", download: `xsight-${title.toLowerCase().replace(/\W+/g, "-")}.ipynb`, href: URL.createObjectURL(new Blob([JSON.stringify(notebook(title, code), null, 1)], { type: "application/x-ipynb+json" })) }, icon("download"), "As a notebook");
  const dialog = h("dialog", { class: "xs-dialog", "aria-labelledby": "xs-cell-title" },
    h("header", {}, h("h2", { id: "xs-cell-title" }, `${title} as a notebook cell`), h("button", { type: "button", class: "xs-icon-button", "aria-label": "Close", onclick: close }, icon("close"))),
    h("p", { class: "xs-muted" }, "In a notebook of this store the cell gives the numbers that the tile shows, from the same rows."),
    text,
    h("footer", {}, h("button", { type: "button", class: "xs-button xs-button-main", onclick: () => copy(code, text) }, icon("rows"), "Copy"), lab, file));
  dialog.addEventListener("close", () => {
    URL.revokeObjectURL(file.href);
    dialog.remove();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  (document.querySelector(".xs-shell") ?? tile.element.closest(".xs")).append(dialog);
  dialog.showModal();
  const profile = await me();
  lab.hidden = !profile?.rights?.includes("lab");
}

async function copy(code, text) {
  try {
    await navigator.clipboard.writeText(code);
    toast("Copied.");
  } catch {
    getSelection().selectAllChildren(text); // not allowed here: select it for the viewer's own hand
    toast("Press Ctrl+C to copy the selected code.");
  }
}
