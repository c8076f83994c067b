// Brings a page to newer insights: through its kernel, or, where none is live, by fetching the page's spec again.
import { get } from "./session.js";
import { toast } from "./toast.js";

const KERNEL_ANSWERS_WITHIN_MS = 4000;

/** The same data is computed anew every night: then only the insight run tells the numbers apart. */
function reached(page, { data_version: version, insight_run: run }) {
  const { spec } = page.state;
  return spec.data_version > version || (spec.data_version === version && (!run || spec.insight_run === run));
}

export async function refresh(page, insights) {
  if (reached(page, insights)) return;
  if (page.state.request(insights) && (await arrived(page, insights))) return;
  const folder = document.body.dataset.pages;
  const answer = folder ? await get(`${folder}${page.state.spec.page}.json`) : { ok: false };
  if (answer.ok) page.state.take(answer.body);
  else toast("New numbers are ready.", "info", { href: location.href, text: "Reload" });
}

function arrived(page, insights) {
  return new Promise((resolve) => {
    page.state.on("spec", () => reached(page, insights) && resolve(true));
    setTimeout(() => resolve(reached(page, insights)), KERNEL_ANSWERS_WITHIN_MS);
  });
}
