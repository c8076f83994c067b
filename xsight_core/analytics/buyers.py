# pyright: reportMissingTypeStubs=false
"""Customers who bought, one row each: what RFM, cohorts and the top list are made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Int, Orders

__all__ = ["Buyers", "buyers"]


@dataclass(frozen=True, eq=False)
class Buyers:
    """Customers with at least one counted order, by rising ordinal.

    Attributes
    ----------
    as_of : int
        The shop's day up to which orders were seen.
    ordinal, customer_id : int32, int64
        Who it is.
    orders : int64
        Counted orders.
    net_minor : int64
        Their net sales, minor units: gross - discounts - returns.
    first_day, last_day : int32
        The shop's days of first and last order.
    """

    as_of: int
    ordinal: Int
    customer_id: Int
    orders: Int
    net_minor: Int
    first_day: Int
    last_day: Int

    def __len__(self) -> int:
        return len(self.ordinal)

    @property
    def recency_days(self) -> NDArray[Any]:
        """Days since the last order."""
        return self.as_of - self.last_day

    def frame(self) -> "pd.DataFrame":
        """One row per customer id."""
        return pd.DataFrame(
            {
                "orders": self.orders,
                "net_minor": self.net_minor,
                "first_day": self.first_day,
                "last_day": self.last_day,
            },
            index=pd.Index(self.customer_id, name="customer_id"),
        )


def buyers(orders: Orders, as_of: int) -> Buyers:
    """Customers of the counted orders up to the day ``as_of``; guests are left out.

    Parameters
    ----------
    orders : Orders
        A tenant's orders.
    as_of : int
        The shop's day, in days since 1970-01-01.

    Returns
    -------
    Buyers
        Empty where nobody bought.
    """
    orders = orders.counted(as_of)
    index, starts = orders.by_customer, orders.starts
    if len(index) == 0:
        none = np.zeros(0, np.int64)
        return Buyers(as_of, none, none, none, none, none, none)
    ends = np.r_[starts[1:], len(index)]
    ordinal, day = orders.customer[index[starts]], orders.ordered("day")
    return Buyers(
        as_of=as_of,
        ordinal=ordinal,
        customer_id=orders.customer_id[ordinal],
        orders=ends - starts,
        net_minor=np.add.reduceat(orders.ordered("net_minor"), starts),
        first_day=day[starts],
        last_day=day[ends - 1],
    )
