# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Cohorts: customers by the period of their first order, followed period by period."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.periods import Grain, label, period
from xsight_core.analytics.sums import exact_sums
from xsight_core.errors import InvalidInput

__all__ = ["MEASURES", "Cohorts", "cohorts", "of_customers"]

MEASURES = (
    "active",
    "retention",
    "orders",
    "revenue_minor",
    "returns_minor",
    "ltv_minor",
    "aov_minor",
    "refund_rate",
)


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
    returns_minor: Int

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

    def measure(self, name: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """A matrix, and where it holds a number.

        ``active`` customers who ordered · ``retention`` their share of the cohort · ``orders`` ·
        ``revenue_minor`` net sales · ``returns_minor`` given back of the orders of that period · ``ltv_minor``
        cumulative net sales per customer of the cohort · ``aov_minor`` net sales per order · ``refund_rate`` returns
        / (net sales + returns).
        """
        if name not in MEASURES:
            raise InvalidInput("values", f"Cohorts have {', '.join(MEASURES)}, not {name!r}.")
        if name in {"active", "orders", "revenue_minor", "returns_minor"}:
            return getattr(self, name), self.complete
        size = np.broadcast_to(self.size[:, None], self.active.shape)
        part, whole = {
            "retention": (self.active, size),
            "ltv_minor": (self.revenue_minor.cumsum(axis=1), size),
            "aov_minor": (self.revenue_minor, self.orders),
            "refund_rate": (self.returns_minor, self.revenue_minor + self.returns_minor),
        }[name]
        shown = self.complete & (whole > 0)
        return np.divide(part, whole, where=shown, out=np.zeros(part.shape)), shown

    def frame(self, values: str = "retention") -> "pd.DataFrame":
        """One of ``MEASURES`` as a frame, NaN where there is no number (yet)."""
        matrix, shown = self.measure(values)
        columns = pd.RangeIndex(matrix.shape[1], name=f"{self.grain}s_since_first")
        index = pd.Index(self.labels, name="cohort")
        return pd.DataFrame(matrix, index, columns).where(shown)


def cohorts(
    orders: Orders, as_of: int, grain: Grain = Grain.MONTH, customer_ids: Int | None = None
) -> Cohorts:
    """Retention, orders, revenue and returns by cohort.

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
    customer_ids : integers, optional
        Shopify's ids of the only customers to look at: a segment, whoever used a code, anybody.
    """
    orders = orders.counted(as_of)
    if customer_ids is not None:
        orders = of_customers(orders, customer_ids)
    index = orders.by_customer
    if len(index) == 0:
        none = np.zeros((0, 0), np.int64)
        return Cohorts(grain, 0, np.zeros(0, np.int64), none, none, none, none.astype(bool), none)
    low, now = (int(period(np.array([day]), grain)[0]) for day in (orders.day.min(), as_of))
    n = now - low + 1
    cell = period(
        orders.ordered("day"), grain
    )  # grows within a customer, whose first order comes first
    first = cell[orders.starts] - low
    cell += (first * (n - 1) - low)[orders.buyer]  # cohort * n + (period - low) - cohort
    new = np.ones(len(index), np.bool_)  # the first order of this customer in this period
    np.not_equal(cell[1:], cell[:-1], out=new[1:])
    new[orders.starts] = True
    ages = np.arange(n)
    shape = (n, n)
    return Cohorts(
        grain,
        low,
        np.bincount(first, minlength=n),
        np.bincount(cell[new], minlength=n * n).reshape(shape),
        np.bincount(cell, minlength=n * n).reshape(shape),
        exact_sums(cell, orders.ordered("net_minor"), n * n).reshape(shape),
        (ages[:, None] + ages[None, :]) < n - 1,
        exact_sums(cell, orders.ordered("returns_minor"), n * n).reshape(shape),
    )


def of_customers(orders: Orders, customer_ids: Int) -> Orders:
    """The orders of some customers; ids that nobody has are no error."""
    wanted = np.isin(orders.customer_id, customer_ids) & (orders.customer_id != 0)
    mine = wanted[np.maximum(orders.customer, 0)] & (orders.customer >= 0) if len(wanted) else None
    return orders.take(np.zeros(len(orders), np.bool_) if mine is None else mine)
