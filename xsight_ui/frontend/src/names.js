// Customers' names come from the API with the viewer's own session: a kernel never sees them, and without the right to
// personal data they arrive masked.
import { get, me } from "./session.js";

const initials = (name) => name.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();

/** Fills the names into every table with a customer column. */
export async function fillNames(page) {
  const tables = [...page.tiles.values()].filter((tile) => tile.panel.kind === "table" && tile.panel.columns.some(({ format }) => format === "customer"));
  const ids = [...new Set(tables.flatMap((tile) => tile.panel.rows.map(({ id }) => id)))].filter((id) => !page.names?.has(id));
  if (!ids.length || !(await ownStore())) return;
  const answer = await get(`/api/v1/customers?ids=${ids.join(",")}`);
  if (!answer.ok) return;
  page.names ??= new Map();
  for (const customer of answer.body.items ?? []) {
    if (customer.name) page.names.set(customer.id, { name: customer.name, initials: initials(customer.name) });
  }
  for (const tile of tables) tile.refresh();
}

/** Whether the viewer's session still is at the store whose page this is; it may have been switched in another tab. */
export async function ownStore() {
  const profile = await me();
  const shown = document.body.dataset.tenant;
  return Boolean(profile) && (!shown || profile.tenant?.slug === shown);
}
