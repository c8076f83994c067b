// A period of the daily arrays: what it adds up to, what the period before it did, and its course in buckets.
// The same arithmetic answers every choice of the period control, so none of them waits for a server.

const DAY_MS = 86400000;
const DAILY_UP_TO = 93; // days
const WEEKLY_UP_TO = 400;

export const dayAt = (daily, index) => new Date(Date.parse(daily.start + "T00:00:00Z") + index * DAY_MS).toISOString().slice(0, 10);

const indexOf = (daily, day) => Math.round((Date.parse(day + "T00:00:00Z") - Date.parse(daily.start + "T00:00:00Z")) / DAY_MS);

/**
 * Index range [from, to) of the last `days` days (all of them for null), or of those of `{ since, until }` that there
 * are; and of as many days before, if there are.
 */
export function range(daily, days) {
  const own = days !== null && typeof days === "object";
  const last = daily.orders.length;
  const to = own && days.until ? Math.max(0, Math.min(last, indexOf(daily, days.until) + 1)) : last;
  const start = own ? (days.since ? Math.max(0, indexOf(daily, days.since)) : 0) : days == null ? 0 : to - Math.min(days, to);
  const from = Math.min(start, to);
  const length = to - from;
  const before = days != null && from - length >= 0 ? { from: from - length, to: from } : null;
  return { from, to, before };
}

const total = (daily, fields, from, to) => {
  let sum = 0;
  for (const field of fields) for (let i = from; i < to; i++) sum += daily[field][i];
  return sum;
};

/** Value of a metric over [from, to); null where a ratio has nothing to divide by. */
export function measure(daily, metric, { from, to }) {
  if (metric.sum) return total(daily, metric.sum, from, to);
  const [above, below] = metric.ratio.map((fields) => total(daily, fields, from, to));
  return below ? above / below : null;
}

/** Relative change; null without a base. Ratios in percent change by points. */
export function change(metric, now, before) {
  if (now == null || before == null) return null;
  if (metric.format === "percent") return now - before;
  return before > 0 ? (now - before) / before : null;
}

export const grain = (length) => (length <= DAILY_UP_TO ? "day" : length <= WEEKLY_UP_TO ? "week" : "month");

/** Where the second block starts: a short rest at the beginning joins the first week, a long one stands alone. */
const firstWeek = (from, to) => from + ((to - from) % 7) + ((to - from) % 7 < 4 ? 7 : 0);

/** Ranges that cover [from, to): days, blocks of seven days that end with the period, or calendar months. */
export function buckets(daily, { from, to }, size = grain(to - from)) {
  const cuts = [from];
  if (size === "day") for (let i = from + 1; i < to; i++) cuts.push(i);
  else if (size === "week") for (let i = firstWeek(from, to); i < to; i += 7) cuts.push(i);
  else for (let i = from + 1; i < to; i++) if (dayAt(daily, i).endsWith("-01")) cuts.push(i);
  return cuts.map((start, k) => ({ from: start, to: cuts[k + 1] ?? to }));
}

export const series = (daily, metric, parts) => parts.map((part) => measure(daily, metric, part));
