# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""Metrics and products over a range of days, with the range they are compared with. Pure; run in a thread."""

from datetime import date
from typing import Final, Literal

import numpy as np
import pandas as pd

from xsight_core.analytics import METRICS, day_number, day_of, evaluate
from xsight_core.analytics.parts import GIFT_CARD
from xsight_core.errors import InvalidInput
from xsight_core.services.look import Look
from xsight_core.services.parts import Json

__all__ = ["Compare", "metric_analysis", "metric_names", "product_analysis"]

Compare = Literal["previous_period", "previous_year"]
_YEAR_BACK: Final = 364
"""Whole weeks: the same days of the week are compared."""


def metric_names() -> list[Json]:
    """The metrics there are."""
    return [
        {
            "name": metric.name,
            "unit": str(metric.unit),
            "additive": metric.additive,
            "definition": metric.description,
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
    compare: Compare | None,
) -> Json:
    """A metric by period or dimension from ``since`` to ``until``, and of the range before where asked for."""
    first, last = _range(look, since, until)
    if compare is not None and since is None:
        raise InvalidInput("since", "A comparison needs the first day of the range.")
    points = _points(look, name, by, first if since else None, last)
    metric = METRICS[name]
    result: Json = {
        "metric": name,
        "unit": str(metric.unit),
        "definition": metric.description,
        "by": by,
        "since": day_of(first).isoformat() if since else None,
        "until": day_of(last).isoformat(),
        "points": points,
        "total": _total(points) if metric.additive else None,
        "comparison": None,
    }
    if compare is not None:
        back = _YEAR_BACK if compare == "previous_year" else last - first + 1
        before = _points(look, name, by, first - back, last - back)
        result["comparison"] = {
            "kind": compare,
            "since": day_of(first - back).isoformat(),
            "until": day_of(last - back).isoformat(),
            "points": before,
            "total": _total(before) if metric.additive else None,
        }
    return result


def product_analysis(look: Look, *, since: date | None, until: date | None, limit: int) -> Json:
    """Products by what was sold of them, without what came back later; guests' orders are in, lines by hand are one."""
    first, last = _range(look, since, until)
    orders = look.ledger.orders.counted(last)
    lines, names = orders.lines, orders.products
    within = (lines.flags & GIFT_CARD) == 0
    if since:
        within &= orders.day[lines.order] >= first
    product = lines.product[within]
    size = len(names) + 1  # the last one: lines without a product
    code = np.where(product < 0, size - 1, product)
    net, gross = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(net, code, lines.net_minor[within])
    np.add.at(gross, code, lines.gross_minor[within])
    units = np.bincount(code, lines.units[within], size).astype(np.int64)
    pairs = np.unique(code.astype(np.int64) * max(len(orders), 1) + lines.order[within])
    sold_in = np.bincount(pairs // max(len(orders), 1), minlength=size)
    ranked = [int(i) for i in np.lexsort((np.arange(size), -net)) if units[i]]
    return {
        "since": day_of(first).isoformat() if since else None,
        "until": day_of(last).isoformat(),
        "total": len(ranked),
        "products": [
            {
                "id": int(names.product_id[i]) if i < size - 1 else None,
                "title": names.name(i) if i < size - 1 else None,
                "units": int(units[i]),
                "orders": int(sold_in[i]),
                "gross_minor": int(gross[i]),
                "net_minor": int(net[i]),
            }
            for i in ranked[:limit]
        ],
    }


def _range(look: Look, since: date | None, until: date | None) -> tuple[int, int]:
    last = look.as_of if until is None else day_number(until)
    if last > look.as_of:
        raise InvalidInput("until", f"The last day there is: {day_of(look.as_of)}.")
    first = day_number(since) if since else last
    if first > last:
        raise InvalidInput("since", "The range ends before it begins.")
    return first, last


def _points(look: Look, name: str, by: str, first: int | None, last: int) -> list[Json]:
    """The metric's values; by period only those that begin on or after the first day."""
    series = evaluate(name, look.ledger.orders, last, by)
    points: list[Json] = []
    by_period = isinstance(series.index, pd.DatetimeIndex)
    if first is not None and not by_period:
        raise InvalidInput("since", f"By {by} the range begins with the first order.")
    for key, value in series.items():
        shown = None if key is None else str(key)
        if by_period:
            shown = str(key)[: len("2026-11-22")]
            if first is not None and shown < day_of(first).isoformat():
                continue
        number = float(value)
        points.append({"key": shown, "value": None if np.isnan(number) else number})
    return points


def _total(points: list[Json]) -> float:
    return sum(point["value"] or 0.0 for point in points)
