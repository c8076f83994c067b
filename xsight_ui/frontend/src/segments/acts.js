// Acting on a segment: a file of its members, its tag in Shopify, and what came of either.
import { h, icon } from "../dom.js";
import { ago } from "../format.js";
import { get, post } from "../session.js";
import { toast } from "../toast.js";
import { people, personLink } from "./members.js";

const ASK_EVERY_MS = 700;
const ASK_TRIES = 400;
const HELD = [["0", "Nobody"], ["0.05", "5 %"], ["0.1", "10 %"], ["0.2", "20 %"]];
const FORMATS = [["csv", "CSV"], ["xlsx", "Excel"], ["jsonl", "JSON lines"], ["parquet", "Parquet"]];
const STATES = { planned: "Waiting", running: "Under way", done: "Done", failed: "Failed", undoing: "Being taken back", undone: "Taken back" };
const TONES = { done: "good", failed: "bad", undone: "low" };
const wait = () => new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
const changed = new EventTarget();

const select = (label, options, value) => h("select", { class: "xs-input", "aria-label": label }, options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
const field = (label, control) => h("label", { class: "xs-field" }, h("span", {}, label), control);
const checked = (label, on) => {
  const input = h("input", { type: "checkbox", checked: on });
  return { input, element: h("label", { class: "xs-check" }, input, label) };
};

export function acts(tile, page) {
  const told = h("p", { class: "xs-muted", role: "status" });
  tile.body.replaceChildren(h("div", { class: "xs-acts" }, tile.panel.may.export && fileForm(tile, page), tagForm(tile, page)), told);
  needed(tile.panel.id, page, told);
  return { update: () => {} };
}

/** What a hold-out could show at this size, before anything is done. */
async function needed(id, page, place) {
  const answer = await get(`/api/v1/segments/${id}/sample-size?held_out=0.1&days=90`);
  if (!answer.ok) return;
  const { customers, needed: wanted, smallest_minor: smallest, effect_minor: effect, enough } = answer.body;
  const { format } = page;
  place.textContent = enough
    ? `With 10 % held out for 90 days, ${format.count(customers)} customers are enough to see ${format.money(Math.round(effect))} more each (80 % power); the least that shows is ${format.money(Math.round(smallest))}.`
    : `To see ${format.money(Math.round(effect))} more each with 10 % held out for 90 days takes ${format.count(wanted)} customers; with these ${format.count(customers)} only ${format.money(Math.round(smallest))} or more would show.`;
}

function fileForm({ panel: { id } }, page) {
  const form = select("Format", FORMATS, "csv");
  const held = select("Held out of the file", HELD, "0");
  const consent = checked("Only who takes e-mail or SMS", true);
  const said = h("p", { class: "xs-act-said", role: "status" });
  const button = h("button", { type: "submit", class: "xs-button" }, icon("download", 15), "Make the file");
  const make = async (event) => {
    event.preventDefault();
    button.disabled = true;
    said.textContent = "The file is being made…";
    const filters = { segment: id, consented: consent.input.checked, held_out: Number(held.value) };
    let answer = await post("/api/v1/exports", { kind: "segment", format: form.value, filters });
    for (let left = ASK_TRIES; answer.ok && left && ["queued", "running"].includes(answer.body.status); left--) {
      await wait();
      answer = await get(`/api/v1/exports/${answer.body.id}`);
    }
    button.disabled = false;
    const { download_url: href, rows, error } = answer.body ?? {};
    said.replaceChildren(...(href
      ? [h("a", { href, download: "", "data-export": "" }, `Download ${page.format.count(rows)} ${rows === 1 ? "customer" : "customers"}`)]
      : [answer.body?.detail ?? error?.message ?? "The file could not be made."]));
    if (href) changed.dispatchEvent(new Event("act"));
  };
  return h("form", { class: "xs-act", "data-act": "file", onsubmit: make }, h("h3", {}, "Export"),
    field("As", form), field("Hold out", held), consent.element, h("div", {}, button), said);
}

function tagForm({ panel: { id, tags, may } }, page) {
  const tag = h("input", { type: "text", class: "xs-input", maxlength: "40", placeholder: "its own tag", autocomplete: "off", "aria-label": "Tag" });
  const held = select("Held out of the tag", HELD, "0");
  const consent = checked("Only who takes e-mail or SMS", false);
  const said = h("div", { class: "xs-act-said", role: "status" });
  const write = h("button", { type: "button", class: "xs-button xs-act-write", hidden: true, onclick: () => send(false) }, "Write to Shopify");
  let seed = null;
  const send = async (dry) => {
    const wish = { tag: tag.value.trim() || null, held_out: Number(held.value), consented: consent.input.checked, dry_run: dry, seed: dry ? null : seed };
    const answer = await post(`/api/v1/segments/${id}/tags`, wish);
    if (!answer.ok) return void refused(answer);
    const plan = answer.body;
    seed = plan.seed;
    if (!dry) {
      write.hidden = true;
      said.replaceChildren(h("p", {}, `“${plan.tag}” is being written.`));
      changed.dispatchEvent(new Event("act"));
      return;
    }
    const { format } = page;
    const known = await people([...plan.samples.add, ...plan.samples.remove]);
    const some = (ids) => ids.slice(0, 5).flatMap((one, i) => [i ? ", " : "", personLink(one, known.get(one))]);
    said.replaceChildren(...[
      h("p", {}, h("strong", {}, `“${plan.tag}”: `), `${format.count(plan.add)} get it, ${format.count(plan.remove)} lose it, ${format.count(plan.keep)} have it already${plan.held ? `, ${format.count(plan.held)} are held out` : ""}. Nothing is written yet.`),
      plan.add > 0 && h("p", { class: "xs-muted" }, "Get it: ", ...some(plan.samples.add), plan.add > 5 && " …"),
      plan.remove > 0 && h("p", { class: "xs-muted" }, "Lose it: ", ...some(plan.samples.remove), plan.remove > 5 && " …")].filter(Boolean));
    write.hidden = plan.add + plan.remove === 0;
  };
  const refused = ({ body }) => {
    const consentTo = body?.code === "missing_scope" && may.connect;
    const shop = page.state.spec.shop?.domain ?? "";
    said.replaceChildren(...[h("p", {}, body?.detail ?? "This could not be done."), consentTo && h("a", { class: "xs-button", href: `/auth?${new URLSearchParams({ shop, segment: id })}` }, icon("store", 15), "Allow it in Shopify")].filter(Boolean));
  };
  const stale = () => (write.hidden = true);
  for (const control of [tag, held, consent.input]) control.addEventListener("input", stale);
  if (tags != null) queueMicrotask(() => tag.focus());
  return h("form", { class: "xs-act", "data-act": "tag", onsubmit: (event) => (event.preventDefault(), send(true)) }, h("h3", {}, "Tag in Shopify"),
    field("Tag", tag), field("Hold out", held), consent.element, h("div", {}, h("button", { type: "submit", class: "xs-button" }, "Try without writing"), write), said);
}

export function lift(tile, page) {
  const { id, may } = tile.panel;
  const place = h("div", { class: "xs-scroll-x", tabindex: "0", role: "region", "aria-label": "What was done", "aria-live": "polite" });
  tile.body.replaceChildren(place);
  let reading = 0;
  const read = async () => {
    const turn = ++reading;
    for (let left = ASK_TRIES; left && turn === reading && tile.element.isConnected !== false; left--) {
      const answer = await get(`/api/v1/segments/${id}/actions`);
      if (!answer.ok || turn !== reading) return;
      const { items } = answer.body;
      const lifts = await Promise.all(items.map((one) => (one.held_out > 0 ? get(`/api/v1/actions/${one.id}/lift`) : null)));
      tile.panel.found = items.map((one, i) => ({ ...one, lift: lifts[i]?.ok ? lifts[i].body : null }));
      place.replaceChildren(items.length ? table(tile.panel.found, page, may, read) : h("p", { class: "xs-muted" }, "Nothing was done with it yet."));
      if (!items.some(({ state }) => ["planned", "running", "undoing"].includes(state))) return;
      await wait();
    }
  };
  changed.addEventListener("act", read);
  read();
  return { update: read, dispose: () => changed.removeEventListener("act", read) };
}

function table(found, page, may, again) {
  const undo = async (event, one) => {
    event.currentTarget.disabled = true;
    const answer = await post(`/api/v1/actions/${one.id}/undo`);
    if (!answer.ok) toast(answer.body?.detail ?? "It could not be taken back.", "error");
    again();
  };
  return h("table", { class: "xs-runs xs-done" },
    h("thead", {}, h("tr", {}, ["What", "State", "Treated", "Held out", "Net sales per customer, difference", ""].map((title, i) => h(title ? "th" : "td", { scope: title ? "col" : null, class: i === 2 || i === 3 ? "xs-number" : null }, title)))),
    h("tbody", {}, found.map((one) => h("tr", { "data-action": one.id, "data-state": one.state },
      h("th", { scope: "row" }, one.kind === "tags" ? `Tag “${one.tag}”` : "Export", h("small", { title: page.format.time(one.created_at) }, ago(one.created_at))),
      h("td", {}, h("span", { class: "xs-badge", "data-tone": TONES[one.state] ?? "best" }, STATES[one.state] ?? one.state), one.kind === "tags" && h("small", {}, progress(one.changes, page.format)), one.error && h("small", {}, one.error)),
      ...(one.lift ? effect(one.lift, page.format) : [h("td", { class: "xs-number" }, "–"), h("td", { class: "xs-number" }, "nobody"), h("td", { class: "xs-muted" }, "Nobody was held out: there is nothing to compare with.")]),
      h("td", {}, may && one.kind === "tags" && ["done", "failed"].includes(one.state) && h("button", { type: "button", class: "xs-button", onclick: (event) => undo(event, one) }, "Undo"))))));
}

const progress = ({ waiting = 0, done = 0, failed = 0, undone = 0 }, format) => [done && `${format.count(done)} written`, undone && `${format.count(undone)} taken back`, waiting && `${format.count(waiting)} waiting`, failed && `${format.count(failed)} failed`].filter(Boolean).join(", ");

function effect({ treated, held, net_minor: net, since, until }, format) {
  const { lift: gain, low, high } = net;
  const money = (minor) => `${minor > 0 ? "+" : ""}${format.money(Math.round(minor))}`;
  const sure = low != null && (low > 0 || high < 0);
  return [
    h("td", { class: "xs-number" }, format.count(treated.customers), h("small", {}, `${format.money(Math.round(net.treated))} each`)),
    h("td", { class: "xs-number" }, format.count(held.customers), h("small", {}, `${format.money(Math.round(net.held))} each`)),
    until <= since ? h("td", { class: "xs-muted" }, "What they buy from tomorrow on is compared.") : h("td", {}, h("strong", {}, money(gain)), low == null ? h("small", {}, "too few for an interval") : interval(gain, low, high, money),
      h("small", {}, low == null ? "" : sure ? `since ${format.date(since)}: the interval leaves out 0` : `since ${format.date(since)}: the interval holds 0, no effect shown yet`)),
  ];
}

/** The interval on a line around 0. */
function interval(gain, low, high, money) {
  const reach = 1.1 * Math.max(Math.abs(low), Math.abs(high), 1);
  const at = (value) => `${(50 + (50 * value) / reach).toFixed(1)}%`;
  return h("span", { class: "xs-interval", role: "img", "aria-label": `95 % interval from ${money(low)} to ${money(high)}` },
    h("i", { style: `left:${at(low)};right:calc(100% - ${at(high)})` }), h("b", { style: `left:${at(gain)}` }), h("span", {}, `${money(low)} to ${money(high)}`));
}

export const liftRows = ({ found = [] }) => ({
  columns: ["Action", "State", "Treated", "Held out", "Net per treated", "Net per held out", "Difference", "Low", "High"].map((title) => ({ title })),
  rows: found.map((one) => [one.kind === "tags" ? one.tag : "export", one.state, ...(one.lift ? [{ format: "count", value: one.lift.treated.customers }, { format: "count", value: one.lift.held.customers }, ...["treated", "held", "lift", "low", "high"].map((key) => ({ format: "money", value: one.lift.net_minor[key] }))] : ["", "", "", "", "", "", ""])]),
});
export const actsRows = () => ({ columns: [{ title: "Action" }], rows: [["Export"], ["Tag in Shopify"]] });
