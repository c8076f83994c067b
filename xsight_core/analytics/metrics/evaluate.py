# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""A metric over time, by a dimension, and against an earlier time."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.frames import pd
from xsight_core.analytics.metrics.registry import METRICS
from xsight_core.analytics.metrics.slices import Sliced, of_products
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.periods import Grain, day_of, period, shift_year, start
from xsight_core.analytics.returns import returns_of
from xsight_core.errors import InvalidInput

__all__ = ["DIMENSIONS", "Comparison", "compare", "earlier", "evaluate", "on_refund_date", "window"]

_ON_REFUND_DATE = {
    "returns": "returns_on_refund_date",
    "net_sales": "net_sales_on_refund_date",
}
Mask = NDArray[np.bool_]
DIMENSIONS = ("channel", "country", "product", "discount")


def evaluate(
    name: str,
    orders: Orders,
    as_of: int,
    by: str = Grain.DAY,
    *,
    since: int | None = None,
    channel: str | None = None,
    country: str | None = None,
) -> "pd.Series":
    """A metric per period from the first counted order's to that of ``as_of``, or per value of a dimension.

    Parameters
    ----------
    name : str
        A key of ``METRICS``.
    orders : Orders
        A tenant's orders.
    as_of : int
        The shop's day, in days since 1970-01-01.
    by : str
        ``day``, ``week``, ``month``, ``quarter``, ``year`` (index: first day of the period; periods without an order
        are there too), ``channel``, ``country``, ``discount`` (the order's first code; index: its name, ``None`` where
        unknown or none) or ``product`` (index: Shopify's product id, 0 for what is no product; only metrics that
        can be told of a product).
    since : int, optional
        The first of the shop's days to look at: the first period then holds the days from it on only, and the periods
        begin there whether or not anything was sold. Who is new is still judged by all of history.
    channel, country : str, optional
        Only orders of that channel, to that country. Who is new is still judged by all orders.

    Returns
    -------
    pandas.Series
        Integers for counts and minor units; float with NaN for a ratio of nothing.
    """
    if name not in METRICS:
        raise InvalidInput("name", f"There is no metric {name!r}. There are: {', '.join(METRICS)}.")
    if by not in (*Grain, *DIMENSIONS):
        raise InvalidInput(
            "by", f"A metric goes by {', '.join((*Grain, *DIMENSIONS))}, not by {by!r}."
        )
    if by == "product" and not METRICS[name].by_product:
        able = ", ".join(m.name for m in METRICS.values() if m.by_product)
        raise InvalidInput("by", f"{name} cannot be told of a product; these can: {able}.")
    if since is not None and since > as_of:
        raise InvalidInput("since", "The range ends before it begins.")
    counted = orders.counted(as_of)
    order: Int | slice
    if by in DIMENSIONS:
        sliced, index, order = _by_dimension(counted, as_of, by)
    else:
        sliced, index = _by_period(counted, as_of, Grain(by), since)
        order = slice(None)
    function = METRICS[name].function
    keep = _of(counted, channel, country)
    if since is None and keep is None:
        values = function(sliced)
    else:
        values = function(_picked(sliced, since, keep, _of(sliced.orders, channel, country)))[1:]
    return pd.Series(values[order], index=index[order], name=name)


def window(
    name: str,
    orders: Orders,
    since: int,
    until: int,
    *,
    channel: str | None = None,
    country: str | None = None,
) -> float | None:
    """A metric over the shop's days ``since`` to ``until`` (both included); None for a ratio of nothing.

    Only orders of the ``channel`` or to the ``country`` where one is given. Who is new is judged by all orders of all
    of history: a customer with an order before ``since`` is not.
    """
    if until < since:
        raise InvalidInput("until", "The last day lies before the first.")
    if name not in METRICS:
        raise InvalidInput("name", f"There is no metric {name!r}. There are: {', '.join(METRICS)}.")
    counted = orders.counted(until)
    bounds = np.array([since])
    code = np.searchsorted(bounds, counted.day, side="right")  # 0 before, 1 within
    sliced = _sliced(
        counted, code, 2, lambda day: np.searchsorted(bounds, day, side="right"), until
    )
    keep = _of(counted, channel, country)
    if keep is None:
        value = METRICS[name].function(sliced)[1]
    else:
        value = METRICS[name].function(_picked(sliced, None, keep, keep))[2]
    return None if np.isnan(value) else value.item()


@dataclass(frozen=True)
class Comparison:
    """A metric over some days, and over the days it is compared with.

    ``change`` is ``now / before - 1``; None where there is nothing to divide by.
    """

    name: str
    since: int
    until: int
    now: float | None
    before_since: int
    before_until: int
    before: float | None

    @property
    def change(self) -> float | None:
        """Relative change."""
        if self.now is None or not self.before:
            return None
        return (self.now - self.before) / abs(self.before)


def compare(
    name: str, orders: Orders, since: int, until: int, against: str = "previous_period"
) -> Comparison:
    """A metric over ``since`` to ``until`` and an earlier time of the same length.

    ``previous_period``: the days right before. ``previous_year``: the same dates a year earlier (29 February: the
    28th). ``previous_year_weekdays``: 364 days earlier, so that each weekday meets its own.
    """
    first, last = earlier(since, until, against)
    return Comparison(
        name,
        since,
        until,
        window(name, orders, since, until),
        first,
        last,
        window(name, orders, first, last),
    )


def earlier(since: int, until: int, against: str) -> tuple[int, int]:
    """First and last day of the time that ``compare`` means."""
    days = until - since + 1
    spans = {
        "previous_period": (since - days, since - 1),
        "previous_year": (shift_year(since, -1), shift_year(until, -1)),
        "previous_year_weekdays": (since - 364, until - 364),
    }
    if against not in spans:
        raise InvalidInput("against", f"Compare with {', '.join(spans)}, not with {against!r}.")
    return spans[against]


def on_refund_date(name: str) -> str:
    """The metric that puts returns on the day of the refund, where there is one."""
    if name not in _ON_REFUND_DATE:
        able = ", ".join(_ON_REFUND_DATE)
        raise InvalidInput(
            "returns_on", f"Only {able} are told by the day of the refund; leave it out."
        )
    return _ON_REFUND_DATE[name]


def slices(orders: Orders, as_of: int, grain: Grain) -> tuple[Sliced, list[str]]:
    """Counted orders by period, ready for many metrics; and the periods' first days."""
    sliced, index = _by_period(orders.counted(as_of), as_of, grain)
    return sliced, [
        day_of(int(day)).isoformat() for day in index.to_numpy().astype("M8[D]").astype(int)
    ]


def _of(orders: Orders, channel: str | None, country: str | None) -> Mask | None:
    """Which orders are of that channel and country; None where neither is asked for."""
    keep: Mask | None = None
    for word, names, codes in (
        (channel, orders.channels, orders.channel),
        (country, orders.countries, orders.country),
    ):
        if word is not None:
            code = names.index(word) if word in names else None
            found = np.zeros(len(orders), np.bool_) if code is None else codes == code
            keep = found if keep is None else keep & found
    return keep


def _picked(sliced: Sliced, since: int | None, counted: Mask | None, keep: Mask | None) -> Sliced:
    """The same slices from a day on, and of the orders kept; the others are one more slice, in front of them.

    ``counted`` is ``keep`` of the orders that the events tell of: by product an order stands in several rows.
    """
    rows, events = np.ones(len(sliced.code), np.bool_), np.ones(len(sliced.event_code), np.bool_)
    if since is not None:
        rows, events = sliced.orders.day >= since, sliced.events.day >= since
    if keep is not None and counted is not None:
        rows, events = rows & keep, events & counted[sliced.events.order]
    return replace(
        sliced,
        code=np.where(rows, sliced.code + 1, 0),
        n=sliced.n + 1,
        event_code=np.where(events, sliced.event_code + 1, 0),
    )


def _by_period(
    orders: Orders, as_of: int, grain: Grain, since: int | None = None
) -> "tuple[Sliced, pd.Index]":
    periods = period(orders.day, grain)
    last = int(period(np.array([as_of]), grain)[0])
    if since is not None:
        first = int(period(np.array([since]), grain)[0])
    else:
        first = int(periods[0]) if len(periods) else last + 1
    starts = np.array([start(p, grain) for p in range(first, last + 1)], np.int64)
    index = pd.DatetimeIndex(starts.astype("datetime64[D]"), name=str(grain))
    code = periods - first
    return _sliced(orders, code, len(starts), lambda day: period(day, grain) - first, as_of), index


def _sliced(orders: Orders, code: Int, n: int, code_of: Callable[[Int], Int], as_of: int) -> Sliced:
    """Slices by day; what comes back after ``as_of`` has not come back yet."""
    events = returns_of(orders)
    days = np.clip(events.day, int(orders.day[0]) if len(orders) else 0, None)
    seen = np.flatnonzero(days <= as_of)
    return Sliced(orders, code, n, code_of(days[seen]), events.take(seen))


def _by_dimension(orders: Orders, as_of: int, by: str) -> "tuple[Sliced, pd.Index, Int]":
    """Slices, their names, and the order in which to show them: by name, unknown last."""
    if by == "product":
        sliced = of_products(orders)
        seen = np.flatnonzero(sliced.events.day <= as_of)  # what comes back later has not yet
        sliced = replace(
            sliced, event_code=sliced.event_code[seen], events=sliced.events.take(seen)
        )
        ids = np.r_[orders.products.product_id, 0]
        return sliced, pd.Index(ids, name=by), np.r_[np.argsort(ids[:-1]), len(ids) - 1]
    names, code = {
        "channel": lambda: (orders.channels, orders.channel),
        "country": lambda: (orders.countries, orders.country),
        "discount": lambda: (orders.discount_codes, orders.discount),
    }[by]()
    # code -1, unknown, is the last slice
    whole = np.where(code < 0, len(names), code).astype(np.int64)
    events = returns_of(orders)
    seen = np.flatnonzero(events.day <= as_of)
    events = events.take(seen)
    sliced = Sliced(orders, whole, len(names) + 1, whole[events.order], events)
    order = np.array([*sorted(range(len(names)), key=names.__getitem__), len(names)], np.int64)
    return sliced, pd.Index([*names, None], name=by, dtype=object), order
