// What the tenant's synchronisation is doing, as the API tells it: over a websocket, and by asking while there is none.
// Messages carry whole states, so a lost one heals with the next.
import { get, me, post } from "./session.js";
import { toast } from "./toast.js";

const ACTIVE = new Set(["queued", "running", "computing"]);
const POLL_ACTIVE_MS = 2000;
const POLL_IDLE_MS = 15_000;
const LOGGED_OUT = 4401; // a code of our API: the session ended, or is at another store
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 30_000;

export const isActive = (run) => Boolean(run) && ACTIVE.has(run.status);

class SyncFeed {
  /** The run to show: the one in progress, or the last that ended while this page was open. */
  run = null;
  #listeners = { run: new Set(), update: new Set() };
  #started = false;
  #retry = RETRY_FIRST_MS;
  #socket = null;
  #timer = null;

  on(event, listener) {
    this.#listeners[event].add(listener);
  }

  start() {
    if (this.#started) return;
    this.#started = true;
    this.#connect();
    document.addEventListener("visibilitychange", () => !document.hidden && !this.#connected && this.#poll());
  }

  /** Asks for a sync; the answer of the API. */
  async begin() {
    const answer = await post("/api/v1/tenants/me/sync");
    const run = answer.body?.run ?? answer.body?.id;
    if (answer.ok) this.#show(answer.body.status ? answer.body : { run, status: "queued", percent: 0, counts: {} });
    return answer;
  }

  get #connected() {
    return this.#socket?.readyState === 1;
  }

  #connect() {
    if (!globalThis.WebSocket) return void this.#poll();
    const socket = new WebSocket(new URL("/ws/sync", location.href.replace(/^http/, "ws")));
    this.#socket = socket;
    socket.onopen = () => {
      this.#retry = RETRY_FIRST_MS;
      clearTimeout(this.#timer);
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (code === LOGGED_OUT) return void me(true).then((profile) => profile || toast("Your session has ended.", "error", { href: "/login", text: "Log in again" }));
      if (this.#retry > RETRY_FIRST_MS) this.#poll(); // not just a restart of the server
      setTimeout(() => this.#connect(), this.#retry);
      this.#retry = Math.min(2 * this.#retry, RETRY_MAX_MS);
    };
  }

  #hear(message) {
    if (message.type === "sync:update") return this.#announce(message.data_version);
    if (message.type === "sync:active") return message.runs.forEach((run) => this.#show(run));
    if (message.type !== "sync:error" && message.run) this.#show(message);
  }

  async #poll() {
    clearTimeout(this.#timer);
    if (this.#connected || document.hidden) return;
    const before = this.run;
    const active = await get("/api/v1/tenants/me/sync/active");
    const runs = active.body?.runs ?? active.body?.items ?? [];
    if (active.status === 401) return;
    runs.forEach((run) => this.#show(run));
    if (isActive(before) && active.ok && !runs.some(({ run }) => run === before.run)) {
      const ended = await get(`/api/v1/tenants/me/sync/${before.run}/status`);
      if (ended.ok) this.#show(ended.body);
      if (ended.body?.data_version) this.#announce(ended.body.data_version);
    }
    this.#timer = setTimeout(() => this.#poll(), isActive(this.run) ? POLL_ACTIVE_MS : POLL_IDLE_MS);
  }

  #show(run) {
    this.run = run;
    for (const listener of this.#listeners.run) listener(run);
  }

  #announce(version) {
    for (const listener of this.#listeners.update) listener(version);
  }
}

export const feed = new SyncFeed();
