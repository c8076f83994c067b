// A tile as a file (CSV, PNG) or as a plain table. Fetched when first asked for.
import { h } from "./dom.js";
import { stylesheet } from "./stylesheet.js";

const SCALE = 2;

const fileName = (tile, ending) => `xsight-${tile.page.state.spec.shop?.domain?.split(".")[0] ?? "store"}-${tile.panel.title.toLowerCase().replace(/\W+/g, "-")}.${ending}`;

function save(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A leading =, +, - or @ would run as a formula in a spreadsheet; numbers are safe.
const guard = (text) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);
const quote = (value) => (typeof value === "number" ? String(value) : `"${guard(String(value ?? "")).replaceAll('"', '""')}"`);
const plain = (cell, page) => (cell !== null && typeof cell === "object" ? page.format.plain(cell.format, cell.value) : cell);

export async function csv(tile) {
  const { columns, rows } = await tile.rows();
  const number = (cell) => cell !== null && typeof cell === "object";
  const line = (cells) => cells.map((cell) => (number(cell) ? String(plain(cell, tile.page)) : quote(cell))).join(",");
  return [columns.map(({ title }) => quote(title)).join(","), ...rows.map(line)].join("\r\n") + "\r\n";
}

export async function downloadCsv(tile) {
  save(new Blob(["\ufeff", await csv(tile)], { type: "text/csv;charset=utf-8" }), fileName(tile, "csv"));
}

export function plainTable({ columns, rows }, page, title) {
  const show = (cell) => (cell !== null && typeof cell === "object" ? page.format[cell.format](cell.value) : cell ?? "–");
  const numeric = (cell) => (cell !== null && typeof cell === "object" ? "xs-number" : null);
  return h("div", { class: "xs-scroll xs-scroll-both", tabindex: "0", role: "region", "aria-label": title },
    h("table", { class: "xs-plain" },
      h("thead", {}, h("tr", {}, columns.map((column, i) => h("th", { scope: "col", class: numeric(rows[0]?.[i]) }, column.title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", { class: numeric(cell) }, String(show(cell)))))))));
}

/** The tile as it looks, drawn through an SVG image; where a browser refuses to, the SVG itself. */
export async function downloadPng(tile) {
  const { offsetWidth: width, offsetHeight: height } = tile.element;
  const picture = await asSvg(tile, width, height);
  try {
    save(await rasterize(picture, width, height), fileName(tile, "png"));
  } catch {
    save(new Blob([picture], { type: "image/svg+xml" }), fileName(tile, "svg"));
  }
}

async function asSvg(tile, width, height) {
  const copy = tile.element.cloneNode(true);
  for (const control of copy.querySelectorAll(".xs-anchor, .xs-toggle, .xs-popup")) control.remove();
  const root = h("div", { class: "xs xs-print", style: `width:${width}px;height:${height}px` }, copy);
  const css = await standaloneCss();
  const markup = new XMLSerializer().serializeToString(root);
  const themed = markup.replace("<div ", `<div data-theme="${document.documentElement.dataset.theme}" `);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject width="100%" height="100%"><style xmlns="http://www.w3.org/1999/xhtml">${css.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</style>${themed}</foreignObject></svg>`;
}

/** The stylesheet with the font inside: an SVG image may not fetch anything. */
async function standaloneCss() {
  const address = stylesheet();
  const css = await (await fetch(address)).text();
  const [, font] = css.match(/url\(([^)]*inter-latin\.[^)]*)\)/) ?? [];
  if (!font) return css;
  const bytes = new Uint8Array(await (await fetch(new URL(font.replaceAll(/['"]/g, ""), address))).arrayBuffer());
  const data = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return css.replaceAll(font, `data:font/woff2;base64,${data}`);
}

async function rasterize(svg, width, height) {
  const image = new Image();
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
  await image.decode();
  const canvas = h("canvas", { width: width * SCALE, height: height * SCALE });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no image"))), "image/png"));
}
