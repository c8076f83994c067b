# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Days that are out of line, and what made them so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.metrics.slices import of_products
from xsight_core.analytics.orders import GUEST, Orders
from xsight_core.analytics.revenue import daily
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["Anomaly", "Cause", "anomalies", "explain"]

_WEEKS = 8
_MAD_TO_SIGMA = 1.4826
_LEAST_DAYS = 7 * _WEEKS
_MOST_DAYS = 366


@dataclass(frozen=True)
class Cause:
    """A part of a day's difference, in minor units. All causes of one ``kind`` add up to the whole difference.

    ``kind`` is ``factor`` (new and returning customers and guests, each by orders and by order value), ``channel``,
    ``country`` or ``product``; ``name`` says which.
    """

    kind: str
    name: str
    minor: float


@dataclass(frozen=True)
class Anomaly:
    """A day whose net sales are ``z`` robust standard deviations off what such a weekday brought before."""

    day: int
    net_minor: int
    expected_minor: float
    z: float
    causes: tuple[Cause, ...]


def anomalies(
    orders: Orders, as_of: int, *, last: int = 28, threshold: float = 3.5, causes: int = 3
) -> list[Anomaly]:
    """Days among the ``last`` ones before ``as_of`` that are out of line, latest first, with their causes.

    A day is compared with the same weekday of the eight weeks before it: z = (net - median) / (1.4826 · MAD)
    (Iglewicz and Hoaglin 1993), the MAD taken over all days' distances from their weekday's median in those weeks, and
    never below 5 % of the usual level. ``as_of`` is not over and is left out.

    Raises
    ------
    NotEnoughData
        Fewer than eight weeks of history before the first of these days.
    """
    if not 1 <= last <= _MOST_DAYS:
        raise InvalidInput("last", f"1 to {_MOST_DAYS} days can be looked through.")
    if not threshold > 0:
        raise InvalidInput("threshold", "A threshold is a number of standard deviations, as 3.5.")
    series = daily(orders, as_of - 1)
    net = series.net_minor.astype(float)
    if len(net) < _LEAST_DAYS + 1:
        need = _LEAST_DAYS + 1
        raise NotEnoughData(
            "Anomaly detection",
            have=len(net),
            need=need,
            what="days of history",
            remedy="It comes with time.",
        )
    found: list[Anomaly] = []
    for i in range(len(net) - 1, max(len(net) - 1 - last, _LEAST_DAYS - 1), -1):
        before = net[i - _LEAST_DAYS : i].reshape(_WEEKS, 7)
        usual = np.median(before, axis=0)  # column 0 is the weekday of day i
        mad = float(np.median(np.abs(before - usual)))
        spread = max(_MAD_TO_SIGMA * mad, 0.05 * float(np.abs(usual).mean()), 1.0)
        z = (net[i] - usual[0]) / spread
        if abs(z) >= threshold:
            day = series.start + i
            why = explain(orders, day, [day - 7 * week for week in range(1, _WEEKS + 1)])
            kept = [
                cause
                for kind in ("factor", "channel", "country", "product")
                for cause in _largest([c for c in why if c.kind == kind], causes)
            ]
            found.append(Anomaly(day, int(net[i]), float(usual[0]), float(z), tuple(kept)))
    return found


def explain(orders: Orders, day: int, against: list[int]) -> list[Cause]:
    """What a day's net sales differ by from the mean of other days, taken apart four times.

    By factor: for each of new customers, returning customers and guests, net = orders x value; the difference is
    Δorders · mean value + Δvalue · mean orders (midpoints: nothing is left over). By channel, country and product: the
    differences themselves.
    """
    counted = orders.counted(day)
    days = np.array([*against, day])
    who = np.isin(counted.day, days)
    first = np.full(len(counted.customer_id) + 1, np.iinfo(np.int32).max, np.int64)
    buyers = counted.customer[counted.by_customer[counted.starts]]
    first[buyers] = counted.day[counted.by_customer[counted.starts]]
    part = counted.take(who)
    share = np.where(part.day == day, 1.0, -1.0 / len(against))
    kind = np.where(part.customer == GUEST, 2, (first[part.customer] < part.day).astype(int))
    causes: list[Cause] = []
    for code, name in enumerate(("new customers", "returning customers", "guests")):
        mine = kind == code
        now, then = (
            _level(part.net_minor[mine & side], count)
            for side, count in ((part.day == day, 1), (part.day != day, len(against)))
        )
        causes.append(
            Cause("factor", f"{name}: orders", (now[0] - then[0]) * (now[1] + then[1]) / 2)
        )
        causes.append(
            Cause("factor", f"{name}: order value", (now[1] - then[1]) * (now[0] + then[0]) / 2)
        )
    for name, names, code in (
        ("channel", part.channels, part.channel),
        ("country", part.countries, part.country),
    ):
        causes += _by_name(name, [*names, "unknown"], code, part.net_minor * share)
    sliced = of_products(part)
    weight = np.where(sliced.orders.day == day, 1.0, -1.0 / len(against))
    amounts = np.bincount(sliced.code, weights=sliced.orders.net_minor * weight, minlength=sliced.n)
    amounts[-1] += float((part.net_minor * share).sum() - amounts.sum())
    known = [part.products.name(i) for i in np.flatnonzero(amounts[:-1]).tolist()]
    causes += [
        Cause("product", n, float(a))
        for n, a in zip(known, amounts[:-1][amounts[:-1] != 0], strict=True)
    ]
    if abs(amounts[-1]) > 1e-6:  # noqa: PLR2004
        causes.append(Cause("product", "other", float(amounts[-1])))
    return causes


def _level(net: Int, days: int) -> tuple[float, float]:
    """Orders a day, and their mean value (0 where there are none: the other side's stands then)."""
    return len(net) / days, float(net.mean()) if len(net) else 0.0


def _by_name(kind: str, names: list[str], code: Int, amount: NDArray[np.float64]) -> list[Cause]:
    sums = np.bincount(
        np.where(code < 0, len(names) - 1, code), weights=amount, minlength=len(names)
    )
    return [Cause(kind, names[i], float(sums[i])) for i in np.flatnonzero(sums).tolist()]


def _largest(causes: list[Cause], n: int) -> list[Cause]:
    return sorted(causes, key=lambda cause: -abs(cause.minor))[:n]
