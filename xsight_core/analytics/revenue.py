# pyright: reportMissingTypeStubs=false
"""Money and orders per day of the shop's calendar."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from xsight_core.analytics.orders import Int, Orders

__all__ = ["Daily", "daily"]


@dataclass(frozen=True, eq=False)
class Daily:
    """One entry per day from ``start`` (a day number) on, without gaps.

    ``gross_minor - discounts_minor - returns_minor = net_minor``; returns stand on the day of the
    order. ``new_customers`` placed their first counted order that day; ``returning_customers``
    ordered that day and had done so on an earlier one. Guests are in money and orders only.
    """

    start: int
    orders: Int
    gross_minor: Int
    discounts_minor: Int
    returns_minor: Int
    net_minor: Int
    new_customers: Int
    returning_customers: Int

    def __len__(self) -> int:
        return len(self.orders)

    def frame(self) -> pd.DataFrame:
        """One row per day."""
        days = np.arange(self.start, self.start + len(self)).astype("datetime64[D]")
        columns = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "start"}
        return pd.DataFrame(columns, index=pd.DatetimeIndex(days, name="day"))


def daily(orders: Orders, as_of: int) -> Daily:
    """Counted orders per day, from the first one's day to ``as_of``.

    Parameters
    ----------
    orders : Orders
        A tenant's orders.
    as_of : int
        The shop's day, in days since 1970-01-01; the last day of the series, whether or not
        anything was sold.

    Returns
    -------
    Daily
        Without a single day where there is no counted order.
    """
    orders = orders.counted(as_of)
    first = int(orders.day[0]) if len(orders) else as_of
    days = as_of - first + 1 if len(orders) else 0
    offset = orders.day - first

    def total(minor: Int) -> Int:
        # sums in integers: exact at any size, and orders are sorted by day
        edges = np.searchsorted(offset, np.arange(days + 1))
        return np.diff(np.r_[np.int64(0), np.cumsum(minor, dtype=np.int64)][edges])

    index = orders.by_customer
    customer, day = orders.customer[index], offset[index]
    opens = np.ones(len(index), np.bool_)
    opens[1:] = customer[1:] != customer[:-1]
    visits = opens.copy()  # one per customer and day
    visits[1:] |= day[1:] != day[:-1]
    new = np.bincount(day[opens], minlength=days)
    return Daily(
        start=first,
        orders=np.bincount(offset, minlength=days),
        gross_minor=total(orders.gross_minor),
        discounts_minor=total(orders.discounts_minor),
        returns_minor=total(orders.returns_minor),
        net_minor=total(orders.net_minor),
        new_customers=new,
        returning_customers=np.bincount(day[visits], minlength=days) - new,
    )
