// The builder: a rule on the left, what it finds on the right while it is written, saved with the viewer's own session.
import { useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { formatter } from "../format.js";
import { ownStore } from "../names.js";
import { get, me, post, put } from "../session.js";
import { stateBox } from "../states.js";
import { toast } from "../toast.js";
import { library } from "../views/segment_library.js";
import { Catalogue } from "./catalogue.js";
import { Found } from "./found.jsx";
import { go } from "./place.js";
import { strip } from "./query.js";
import { Rules } from "./rules.jsx";

const WAIT_MS = 180;
const EMPTY = { combinator: "and", not: false, rules: [{ field: "orders_count", operator: ">=", value: 2 }] };

/** Asks `ask` a little after the last change; whoever asked last wins. */
function useAnswer(ask, changes, wait) {
  const [state, setState] = useState({ body: null, busy: true, problem: null });
  const turn = useRef(0);
  useEffect(() => {
    const own = ++turn.current;
    setState((before) => ({ ...before, busy: true }));
    const timer = setTimeout(async () => {
      const answer = await ask();
      if (own !== turn.current || answer == null) return;
      setState((before) => (answer.ok ? { body: answer.body, busy: false, problem: null } : { body: before.body, busy: false, problem: answer }));
    }, wait);
    return () => clearTimeout(timer);
  }, changes);
  return state;
}

function problemsOf(answer) {
  const body = answer?.body;
  const told = body?.problems ?? (body?.field ? [{ field: body.field, detail: body.detail }] : []);
  return told.map(({ field, detail }) => ({ field: (field ?? "").replace(/^rule(\.|$)/, ""), detail }));
}

function funnelOf(body, combinator) {
  const title = combinator === "or" ? "Customers whom this finds" : "Customers left after this";
  return new Map((body?.funnel ?? []).map(({ path, customers }) => [path, { customers, title }]));
}

function Builder({ setup, started, shop, may, onRule, onCount, onSaved, onLeave }) {
  const [query, setQuery] = useState(started.rule);
  const [name, setName] = useState(started.name ?? "");
  const [note, setNote] = useState(started.note ?? "");
  const [saving, setSaving] = useState(null);
  const format = useMemo(() => formatter(shop), [shop]);
  const rule = useMemo(() => ({ v: 1, ...strip(query) }), [query]);
  const said = JSON.stringify(rule);
  const preview = useAnswer(() => post("/api/v1/segments/preview", { rule }), [said], WAIT_MS);
  const problems = useMemo(() => [...problemsOf(preview.problem), ...problemsOf(saving)], [preview.problem, saving]);
  const funnel = useMemo(() => funnelOf(preview.problem ? null : preview.body, query.combinator), [preview, query.combinator]);
  const catalogue = useMemo(() => ({ ...setup, problems, funnel, format, unit: shop?.currency ?? "" }), [setup, problems, funnel, format, shop]);

  useEffect(() => onRule?.(rule), [said]);
  useEffect(() => { if (preview.body && !preview.busy) onCount?.(preview.problem ? null : preview.body.customers); }, [preview]);
  useEffect(() => started.follow?.((told) => setQuery(told)), [started]);

  const save = async (event) => {
    event.preventDefault();
    const body = { name, note, rule };
    setSaving({ busy: true });
    const answer = started.id ? await put(`/api/v1/segments/${started.id}`, body) : await post("/api/v1/segments", { ...body, template: started.template ?? null });
    setSaving(answer.ok ? null : answer);
    if (answer.ok) onSaved(answer.body);
  };
  const wrong = saving && !saving.busy ? (saving.body?.detail ?? "It could not be saved. Check your connection.") : null;

  return <Catalogue.Provider value={catalogue}>
    <div className="xs-builder" data-busy={preview.busy}>
      <div className="xs-builder-rule">
        <Rules scope="customer" group={query} onChange={setQuery} label="Rule" />
        {may && <form className="xs-builder-save" onSubmit={save}>
          <label className="xs-field"><span>Name</span><input className="xs-input" type="text" required maxLength={200} value={name} autoComplete="off" onChange={({ target }) => setName(target.value)} /></label>
          <label className="xs-field"><span>Note</span><input className="xs-input" type="text" maxLength={2000} value={note} autoComplete="off" onChange={({ target }) => setNote(target.value)} /></label>
          <div className="xs-builder-end">
            <button type="submit" className="xs-button xs-button-main" disabled={Boolean(preview.problem) || saving?.busy}>{started.id ? "Save changes" : "Save segment"}</button>
            {onLeave && <button type="button" className="xs-button" onClick={onLeave}>Cancel</button>}
          </div>
          {wrong && <p className="xs-rule-problem" role="alert">{wrong}</p>}
        </form>}
      </div>
      <Found preview={preview} rule={rule} said={said} own={started.id} name={name} useAnswer={useAnswer} />
    </div>
  </Catalogue.Provider>;
}

/** Fields, values and saved segments; null with the reason where there is nothing to ask yet. */
async function prepare(own) {
  const [fields, saved, profile] = await Promise.all([get("/api/v1/segments/fields"), get("/api/v1/segments"), me()]);
  if (!fields.ok) return { problem: fields };
  const segments = (saved.body?.items ?? []).filter((one) => one.id !== own && !one.trouble && !one.masked);
  return { setup: { ...fields.body, segments }, may: profile?.rights?.includes("segments") ?? false };
}

const refusal = (answer) => stateBox(answer.status === 404
  ? { name: "empty", title: "No customers yet", text: "Rules can be written once the store has been synced." }
  : { name: "error", title: "The builder cannot be opened", text: answer.body?.detail ?? "XSight cannot be reached. Check your connection." });

/** What the address asks for: a saved segment, one of the library, a text of Shopify's, or an empty rule. */
async function begin(asked, tile) {
  if (asked.id) {
    const answer = await get(`/api/v1/segments/${asked.id}`);
    if (!answer.ok || !answer.body.rule) return { problem: answer.ok ? { status: 403, body: { detail: "You may not see this rule." } } : answer };
    const { id, name, note, rule } = answer.body;
    return { title: `Edit “${name}”`, id, name, note, rule };
  }
  if (asked.new.startsWith("library:")) {
    const key = asked.new.slice("library:".length);
    const answer = await library();
    const found = answer.items?.find((one) => one.key === key);
    if (!found?.rule) return { problem: answer.ok ? { status: 0, body: { detail: "This segment of the library is about nothing that your store has." } } : answer };
    return { title: found.name, template: key, name: found.name, note: found.action, rule: found.rule };
  }
  if (asked.new === "shopify") return { title: "From Shopify", rule: await importText(tile), name: "" };
  return { title: "New segment", rule: structuredClone(EMPTY), name: "" };
}

/** Asks for a text in Shopify's segment language until one can be read. */
function importText(tile) {
  const text = Object.assign(document.createElement("textarea"), { className: "xs-input xs-import", rows: 4, required: true, spellcheck: false, maxLength: 20000 });
  text.setAttribute("aria-label", "Segment of Shopify");
  text.placeholder = "number_of_orders > 2 AND last_order_date < -90d";
  const problem = Object.assign(document.createElement("p"), { className: "xs-rule-problem" });
  problem.setAttribute("role", "alert");
  const button = Object.assign(document.createElement("button"), { type: "submit", className: "xs-button xs-button-main", textContent: "Read it" });
  const form = Object.assign(document.createElement("form"), { className: "xs-import-form" });
  const hint = Object.assign(document.createElement("p"), { className: "xs-muted", textContent: "Copy the text of a segment out of Shopify’s editor. What XSight cannot ask exactly is refused by name." });
  form.append(hint, text, button, problem);
  tile.replaceChildren(form);
  text.focus();
  return new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await post("/api/v1/segments/import", { query: text.value });
      if (answer.ok) resolve(answer.body.rule);
      else problem.textContent = answer.body?.detail ?? "The text cannot be read just now.";
    });
  });
}

/** In the Segments page; gives back how to leave. */
export async function open(tile, page, asked) {
  const [{ setup, may, problem }, started] = await Promise.all([prepare(asked.id), begin(asked, tile)]);
  if (problem ?? started.problem) return void tile.replaceChildren(refusal(problem ?? started.problem));
  const title = Object.assign(document.createElement("h2"), { textContent: started.title, tabIndex: -1 });
  const body = document.createElement("div");
  tile.replaceChildren(title, body);
  const root = createRoot(body);
  const saved = async (segment) => {
    toast(`“${segment.name}” is saved.`);
    await post(`/api/v1/segments/${segment.id}/refresh`);
    go({ id: segment.id });
  };
  const leave = () => go(asked.id ? { id: asked.id } : {});
  root.render(<Builder setup={setup} started={started} shop={page.state.spec.shop} may={may} onSaved={saved} onLeave={leave} />);
  title.focus({ preventScroll: true });
  return () => setTimeout(() => root.unmount());
}

/** As a widget of its own: `model` holds rule, segment, name, customers. */
export async function widget(model, element) {
  const [{ setup, may, problem }, allowed] = await Promise.all([prepare(model.get("segment")), ownStore()]);
  if (problem || !allowed) return void element.replaceChildren(refusal(problem ?? { status: 0, body: { detail: "You are at another store in another window." } }));
  const keep = (values) => {
    for (const [key, value] of Object.entries(values)) model.set(key, value);
    model.save_changes();
  };
  let told = null;
  const follow = (take) => {
    const listen = () => JSON.stringify(model.get("rule")) !== told && model.get("rule")?.rules && take(model.get("rule"));
    model.on("change:rule", listen);
    return () => model.off("change:rule", listen);
  };
  const first = model.get("rule");
  const started = { id: model.get("segment"), name: model.get("name"), rule: first?.rules ? first : structuredClone(EMPTY), follow };
  const root = createRoot(element);
  root.render(<Builder setup={setup} started={started} shop={{ ...model.get("shop"), currency_exponent: setup.currency_exponent }} may={may}
    onRule={(rule) => { told = JSON.stringify(rule); keep({ rule }); }} onCount={(customers) => keep({ customers })}
    onSaved={(segment) => { keep({ segment: segment.id, name: segment.name }); started.id = segment.id; toast(`“${segment.name}” is saved.`); }} />);
  return () => root.unmount();
}
