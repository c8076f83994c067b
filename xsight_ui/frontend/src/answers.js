// Answers of the analytics API for choices other than the stored ones; each question is asked once.
import { ownStore } from "./names.js";
import { get } from "./session.js";

const asked = new Map();

/** The `result` of an analytics route. Throws an Error with words for the viewer. */
export function ask(page, route, query = {}) {
  const known = Object.entries(query).filter(([, value]) => value != null);
  const url = `/api/v1/analytics/${route}?${new URLSearchParams(known)}`;
  const key = `${page.state.spec.data_version}.${page.state.spec.insight_run} ${url}`;
  if (!asked.has(key)) {
    const answer = fetchResult(url);
    asked.set(key, answer);
    answer.catch(() => asked.delete(key));
  }
  return asked.get(key);
}

async function fetchResult(url) {
  if (!(await ownStore())) throw new Error("Your session is at another store or has ended. Reload the page.");
  const answer = await get(url);
  if (answer.ok) return answer.body.result;
  throw new Error(answer.body?.detail ?? (answer.status ? "This cannot be worked out just now." : "XSight cannot be reached just now."));
}

/** Shows the answer of the newest question only; the content stays, dimmed, until it is there. */
export function newest(tile, show, fail) {
  let turn = 0;
  return async (promise) => {
    const mine = ++turn;
    tile.body.setAttribute("aria-busy", "true");
    try {
      const value = await promise;
      if (mine === turn) show(value);
    } catch (error) {
      if (mine === turn) fail(error);
    } finally {
      if (mine === turn) tile.body.removeAttribute("aria-busy");
    }
  };
}
