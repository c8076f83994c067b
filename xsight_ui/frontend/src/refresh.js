// Brings a page to newer insights: through its kernel, or, where none is live, by fetching the page's spec again.
import { get } from "./session.js";
import { toast } from "./toast.js";

const KERNEL_ANSWERS_WITHIN_MS = 4000;

const reached = (page, version) => page.state.spec.data_version >= version;

export async function refresh(page, version) {
  if (reached(page, version)) return;
  if (page.state.request(version) && (await arrived(page, version))) return;
  const folder = document.body.dataset.pages;
  const answer = folder ? await get(`${folder}${page.state.spec.page}.json`) : { ok: false };
  if (answer.ok) page.state.take(answer.body);
  else toast("New numbers are ready.", "info", { href: location.href, text: "Reload" });
}

function arrived(page, version) {
  return new Promise((resolve) => {
    page.state.on("spec", () => reached(page, version) && resolve(true));
    setTimeout(() => resolve(reached(page, version)), KERNEL_ANSWERS_WITHIN_MS);
  });
}
