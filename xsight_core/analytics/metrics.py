# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""The registry of metrics: a function here is a metric everywhere, with no edit elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xsight_core.analytics.orders import GUEST, Int, Orders
from xsight_core.analytics.periods import Grain, period, start
from xsight_core.errors import InvalidInput

__all__ = ["DIMENSIONS", "METRICS", "Metric", "Sliced", "Unit", "evaluate", "metric"]

DIMENSIONS = ("channel", "country")


class Unit(StrEnum):
    """What a metric's number is. Money is in minor units of the shop's currency."""

    MONEY = "money"
    COUNT = "count"
    RATIO = "ratio"


@dataclass(frozen=True, eq=False)
class Sliced:
    """Counted orders, each in one of ``n`` slices: periods in a row, or the values of a dimension."""

    orders: Orders
    code: Int
    n: int

    def count(self, which: NDArray[np.bool_] | None = None) -> Int:
        """Orders per slice, all or those of a mask."""
        return np.bincount(self.code if which is None else self.code[which], minlength=self.n)

    def total(self, minor: Int) -> Int:
        """Sum per slice, exact."""
        sums = np.zeros(self.n, np.int64)
        np.add.at(sums, self.code, minor)
        return sums

    @cached_property
    def customers(self) -> Int:
        """Distinct customers with an order, per slice."""
        index = self.orders.by_customer
        key = self.orders.customer[index].astype(np.int64) * self.n + self.code[index]
        return np.bincount(np.unique(key) % self.n, minlength=self.n)

    @cached_property
    def new_customers(self) -> Int:
        """Customers whose first counted order lies in the slice."""
        index = self.orders.by_customer
        customer = self.orders.customer[index]
        first = index[np.r_[True, customer[1:] != customer[:-1]][: len(index)]]
        return np.bincount(self.code[first], minlength=self.n)


_Function = Callable[[Sliced], NDArray[Any]]


@dataclass(frozen=True)
class Metric:
    """A named number per slice. ``additive``: the slices' values add up to the whole's."""

    name: str
    unit: Unit
    additive: bool
    function: _Function

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").partition("\n")[0]


METRICS: dict[str, Metric] = {}


def metric(name: str, unit: Unit, *, additive: bool = True) -> Callable[[_Function], _Function]:
    """Register a metric."""

    def register(function: _Function) -> _Function:
        METRICS[name] = Metric(name, unit, additive, function)
        return function

    return register


def evaluate(name: str, orders: Orders, as_of: int, by: str = Grain.DAY) -> pd.Series:
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
        are there too), ``channel`` or ``country`` (index: its name, ``None`` where unknown).

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
    counted = orders.counted(as_of)
    sliced, index = (
        _by_dimension(counted, by) if by in DIMENSIONS else _by_period(counted, as_of, Grain(by))
    )
    return pd.Series(METRICS[name].function(sliced), index=index, name=name)


def _by_period(orders: Orders, as_of: int, grain: Grain) -> tuple[Sliced, pd.Index]:
    periods = period(orders.day, grain)
    last = int(period(np.array([as_of]), grain)[0])
    first = int(periods[0]) if len(periods) else last + 1
    starts = np.array([start(p, grain) for p in range(first, last + 1)], np.int64)
    index = pd.DatetimeIndex(starts.astype("datetime64[D]"), name=str(grain))
    return Sliced(orders, periods - first, len(starts)), index


def _by_dimension(orders: Orders, by: str) -> tuple[Sliced, pd.Index]:
    names = orders.channels if by == "channel" else orders.countries
    code = orders.channel if by == "channel" else orders.country
    # code -1, unknown, is the last slice
    sliced = Sliced(orders, np.where(code < 0, len(names), code).astype(np.int64), len(names) + 1)
    return sliced, pd.Index([*names, None], name=by, dtype=object)


def _ratio(part: Int, whole: Int) -> NDArray[np.float64]:
    return np.divide(part, whole, where=whole != 0, out=np.full(len(whole), np.nan))


@metric("gross_sales", Unit.MONEY)
def gross_sales(s: Sliced) -> Int:
    """Prices of all lines before discounts and returns, without tax and shipping."""
    return s.total(s.orders.gross_minor)


@metric("discounts", Unit.MONEY)
def discounts(s: Sliced) -> Int:
    """Discounts on lines and orders."""
    return s.total(s.orders.discounts_minor)


@metric("returns", Unit.MONEY)
def returns(s: Sliced) -> Int:
    """What was given back for returned or removed lines, on the day of the order."""
    return s.total(s.orders.returns_minor)


@metric("net_sales", Unit.MONEY)
def net_sales(s: Sliced) -> Int:
    """Gross sales - discounts - returns: what "revenue" means here."""
    return s.total(s.orders.net_minor)


@metric("orders", Unit.COUNT)
def orders(s: Sliced) -> Int:
    """Orders that count: no test, cancelled or deleted ones; of zero value and by guests too."""
    return s.count()


@metric("guest_orders", Unit.COUNT)
def guest_orders(s: Sliced) -> Int:
    """Orders without a customer."""
    return s.count(s.orders.customer == GUEST)


@metric("units", Unit.COUNT)
def units(s: Sliced) -> Int:
    """Items ordered."""
    return s.total(s.orders.units)


@metric("aov", Unit.MONEY, additive=False)
def aov(s: Sliced) -> NDArray[np.float64]:
    """Average order value: net sales / orders."""
    return _ratio(net_sales(s), orders(s))


@metric("customers", Unit.COUNT, additive=False)
def customers(s: Sliced) -> Int:
    """Distinct customers with an order."""
    return s.customers


@metric("new_customers", Unit.COUNT)
def new_customers(s: Sliced) -> Int:
    """Customers whose first order ever it was."""
    return s.new_customers


@metric("returning_customers", Unit.COUNT, additive=False)
def returning_customers(s: Sliced) -> Int:
    """Distinct customers whose first order lies elsewhere: by period, before it."""
    return s.customers - s.new_customers


@metric("repeat_rate", Unit.RATIO, additive=False)
def repeat_rate(s: Sliced) -> NDArray[np.float64]:
    """Share of the customers that are returning ones."""
    return _ratio(returning_customers(s), customers(s))


@metric("orders_per_customer", Unit.RATIO, additive=False)
def orders_per_customer(s: Sliced) -> NDArray[np.float64]:
    """Orders of customers (guests left out) per distinct customer."""
    return _ratio(s.count(s.orders.customer != GUEST), customers(s))


@metric("discount_rate", Unit.RATIO, additive=False)
def discount_rate(s: Sliced) -> NDArray[np.float64]:
    """Discounts / gross sales."""
    return _ratio(discounts(s), gross_sales(s))


@metric("return_rate", Unit.RATIO, additive=False)
def return_rate(s: Sliced) -> NDArray[np.float64]:
    """Returns / (gross sales - discounts)."""
    return _ratio(returns(s), gross_sales(s) - discounts(s))
