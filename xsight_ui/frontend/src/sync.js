// What the tenant's synchronisation is doing, as the API tells it: over a websocket, and by asking while there is none.
// Messages carry whole states, so a lost one heals with the next.
import { get, me, post } from "./session.js";

const ACTIVE = new Set(["queued", "running", "computing"]);
const POLL_ACTIVE_MS = 2000;
const POLL_IDLE_MS = 15_000;
const SILENT_MS = 6000; // a run speaks more often, unless what carries its messages is down
const LOGGED_OUT = 4401; // a code of our API: the session ended, or is at another store
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 30_000;

export const isActive = (run) => Boolean(run) && ACTIVE.has(run.status);

class SyncFeed {
  /** The run to show: the one in progress, or the last that ended while this page was open. */
  run = null;
  #listeners = { run: new Set(), update: new Set(), link: new Set() };
  /** ok, lost (the server cannot be reached) or ended (the session is over). */
  link = "ok";
  #started = false;
  #retry = RETRY_FIRST_MS;
  #socket = null;
  #timer = null;
  #silence = null;

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

  /** Takes a run's state that the API has answered to somebody else's question. */
  tell(run) {
    this.#show(run);
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
      this.#say("ok");
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (code === LOGGED_OUT) return void me(true).then((profile) => profile || this.#say("ended"));
      if (this.#retry > RETRY_FIRST_MS) this.#poll(); // not just a restart of the server
      setTimeout(() => this.#connect(), this.#retry);
      this.#retry = Math.min(2 * this.#retry, RETRY_MAX_MS);
    };
  }

  #hear(message) {
    if (message.type === "sync:update") return this.#announce(message);
    if (message.type === "sync:active") return void this.#list(message.runs);
    if (message.type !== "sync:error" && message.status) this.#show(message); // a run's state; other news have none
  }

  async #poll() {
    clearTimeout(this.#timer);
    if (this.#connected || document.hidden) return;
    const active = await get("/api/v1/tenants/me/sync/active");
    if (active.status === 401) return this.#say("ended");
    this.#say(active.status === 0 ? "lost" : "ok");
    if (active.ok) await this.#list(active.body.runs);
    this.#timer = setTimeout(() => this.#poll(), isActive(this.run) ? POLL_ACTIVE_MS : POLL_IDLE_MS);
  }

  /** Takes the runs in progress; the one shown as such that is not among them has ended unheard. */
  async #list(runs) {
    const before = this.run;
    runs.forEach((run) => this.#show(run));
    if (isActive(before) && !runs.some(({ run }) => run === before.run)) await this.#ask(before.run);
  }

  /** Shows where a run stands, and announces what came of it. */
  async #ask(run) {
    const { ok, body } = await get(`/api/v1/tenants/me/sync/${run}/status`);
    if (!ok) return;
    if (this.run.run === run && isActive(this.run)) this.#show(body); // else something newer was heard meanwhile
    if (body.status === "completed" && body.data_version) this.#announce(body);
  }

  #show(run) {
    this.run = run;
    for (const listener of this.#listeners.run) listener(run);
    this.#listen();
  }

  /** The database knows how a run goes even while nobody can tell of it: asks after each silence. */
  #listen() {
    clearTimeout(this.#silence);
    if (!isActive(this.run)) return;
    this.#silence = setTimeout(async () => {
      if (this.#connected && !document.hidden) await this.#ask(this.run.run);
      this.#listen();
    }, SILENT_MS);
  }

  #say(link) {
    if (link === this.link) return;
    this.link = link;
    for (const listener of this.#listeners.link) listener(link);
  }

  /** There are newer insights: their `data_version` and `insight_run`. */
  #announce(insights) {
    for (const listener of this.#listeners.update) listener(insights);
  }
}

export const feed = new SyncFeed();
