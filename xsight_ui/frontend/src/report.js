// A page as text, for mails and paper: each tile's own rows, written as the page writes them. Runs in Node, in the worker:
// reads {spec, names} from its input and answers one JSON list of tiles.
import "./report_ground.js";
import { formatter } from "./format.js";
import { views } from "./views/index.js";

const MOST_ROWS = 400;

async function read() {
  const parts = [];
  for await (const part of process.stdin) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

const cellOf = (format) => (cell) => {
  if (cell === null || typeof cell !== "object") return { text: cell == null ? "–" : String(cell) };
  const text = format[cell.format] ? format[cell.format](cell.value) : String(cell.value ?? "–");
  return { text, value: typeof cell.value === "number" ? cell.value : null };
};

async function tileOf(key, panel, page) {
  const tile = { key, kind: panel.kind, title: panel.title, subtitle: panel.subtitle ?? null, definition: panel.definition ?? null, state: panel.state ?? null, columns: [], rows: [], total: 0 };
  if (panel.state || panel.form || !views[panel.kind]) return tile;
  try {
    const { columns, rows } = await (await views[panel.kind].rows())(panel, page);
    tile.columns = columns.map(({ title }) => title);
    tile.total = rows.length;
    tile.rows = rows.slice(0, MOST_ROWS).map((row) => row.map(cellOf(page.format)));
  } catch (error) {
    tile.state = { name: "error", title: "Only on the page itself", text: String(error?.message ?? error) };
  }
  return tile;
}

const { spec, names } = await read();
const page = {
  state: { spec, daily: spec.daily, days: spec.period?.value ?? null },
  format: formatter(spec.shop),
  names: new Map(Object.entries(names ?? {}).map(([id, name]) => [Number(id), { name, initials: "" }])),
};
const tiles = [];
for (const row of spec.rows) for (const key of row.panels) tiles.push(await tileOf(key, spec.panels[key], page));
process.stdout.write(JSON.stringify(tiles));
