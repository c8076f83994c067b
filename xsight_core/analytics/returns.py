"""What came back, by the day it came back."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import NO_PRODUCT

__all__ = ["Returns", "returns_of"]


@dataclass(frozen=True, eq=False)
class Returns:
    """One entry per thing that came back of an order.

    An order's entries add up to its ``returns_minor``, so that all-time returns are the same by both dates: what was
    edited out of an order without a refund has an entry of its own, on the day of the order.
    """

    order: Int
    day: Int
    product: Int
    returns_minor: Int
    refunded_minor: Int

    def __len__(self) -> int:
        return len(self.order)

    def take(self, index: Int) -> Self:
        """Some of them."""
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))


def returns_of(orders: Orders) -> Returns:
    """Refunds of the orders, and what left them without one."""
    refunds = orders.refunds
    back = np.zeros(len(orders), np.int64)
    np.add.at(back, refunds.order, refunds.returns_minor)
    rest = orders.returns_minor - back
    edited = np.flatnonzero(rest).astype(np.int32)
    nothing = np.zeros(len(edited), np.int64)
    return Returns(
        np.r_[refunds.order, edited],
        np.r_[refunds.day, orders.day[edited]],
        np.r_[refunds.product, np.full(len(edited), NO_PRODUCT, np.int32)],
        np.r_[refunds.returns_minor, rest[edited]],
        np.r_[refunds.refunded_minor, nothing],
    )
