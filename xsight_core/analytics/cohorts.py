# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Cohorts: customers by the period of their first order, followed period by period."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xsight_core.analytics.orders import Int, Orders
from xsight_core.analytics.periods import Grain, label, period

__all__ = ["Cohorts", "cohorts"]

_DENSE_CELLS = 100_000_000  # a byte each


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Row c is the cohort of period ``first + c``, column k the k-th period after it (0: itself).

    ``complete`` is false where period ``first + c + k`` is not over yet (or has not come): such a
    cell is not a low number but no number, and it is never shown.
    """

    grain: Grain
    first: int
    size: Int
    active: Int
    orders: Int
    revenue_minor: Int
    complete: NDArray[np.bool_]

    @property
    def labels(self) -> list[str]:
        """Names of the cohorts' periods, e.g. ``2026-11``."""
        return [label(self.first + row, self.grain) for row in range(len(self.size))]

    def cells(self, values: Int) -> list[list[int | None]]:
        """A matrix as lists, None where the period is not complete."""
        return [
            [value if complete else None for value, complete in zip(row, mask, strict=True)]
            for row, mask in zip(values.tolist(), self.complete.tolist(), strict=True)
        ]

    def frame(self, values: str = "retention") -> pd.DataFrame:
        """A matrix as a frame, NaN where the period is not complete.

        Parameters
        ----------
        values : ``"active"`` customers who ordered, ``"retention"`` their share of the cohort,
        ``"orders"``,
            ``"revenue_minor"``, or ``"ltv_minor"``: cumulative revenue per customer of the cohort.
        """
        size = self.size[:, None].astype(float)
        shown = self.complete.copy()
        matrix: NDArray[Any]
        if values == "retention":
            matrix = np.divide(self.active, size, where=size > 0, out=np.zeros(self.active.shape))
            shown &= size > 0
        elif values == "ltv_minor":
            total = self.revenue_minor.cumsum(axis=1)
            matrix = np.divide(total, size, where=size > 0, out=np.zeros(total.shape))
            shown &= size > 0
        else:
            matrix = {
                "active": self.active,
                "orders": self.orders,
                "revenue_minor": self.revenue_minor,
            }[values]
        columns = pd.RangeIndex(matrix.shape[1], name=f"{self.grain}s_since_first")
        index = pd.Index(self.labels, name="cohort")
        return pd.DataFrame(matrix, index, columns).where(shown)


def cohorts(orders: Orders, as_of: int, grain: Grain = Grain.MONTH) -> Cohorts:
    """Retention, orders and revenue by cohort.

    A customer belongs to the period of the first counted order in the shop's calendar; ``active[c,
    k]`` counts the distinct customers of cohort c with a counted order k periods later, so
    ``active[c, 0] = size[c]``. There are as many columns as periods: an order thirteen months after
    the first stands in column 13.

    A period is complete when ``as_of`` lies in a later one: today is never over.

    Parameters
    ----------
    orders : Orders
        A tenant's orders; guests are left out.
    as_of : int
        The shop's day, in days since 1970-01-01.
    grain : Grain
        Length of the periods.
    """
    orders = orders.counted(as_of)
    index = orders.by_customer
    if len(index) == 0:
        none = np.zeros((0, 0), np.int64)
        return Cohorts(grain, 0, np.zeros(0, np.int64), none, none, none, none.astype(bool))
    customer, net = orders.customer[index], orders.net_minor[index]
    periods = period(orders.day[index], grain)
    low, now = int(periods.min()), int(period(np.array([as_of]), grain)[0])
    n = now - low + 1

    begins = np.r_[True, customer[1:] != customer[:-1]]
    who = np.cumsum(begins) - 1  # dense among buyers
    cohort = (periods[begins] - low)[who]  # the first order comes first
    age = periods - low - cohort
    cell = cohort * n + age

    revenue = np.zeros(n * n, np.int64)
    np.add.at(revenue, cell, net)
    pairs = _distinct(who, age, n)
    first_row = np.flatnonzero(begins)
    active = np.bincount(cohort[first_row][pairs // n] * n + pairs % n, minlength=n * n)
    count = np.bincount(cell, minlength=n * n)

    ages = np.arange(n)
    complete = (ages[:, None] + ages[None, :]) < n - 1
    size = np.bincount(periods[begins] - low, minlength=n)
    shape = (n, n)
    return Cohorts(
        grain,
        low,
        size,
        active.reshape(shape),
        count.reshape(shape),
        revenue.reshape(shape),
        complete,
    )


def _distinct(who: Int, age: Int, n: int) -> Int:
    """Distinct (customer, age) pairs as ``who * n + age``; by a table while that is small."""
    key = who.astype(np.int64) * n + age
    cells = (int(who[-1]) + 1) * n
    if cells > _DENSE_CELLS:
        return np.unique(key)
    seen = np.zeros(cells, np.bool_)
    seen[key] = True
    return np.flatnonzero(seen)
