# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""Metrics, products and customers over a range of days, with the range they are compared with.

Pure; run in a thread.
"""

from datetime import date
from typing import Final

import numpy as np

from xsight_core.analytics import (
    METRICS,
    day_number,
    day_of,
    earlier,
    evaluate,
    top_customers_between,
    window,
)
from xsight_core.analytics.frames import pd
from xsight_core.errors import InvalidInput
from xsight_core.services.look import Look
from xsight_core.services.parts import Json
from xsight_core.services.product_parts import sold_part

__all__ = [
    "FIRST_DAY",
    "customer_analysis",
    "daily_analysis",
    "metric_analysis",
    "metric_names",
    "product_analysis",
]

FIRST_DAY: Final = date(1990, 1, 1)
"""Nobody asks for earlier days, but calendars end there somewhere."""

_ARRAYS: Final = {
    "orders": "orders",
    "gross_minor": "gross_sales",
    "discounts_minor": "discounts",
    "returns_minor": "returns",
    "net_minor": "net_sales",
    "new_customers": "new_customers",
    "returning_customers": "returning_customers",
}
"""The daily arrays, and the metric that each is by day."""

_MOST_POINTS: Final = 20_000
_DAY_LENGTH: Final = len("2026-11-22")


def metric_names() -> list[Json]:
    """The metrics there are."""
    return [
        {
            "name": metric.name,
            "unit": str(metric.unit),
            "additive": metric.additive,
            "by_product": metric.by_product,
            "definition": metric.definition,
        }
        for metric in METRICS.values()
    ]


def metric_analysis(
    look: Look,
    name: str,
    by: str,
    *,
    since: date | None,
    until: date | None,
    compare: str | None,
    channel: str | None = None,
    country: str | None = None,
) -> Json:
    """A metric by period or dimension from ``since`` to ``until``, and of an earlier range where asked for.

    Of the orders of a ``channel``, of a ``country`` where one is given.

    ``total`` is the metric of the whole range: the sum of the points where it is additive, and never a mean of means.
    """
    first, last = _range(look, since, until)
    if compare is not None and since is None:
        raise InvalidInput("since", "A comparison needs the first day of the range.")
    shown = _over(look, name, by, first, last, channel, country)
    metric = METRICS[name]
    result: Json = {
        "metric": name,
        "unit": str(metric.unit),
        "definition": metric.definition,
        "by": by,
        "since": None if first is None else day_of(first).isoformat(),
        "until": day_of(last).isoformat(),
        **shown,
        "comparison": None,
    }
    if compare is not None and first is not None:
        span = earlier(first, last, compare)
        before = _over(look, name, by, *span, channel, country)
        result["comparison"] = {
            "kind": compare,
            "since": day_of(span[0]).isoformat(),
            "until": day_of(span[1]).isoformat(),
            **before,
            "change": _change(shown["total"], before["total"]),
        }
    return result


def daily_analysis(look: Look, *, channel: str | None, country: str | None) -> Json:
    """What the Overview's daily arrays are of one channel, of one country, or of one channel in one country.

    The days are those of all orders, so that arrays of different filters stand beside each other.
    """
    orders = look.ledger.orders
    series = {
        array: evaluate(name, orders, look.as_of, channel=channel, country=country)
        for array, name in _ARRAYS.items()
    }
    start = day_of(_first_day(look, look.as_of)).isoformat()
    days = {array: [int(value) for value in values] for array, values in series.items()}
    return {"channel": channel, "country": country, "daily": {"start": start, **days}}


def product_analysis(
    look: Look, *, since: date | None, until: date | None, limit: int, offset: int = 0
) -> Json:
    """Products by net sales of the orders of a range, from the `offset`-th on."""
    first, last = _range(look, since, until)
    return sold_part(look.ledger.orders, first, last, limit=limit, offset=offset)


def customer_analysis(look: Look, *, since: date | None, until: date | None, limit: int) -> Json:
    """The customers who spent most in a range."""
    first, last = _range(look, since, until)
    orders = look.ledger.orders
    start = first if first is not None else _first_day(look, last)
    top = top_customers_between(orders, start, last, limit)
    whole = window("net_sales", orders, start, last) or 0
    return {
        "since": None if first is None else day_of(first).isoformat(),
        "until": day_of(last).isoformat(),
        "customers": [
            {"id": who, "orders": n, "units": units, "net_minor": net, "share": share}
            for who, n, units, net, share in zip(
                top.ids.tolist(),
                top.orders.tolist(),
                top.units.tolist(),
                top.net_minor.tolist(),
                top.share.tolist() if whole > 0 else [None] * len(top.ids),
                strict=True,
            )
        ],
    }


def _range(look: Look, since: date | None, until: date | None) -> tuple[int | None, int]:
    for name, day in (("since", since), ("until", until)):
        if day is not None and day < FIRST_DAY:
            raise InvalidInput(name, f"Give a day from {FIRST_DAY} on.")
    last = look.as_of if until is None else day_number(until)
    if last > look.as_of:
        raise InvalidInput("until", f"The last day there is: {day_of(look.as_of)}.")
    first = None if since is None else day_number(since)
    if first is not None and first > last:
        raise InvalidInput("since", "The range ends before it begins.")
    if first is not None and last - first > _MOST_POINTS:
        raise InvalidInput("since", f"A range has {_MOST_POINTS} days at most; begin it later.")
    return first, last


def _first_day(look: Look, last: int) -> int:
    day = look.ledger.orders.counted(last).day
    return int(day[0]) if len(day) else last


def _over(
    look: Look,
    name: str,
    by: str,
    first: int | None,
    last: int,
    channel: str | None,
    country: str | None,
) -> Json:
    """The metric's points and what it is of the whole range."""
    orders = look.ledger.orders
    series = evaluate(name, orders, last, by, since=first, channel=channel, country=country)
    by_period = isinstance(series.index, pd.DatetimeIndex)
    points: list[Json] = []
    for key, value in series.items():
        known = None if key is None or (by == "product" and key == 0) else str(key)
        shown = known[:_DAY_LENGTH] if by_period and known else known
        number = float(value)
        points.append({"key": shown, "value": None if np.isnan(number) else number})
    start = first if first is not None else _first_day(look, last)
    whole = window(name, orders, start, last, channel=channel, country=country)
    return {"points": points, "total": whole}


def _change(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else (now - before) / abs(before)
