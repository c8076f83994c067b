// Brings a page to newer insights: through its kernel, or, where none is live, by fetching the page's spec again.
import { get } from "./session.js";
import { isActive } from "./sync.js";
import { toast } from "./toast.js";

const KERNEL_ANSWERS_WITHIN_MS = 4000;
const REPORT_EVERY_MS = 3000; // a report is made after its sync, in seconds
const REPORT_TRIES = 20;

/** The same data is computed anew every night: then only the insight run tells the numbers apart. */
function reached(page, { data_version: version, insight_run: run }) {
  const { spec } = page.state;
  return spec.data_version > version || (spec.data_version === version && (!run || spec.insight_run === run));
}

export async function refresh(page, insights) {
  if (reached(page, insights)) return;
  if (page.state.request(insights) && (await arrived(page, insights))) return;
  if (!(await reread(page))) toast("New numbers are ready.", "info", { href: location.href, text: "Reload" });
}

/** Fetches the page's spec anew; whether that could be done. */
async function reread(page) {
  const folder = document.body.dataset.pages;
  const answer = folder ? await get(`${folder}${page.state.spec.page}.json${location.search}`) : { ok: false };
  if (answer.ok) page.state.take(answer.body);
  return answer.ok;
}

/** For the page that shows the runs themselves: at the start and end of each, and until the report on it is there. */
export function followRuns(page, run) {
  const known = page.state.spec.panels.runs?.runs?.some((one) => one.run === run.run && isActive(one) === isActive(run));
  if (!known) until(page, () => isActive(run) || run.status !== "completed" || page.state.spec.panels.completeness?.run === run.run, REPORT_TRIES);
}

async function until(page, done, tries) {
  await reread(page);
  if (!done() && tries > 0) setTimeout(() => until(page, done, tries - 1), REPORT_EVERY_MS);
}

function arrived(page, insights) {
  return new Promise((resolve) => {
    page.state.on("spec", () => reached(page, insights) && resolve(true));
    setTimeout(() => resolve(reached(page, insights)), KERNEL_ANSWERS_WITHIN_MS);
  });
}
