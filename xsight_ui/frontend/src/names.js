// Customers' names come from the API with the viewer's own session: a kernel never sees them, and without the right to
// personal data they arrive masked.
import { initials } from "./cells.js";
import { get, me } from "./session.js";

const AT_ONCE = 250; // ids a request

const listsPeople = ({ panel }) => panel.rows && (panel.people || (panel.kind === "table" && panel.columns.some(({ format }) => format === "customer")));

/** Fills the names into every list of customers. */
export async function fillNames(page) {
  const tables = [...page.tiles.values()].filter(listsPeople);
  if (await nameCustomers(page, tables.flatMap((tile) => tile.panel.rows.map(({ id }) => id)))) for (const tile of tables) tile.refresh();
}

/** Learns the names of these customers; whether any was new. */
export async function nameCustomers(page, customers) {
  const ids = [...new Set(customers)].filter((id) => id != null && !page.names?.has(id)).slice(0, AT_ONCE);
  if (!ids.length || !(await ownStore())) return false;
  const answer = await get(`/api/v1/customers?ids=${ids.join(",")}&limit=${AT_ONCE}`);
  if (!answer.ok) return false;
  page.names ??= new Map();
  for (const customer of answer.body.items ?? []) {
    if (customer.name) page.names.set(customer.id, { name: customer.name, initials: initials(customer.name) });
  }
  return true;
}

/** Whether the viewer's session still is at the store whose page this is; it may have been switched in another tab. */
export async function ownStore() {
  const profile = await me();
  const shown = document.body.dataset.tenant;
  return Boolean(profile) && (!shown || profile.tenant?.slug === shown);
}
