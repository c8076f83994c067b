// The state of a painted page: first the inlined spec, later the live widget's. Views listen here and never change sides.

/** Equal as JSON, whatever the order of keys: the inlined spec and the widget's are written by different hands. */
export function same(a, b) {
  if (a === b || typeof a !== "object" || typeof b !== "object" || !a || !b) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}

/** Whether spec `a` was computed before `b`: of older data, or of the same data earlier. */
function isOlder(a, b) {
  if (a.data_version !== b.data_version) return a.data_version < b.data_version;
  return Date.parse(a.freshness?.computed_at) < Date.parse(b.freshness?.computed_at);
}

export class PageState {
  #listeners = new Map();
  #widget = null;

  constructor(spec, days) {
    this.spec = spec;
    this.days = days;
    this.narrowed = null;
  }

  /** The daily arrays: of all orders, or of those that the page's filters leave. */
  get daily() {
    return this.narrowed ?? this.spec.daily;
  }

  get live() {
    return this.#widget != null;
  }

  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
  }

  emit(event) {
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  setDays(days) {
    this.days = days;
    this.emit("days");
  }

  /** Takes a newer spec; an older one, say of a kernel that started before the last sync, is left alone. */
  take(spec) {
    if (!spec?.page || isOlder(spec, this.spec)) return;
    if (same(spec, this.spec)) return;
    this.spec = spec;
    this.emit("spec");
  }

  /** From here on the kernel's widget is the source. */
  attach(widget) {
    this.#widget = widget;
    widget.on("change:spec", () => this.take(widget.get("spec")));
    this.#watch(widget);
    this.take(widget.get("spec"));
    this.emit("live");
  }

  /** A kernel that ended leaves a widget that nobody hears: from then on there is none to ask. */
  #watch(widget) {
    const lose = () => {
      if (this.#widget !== widget) return;
      this.#widget = null;
      this.emit("lost");
    };
    const kernel = widget.widget_manager?.kernel;
    widget.on("comm_live_update", () => widget.comm_live === false && lose());
    kernel?.statusChanged?.connect((_, status) => (status === "dead" || status === "terminating") && lose());
    kernel?.connectionStatusChanged?.connect((_, status) => status === "disconnected" && lose());
  }

  /** Asks the kernel for these insights; false if there is no kernel to ask. */
  request({ data_version: version, insight_run: run }) {
    if (!this.#widget) return false;
    this.#widget.set("data_version", version);
    this.#widget.set("insight_run", run ?? null);
    this.#widget.save_changes();
    return true;
  }
}
