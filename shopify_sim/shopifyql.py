"""``shopifyqlQuery``: the table ``sales`` of ShopifyQL, as far as sales over time and totals go.

Columns and clauses are those of Shopify's reference for 2026-07. Inferred: values are strings, discounts and
reversals are negative, and a query without a period looks at the last 30 days.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shopify_sim.faces import money
from shopify_sim.projection import Context, resolver
from shopify_sim.sales import by_day

__all__: list[str] = []

Row = dict[str, Any]
METRICS: dict[str, tuple[str, Callable[[Row], int]]] = {
    "orders": ("INTEGER", lambda day: day["orders"]),
    "gross_sales": ("MONEY", lambda day: day["gross_minor"]),
    "discounts": ("MONEY", lambda day: -day["discounts_minor"]),
    "sales_reversals": ("MONEY", lambda day: -day["returns_minor"]),
    "returns": ("MONEY", lambda day: -day["returns_minor"]),
    "net_sales": ("MONEY", lambda day: day["net_minor"]),
    "shipping_charges": ("MONEY", lambda day: day["shipping_minor"]),
    "taxes": ("MONEY", lambda day: day["taxes_minor"]),
    "total_sales": ("MONEY", lambda day: day["total_minor"]),
}
SUMMED = (
    "orders",
    "gross_minor",
    "discounts_minor",
    "returns_minor",
    "net_minor",
    "shipping_minor",
    "taxes_minor",
    "total_minor",
)
RENAMED = {"returns": "sales_reversals"}  # deprecated with 2026-04
PERIODS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta((day.weekday() + 1) % 7),
    "month": lambda day: day.replace(day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
NEXT = {"day": 1, "week": 7, "month": 31, "year": 366}
DEFAULT_DAYS = 30
CLAUSE = re.compile(
    r"\b(FROM|SHOW|TIMESERIES|GROUP BY|BY|WHERE|WITH|SINCE|UNTIL|DURING|ORDER BY|LIMIT)\b",
    re.IGNORECASE,
)


class ParseError(ValueError):
    """The query cannot be read; the text goes into ``parseErrors``."""


@resolver("QueryRoot", "shopifyqlQuery")
def _shopifyql(_row: Row, args: Row, context: Context) -> Row:
    try:
        table, warnings = _answer(context, args["query"])
    except ParseError as error:
        return {"parseErrors": [str(error)], "parseWarnings": [], "tableData": None}
    return {"parseErrors": [], "parseWarnings": warnings, "tableData": table}


def _answer(context: Context, text: str) -> tuple[Row, list[str]]:
    clauses = _clauses(text)
    store = context.shop.store
    if clauses.get("FROM") != "sales":
        raise ParseError(f"Table '{clauses.get('FROM', '')}' not found.")
    names = [name.strip() for name in clauses.get("SHOW", "").split(",")]
    unknown = [name for name in names if name not in METRICS]
    if unknown:
        raise ParseError(f"Column '{unknown[0]}' not found in 'sales'.")
    zone = _zone(clauses.get("WITH", ""), store.zone)
    today = datetime.fromtimestamp(context.now_us / 1e6, UTC).astimezone(ZoneInfo(zone)).date()
    since, until = _span(clauses, today)
    dense = "TIMESERIES" in clauses
    grain = clauses.get("TIMESERIES") or clauses.get("GROUP BY") or clauses.get("BY")
    if grain is not None and grain not in PERIODS:
        raise ParseError(f"Column '{grain}' not found in 'sales'.")
    days = [
        row for row in by_day(store, zone) if since.isoformat() <= row["day"] <= until.isoformat()
    ]
    rows = _summed(days, grain, since, until, dense=dense)
    if "DESC" in clauses.get("ORDER BY", "").upper():
        rows.reverse()
    rows = rows[: int(clauses.get("LIMIT", len(rows)))]
    shown = [
        ({grain: key} if grain else {})
        | {name: _shown(name, METRICS[name][1](row)) for name in names}
        for key, row in rows
    ]
    kinds = ([(grain, f"{grain.upper()}_TIMESTAMP")] if grain else []) + [
        (name, METRICS[name][0]) for name in names
    ]
    warnings = [
        f"'{name}' is deprecated. Use '{RENAMED[name]}' instead."
        for name in names
        if name in RENAMED
    ]
    return {
        "columns": [_column(*kind) for kind in kinds],
        "rows": shown,
        "rowMetadata": [],
    }, warnings


def _clauses(text: str) -> dict[str, str]:
    """Clauses by keyword; dimensions and tables in lower case."""
    parts = CLAUSE.split(" ".join(text.split()))
    if parts[0].strip():
        raise ParseError(f"Unexpected '{parts[0].split()[0]}'. Expected 'FROM'.")
    found = {
        key.upper(): value.strip() for key, value in zip(parts[1::2], parts[2::2], strict=True)
    }
    if "WHERE" in found:
        raise ParseError("WHERE is not simulated.")
    if not {"FROM", "SHOW"} <= set(found):
        raise ParseError("A query needs FROM and SHOW.")
    return found


def _span(clauses: dict[str, str], today: date) -> tuple[date, date]:
    if "DURING" in clauses:
        first = PERIODS["month"](today)
        named = {
            "today": (today, today),
            "yesterday": (today - timedelta(1), today - timedelta(1)),
            "this_month": (first, today),
            "last_month": (PERIODS["month"](first - timedelta(1)), first - timedelta(1)),
            "this_year": (PERIODS["year"](today), today),
        }
        if clauses["DURING"] not in named:
            raise ParseError(f"'{clauses['DURING']}' is not a date range.")
        return named[clauses["DURING"]]
    since = _moment(clauses.get("SINCE", f"-{DEFAULT_DAYS}d"), today)
    return since, _moment(clauses.get("UNTIL", "today"), today)


def _moment(text: str, today: date) -> date:
    ago = re.fullmatch(r"-(\d+)([dwmqy])", text)
    if ago:
        return today - timedelta(int(ago[1]) * {"d": 1, "w": 7, "m": 30, "q": 91, "y": 365}[ago[2]])
    if text in ("today", "yesterday"):
        return today - timedelta(text == "yesterday")
    try:
        return date.fromisoformat(text.strip("'\""))
    except ValueError as error:
        raise ParseError(f"'{text}' is not a date.") from error


def _zone(clause: str, own: str) -> str:
    asked = re.fullmatch(r"TIMEZONE\s+'([^']+)'", clause, re.IGNORECASE)
    if clause and not asked:
        raise ParseError(f"WITH {clause} is not simulated.")
    try:
        return ZoneInfo(asked[1]).key if asked else own
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ParseError(str(error)) from error


def _summed(
    days: list[Row], grain: str | None, since: date, until: date, *, dense: bool
) -> list[tuple[str, Row]]:
    """Sums by period; a time series also shows the periods without sales."""
    sums: dict[str, Row] = {}
    if not grain:
        sums[""] = dict.fromkeys(SUMMED, 0)
    elif dense:
        start = PERIODS[grain](since)
        while start <= until:
            sums[start.isoformat()] = dict.fromkeys(SUMMED, 0)
            start = PERIODS[grain](start + timedelta(NEXT[grain]))
    for day in days:
        key = PERIODS[grain](date.fromisoformat(day["day"])).isoformat() if grain else ""
        total = sums.setdefault(key, dict.fromkeys(SUMMED, 0))
        for name in SUMMED:
            total[name] += day[name]
    return sorted(sums.items())


def _shown(name: str, value: int) -> str:
    return money(value) if METRICS[name][0] == "MONEY" else str(value)


def _column(name: str, kind: str) -> Row:
    return {
        "name": name,
        "dataType": kind,
        "displayName": name.replace("_", " ").capitalize(),
        "shortDisplayName": None,
        "subType": None,
        "columnOrigin": "REQUESTED",
        "dynamicColumnMetadata": None,
    }
