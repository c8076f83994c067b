// The page's widget as its kernel holds it, over Jupyter's kernel channels. It is the one widget of a page, and it paints
// nothing: Voila's own front end would be 4.6 MB and most of a second for it.

const TARGET = "jupyter.widget"; // comm of one widget
const CONTROL = "jupyter.widget.control"; // comm that tells of all there are
const RETRIES_MS = [250, 1000, 3000, 10_000, 20_000];
const REVOKED = 4403; // close code of ours: no longer a member
const ENDED = new Set(["dead", "terminating"]);

/** What PageState needs of a widget's model: get, set, save_changes, `change:…` and `comm_live_update`. */
class Model {
  #state;
  #changed = new Set();
  #listeners = new Map();
  comm_live = true;

  constructor(id, state, send) {
    this.id = id;
    this.#state = state;
    this.send = send;
  }

  get(name) {
    return this.#state[name];
  }

  set(name, value) {
    this.#state[name] = value;
    this.#changed.add(name);
  }

  save_changes() {
    const state = Object.fromEntries([...this.#changed].map((name) => [name, this.#state[name]]));
    this.#changed.clear();
    this.send("comm_msg", { comm_id: this.id, data: { method: "update", state, buffer_paths: [] } });
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  #emit(event) {
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  take(state) {
    Object.assign(this.#state, state);
    for (const name of Object.keys(state)) this.#emit(`change:${name}`);
  }

  lose() {
    this.comm_live = false;
    this.#emit("comm_live_update");
  }
}

/** Hears a page's kernel from before its notebook runs until the page is left. */
export class Kernel {
  #model = null;
  #ran = false;
  #tries = 0;
  #session = crypto.randomUUID?.() ?? String(Math.random()).slice(2); // only a secure context has the first
  #socket = null;
  #left = false;

  /** `base` is the server's address, `found` is called with the page's model. */
  constructor(base, id, found) {
    this.found = found;
    this.address = new URL(`${base}api/kernels/${id}/channels?session_id=${this.#session}`, location.href.replace(/^http/, "ws"));
    this.#connect();
    addEventListener("pagehide", () => this.#leave(`${base}voila/api/shutdown/${id}`));
  }

  /** The notebook has run: what was said of its widget before we listened can be asked for. */
  ran() {
    this.#ran = true;
    this.#ask();
  }

  #connect() {
    const socket = new WebSocket(this.address);
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      if (this.#ran) this.#ask();
    };
    socket.onmessage = ({ data }) => typeof data === "string" && this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  #closed(code) {
    if (this.#left) return;
    const pause = code === REVOKED ? undefined : RETRIES_MS[this.#tries++];
    if (pause === undefined) this.#model?.lose();
    else setTimeout(() => this.#connect(), pause);
  }

  #hear({ header, content }) {
    const { msg_type: type } = header;
    if (type === "status" && ENDED.has(content.execution_state)) this.#model?.lose();
    else if (type === "comm_open" && content.target_name === TARGET) this.#open(content.comm_id, content.data.state);
    else if (type === "comm_msg") this.#told(content);
  }

  #told({ comm_id: id, data }) {
    if (data.method === "update_states") for (const [one, { state }] of Object.entries(data.states)) this.#open(one, state);
    else if (data.method === "update" && id === this.#model?.id) this.#model.take(data.state);
  }

  /** Of several models the page is the one with a spec. */
  #open(id, state) {
    if (!state?.spec) return;
    if (this.#model) return void (id === this.#model.id && this.#model.take(state));
    this.#model = new Model(id, state, (type, content) => this.#send(type, content));
    this.found(this.#model);
  }

  #ask() {
    if (this.#socket.readyState !== 1 || this.#model) return;
    const comm_id = `${this.#session}-control`;
    this.#send("comm_open", { comm_id, target_name: CONTROL, data: {} });
    this.#send("comm_msg", { comm_id, data: { method: "request_states" } });
  }

  /** `metadata.version` is that of the control comm; without it the kernel refuses. */
  #send(type, content) {
    const header = { msg_id: `${this.#session}-${performance.now()}-${type}`, msg_type: type, session: this.#session, username: "", version: "5.3", date: new Date().toISOString() };
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify({ header, parent_header: {}, metadata: { version: "1.0.0" }, content, channel: "shell", buffers: [] }));
  }

  /** Nobody looks any more: the kernel need not wait until it is found idle. */
  #leave(address) {
    this.#left = true;
    const form = new FormData();
    form.append("_xsrf", document.cookie.match(/\b_xsrf=([^;]*)/)?.[1] ?? "");
    navigator.sendBeacon(address, form);
  }
}
