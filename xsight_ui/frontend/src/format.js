// Numbers and dates as the shop writes them: its currency, its calendar, exact to the minor unit.

const MONEY_COMPACT_FROM = 1e9; // major units that no longer fit on a card

const MONEY_CELL_UP_TO = 1000; // what is exact still fits into a cell

/** Minor units as a decimal string, so that no amount passes through a float. */
export function decimal(minor, exponent) {
  const digits = String(Math.abs(Math.round(minor))).padStart(exponent + 1, "0");
  const cut = digits.length - exponent;
  return (minor < 0 ? "-" : "") + digits.slice(0, cut) + (exponent ? "." + digits.slice(cut) : "");
}

/** Formatters for one shop; unknown values are shown as a dash. */
export function formatter(shop = {}) {
  const { currency = "USD", currency_exponent: exponent = 2, timezone = "UTC" } = shop;
  const locale = shop.locale || navigator.language || "en";
  const number = (options) => new Intl.NumberFormat(locale, options);
  const instant = (options, timeZone) => new Intl.DateTimeFormat(locale, { timeZone, ...options });
  const day = (iso) => new Date(iso + (iso.length === 7 ? "-01" : "") + "T00:00:00Z");

  const exact = number({ style: "currency", currency, minimumFractionDigits: exponent, maximumFractionDigits: exponent });
  const compactMoney = number({ style: "currency", currency, notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 });
  const whole = number({ maximumFractionDigits: 0 });
  const compactCount = number({ notation: "compact", maximumFractionDigits: 1 });
  const percent1 = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const percent0 = number({ style: "percent", maximumFractionDigits: 0 });
  const dates = {
    full: instant({ year: "numeric", month: "short", day: "numeric" }, "UTC"),
    short: instant({ month: "short", day: "numeric" }, "UTC"),
    month: instant({ year: "numeric", month: "short" }, "UTC"),
    day: instant({ year: "numeric", month: "short", day: "numeric" }, timezone),
    time: instant({ year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }, timezone),
  };
  const known = (f) => (value) => (value == null || Number.isNaN(value) ? "–" : f(value));
  const moneyShort = (minor) => compactMoney.format(Number(decimal(minor, exponent)));

  return {
    locale, currency, exponent,
    money: known((minor) => (Math.abs(minor) / 10 ** exponent < MONEY_COMPACT_FROM ? exact.format(decimal(minor, exponent)) : moneyShort(minor))),
    moneyExact: known((minor) => exact.format(decimal(minor, exponent))),
    /** A decimal in major units, as text: what the API says of orders. */
    amount: known((text) => exact.format(text)),
    moneyShort: known(moneyShort),
    moneyCell: known((minor) => (Math.abs(minor) / 10 ** exponent < MONEY_CELL_UP_TO ? exact.format(decimal(minor, exponent)) : moneyShort(minor))),
    count: known((value) => whole.format(value)),
    countShort: known((value) => compactCount.format(value)),
    percent: known((value) => percent1.format(value)),
    percentShort: known((value) => percent0.format(value)),
    date: known((iso) => dates.full.format(day(iso))),
    dateShort: known((iso) => dates.short.format(day(iso))),
    month: known((iso) => dates.month.format(day(iso))),
    time_day: known((iso) => dates.day.format(new Date(iso))),
    time: known((iso) => dates.time.format(new Date(iso))),
    dateRange: (from, to) => (from === to ? dates.full.format(day(from)) : dates.full.formatRange(day(from), day(to))),
    /** For spreadsheets: plain digits and a point, whatever the locale. */
    plain: (format, value) => (value == null ? "" : format === "money" ? decimal(value, exponent) : value),
  };
}

/** "3 minutes ago" */
export function ago(iso, now = Date.now()) {
  const words = new Intl.RelativeTimeFormat(navigator.language || "en", { numeric: "auto" });
  const seconds = (new Date(iso) - now) / 1000;
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

/** "1 min 20 s" */
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "1.4 MB", in thousands as Shopify and disks count. */
export function bytes(size) {
  const unit = Math.min(3, Math.max(0, Math.floor(Math.log10(Math.max(1, size)) / 3)));
  const name = ["byte", "kilobyte", "megabyte", "gigabyte"][unit];
  return new Intl.NumberFormat(navigator.language || "en", { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: unit ? 1 : 0 }).format(size / 1000 ** unit);
}
