"""A shop's figures over all of its history, and its best customers."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from xsight_core.analytics.buyers import Buyers
from xsight_core.analytics.orders import GUEST, Int, Orders

__all__ = ["Totals", "top_customers", "totals"]


@dataclass(frozen=True)
class Totals:
    """``aov_minor`` is net sales per counted order, to the nearest minor unit; 0 without orders.

    ``repeat_rate`` is the share of buyers with two counted orders or more; None without buyers.
    """

    buyers: int
    orders: int
    guest_orders: int
    revenue_minor: int
    aov_minor: int
    repeat_rate: float | None


def totals(orders: Orders, buyers: Buyers) -> Totals:
    """Totals of the counted orders up to the day of ``buyers``."""
    orders = orders.counted(buyers.as_of)
    revenue = int(orders.net_minor.sum(dtype=np.int64))
    return Totals(
        buyers=len(buyers),
        orders=len(orders),
        guest_orders=int(np.count_nonzero(orders.customer == GUEST)),
        revenue_minor=revenue,
        aov_minor=round(Fraction(revenue, len(orders))) if len(orders) else 0,
        repeat_rate=int(np.count_nonzero(buyers.orders > 1)) / len(buyers) if len(buyers) else None,
    )


def top_customers(buyers: Buyers, n: int = 10) -> Int:
    """Positions in ``buyers`` of the n with the highest net sales; ties by customer id."""
    return np.lexsort((buyers.customer_id, -buyers.net_minor))[:n]
