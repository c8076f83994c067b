// A published notebook's last good run, in a frame that runs no script: the notebook's author is not the page's.
import { h } from "../dom.js";
import { ownStore } from "../names.js";
import { get } from "../session.js";

export function mount(tile, page) {
  const note = h("p", { class: "xs-muted", role: "status" });
  const draw = async () => {
    const place = `/api/v1/publications/${encodeURIComponent(tile.panel.id)}`;
    tile.body.replaceChildren(note);
    note.textContent = "";
    if (!(await ownStore())) return;
    const answer = await get(`${place}/shown`);
    if (!answer.ok) {
      note.textContent = answer.status === 404 ? "There is no good run of this page yet. It appears with the next one." : "This page cannot be read just now. Reload in a moment.";
      return;
    }
    const { run } = answer.body;
    note.textContent = `Run on ${page.format.time(run.finished_at)} · data version ${run.data_version}`;
    tile.body.replaceChildren(h("iframe", { class: "xs-published", sandbox: "", title: tile.panel.title, src: `${place}/page?run=${run.id}` }), note);
  };
  draw();
  return { update: draw };
}

export const rows = (panel) => ({ columns: [{ title: "Page" }], rows: [[panel.title]] });
