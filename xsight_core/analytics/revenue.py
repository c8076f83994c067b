# pyright: reportMissingTypeStubs=false
"""Money and orders per day of the shop's calendar."""

from dataclasses import dataclass, fields

import numpy as np

from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Int, Orders
from xsight_core.analytics.sums import segment_sums

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

    def frame(self) -> "pd.DataFrame":
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
    edges = np.searchsorted(orders.day, np.arange(first, first + days + 1))  # sorted by day
    day = orders.ordered("day")
    visits = np.ones(len(day), np.bool_)  # one per customer and day
    np.not_equal(day[1:], day[:-1], out=visits[1:])
    visits[orders.starts] = True
    new = np.bincount(day[orders.starts] - first, minlength=days)
    return Daily(
        start=first,
        orders=np.diff(edges),
        gross_minor=segment_sums(orders.gross_minor, edges),
        discounts_minor=segment_sums(orders.discounts_minor, edges),
        returns_minor=segment_sums(orders.returns_minor, edges),
        net_minor=segment_sums(orders.net_minor, edges),
        new_customers=new,
        returning_customers=np.bincount(day[visits] - first, minlength=days) - new,
    )
