// A range of days: presets that move with today, or two days of one's own. One word in the address holds it:
// `range=30d`, `range=last-month`, `range=2026-01-01..2026-03-31`.
import { parameters, setParameters } from "./address.js";
import { h, icon } from "./dom.js";
import { popup } from "./popup.js";

export const PRESETS = [
  ["7d", "Last 7 days"], ["30d", "Last 30 days"], ["90d", "Last 90 days"], ["12m", "Last 12 months"],
  ["month", "This month"], ["last-month", "Last month"], ["year", "This year"], ["all", "All time"],
];

const DAY_MS = 86400000;
const FIRST = "1990-01-01"; // earlier days are nobody's
const iso = (time) => new Date(time).toISOString().slice(0, 10);
const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && iso(Date.parse(text)) === text;

/** Today in the shop's calendar. */
export const shopDay = (timezone = "UTC", now = Date.now()) => new Intl.DateTimeFormat("en-CA", { timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);

/** First and last day that a word means, both included; null = open; undefined for no word of ours. */
export function daysOf(word, today) {
  const [year, month] = today.split("-").map(Number);
  const back = (days) => ({ since: iso(Date.parse(today) - (days - 1) * DAY_MS), until: today });
  const rolling = /^([1-9]\d{0,3})d$/.exec(word);
  if (rolling) return back(Number(rolling[1]));
  switch (word) {
    case "12m": return back(365);
    case "month": return { since: iso(Date.UTC(year, month - 1, 1)), until: today };
    case "last-month": return { since: iso(Date.UTC(year, month - 2, 1)), until: iso(Date.UTC(year, month - 1, 0)) };
    case "year": return { since: `${year}-01-01`, until: today };
    case "all": return { since: null, until: null };
  }
  const [since, until, more] = word.split("..");
  return more === undefined && isDay(since) && isDay(until ?? "") && FIRST <= since && since <= until ? { since, until } : undefined;
}

/** The range in the address: `{ word, since, until }`; `fallback` (null: no days) where it names none that can be read. */
export function chosenRange(fallback, today, name = "range") {
  const word = parameters().get(name);
  const days = word && daysOf(word, today);
  return days ? { word, ...days } : { word: fallback, ...(fallback && daysOf(fallback, today)) };
}

/**
 * A button that tells the range and opens the choice. The address is changed here; the page hears of it by
 * `onParameters`, and calls `update()` to have the button follow.
 */
export function rangePicker({ fallback, timezone, format, name = "range", none = "Other days" }) {
  const text = h("span");
  const button = h("button", { type: "button", class: "xs-button xs-range-button", "data-range": "" }, icon("calendar"), text);
  const choose = (word) => {
    box.hide(true);
    setParameters({ [name]: word === fallback ? null : word });
  };
  const presets = PRESETS.map(([word, label]) => h("button", { type: "button", "data-key": word, onclick: () => choose(word) }, label));
  const [since, until] = ["First day", "Last day"].map((label) => h("input", { type: "date", "aria-label": label, min: FIRST, required: true }));
  const note = h("p", { class: "xs-field-error", role: "alert" });
  const form = h("form", { onsubmit: submit }, h("label", {}, "From", since), h("label", {}, "to", until), h("button", { class: "xs-button" }, "Show"), note);
  const panel = h("div", { class: "xs-range", role: "dialog", "aria-label": "Range of days" }, h("div", { class: "xs-range-presets" }, presets), form);
  const box = popup(button, panel, { onopen: fill });

  function submit(event) {
    event.preventDefault();
    const word = `${since.value}..${until.value}`;
    if (daysOf(word, shopDay(timezone))) choose(word);
    else note.textContent = "The first day comes before the last.";
  }

  function fill() {
    const chosen = current();
    note.textContent = "";
    since.max = until.max = shopDay(timezone);
    since.value = chosen.since ?? "";
    until.value = chosen.until ?? "";
    for (const preset of presets) preset.setAttribute("aria-pressed", String(preset.dataset.key === chosen.word));
  }

  const current = () => chosenRange(fallback, shopDay(timezone), name);
  const self = {
    element: h("span", { class: "xs-anchor" }, button, panel),
    get value() {
      return current();
    },
    update() {
      const chosen = current();
      if (!chosen.word) return void (text.textContent = none);
      text.textContent = PRESETS.find(([word]) => word === chosen.word)?.[1] ?? format.dateRange(chosen.since, chosen.until);
    },
  };
  self.update();
  return self;
}
