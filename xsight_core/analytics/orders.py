"""A tenant's orders as dense columns, and the one rule that says which of them count.

Every number of the product starts from these arrays. They hold no personal data and no tenant.
"""

from dataclasses import dataclass, field, fields
from enum import IntFlag
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEFAULT_RULE", "GUEST", "Flag", "Int", "OrderRule", "Orders"]

Int = NDArray[Any]
"""An array of integers; the column says how wide."""

GUEST = -1
"""The customer ordinal of an order without a customer."""


class Flag(IntFlag):
    """What an order is, apart from its money."""

    TEST = 1
    CANCELLED = 2
    GUEST = 4
    DELETED = 8
    ZERO = 16


@dataclass(frozen=True)
class OrderRule:
    """Which orders count, the same for every number shown.

    By default test, cancelled and deleted orders do not; an order of zero value does: the customer
    came back, whatever it brought in. Guests count in revenue and orders, never in a customer
    metric.
    """

    excluded: Flag = Flag.TEST | Flag.CANCELLED | Flag.DELETED

    @property
    def version(self) -> str:
        """Stored with every run, so that a number can be traced to the rule that made it.

        >>> DEFAULT_RULE.version
        '1-without-test-cancelled-deleted'
        """
        return "-".join(["1", "without", *(str(flag.name).lower() for flag in self.excluded)])


DEFAULT_RULE = OrderRule()


@dataclass(frozen=True, eq=False)
class Orders:
    """Orders sorted by (day, order id); one entry per order in each of the first eleven columns.

    Attributes
    ----------
    order_id : int64
        Shopify's id.
    customer : int32
        The customer's ordinal, an index of ``customer_id``; ``GUEST`` for none.
    day : int32
        Days since 1970-01-01 in the shop's own calendar.
    gross_minor, discounts_minor, returns_minor, net_minor : int64
        Minor units of the shop's currency; returns stand on the day of the order they belong to.
    units : int32
        Items ordered.
    flags : uint8
        ``Flag`` bits.
    channel, country : int16
        Index of ``channels`` and ``countries``; -1 where unknown.
    customer_id : int64
        Shopify's customer id by ordinal, 0 where the ordinal is not in use.
    channels, countries : tuple of str
        Names by code.
    """

    order_id: Int
    customer: Int
    day: Int
    gross_minor: Int
    discounts_minor: Int
    returns_minor: Int
    net_minor: Int
    units: Int
    flags: Int
    channel: Int
    country: Int
    customer_id: Int
    channels: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    rule: OrderRule = field(default=DEFAULT_RULE)

    def __len__(self) -> int:
        return len(self.order_id)

    def take(self, index: NDArray[Any] | slice) -> Self:
        """The orders that ``index`` picks: a slice, positions in rising order, or a mask."""
        columns = {name: getattr(self, name)[index] for name in COLUMNS}
        rest = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in COLUMNS}
        return type(self)(**columns, **rest)

    def counted(self, as_of: int) -> Self:
        """The orders that count under the rule, up to and including the shop's day ``as_of``."""
        end = int(np.searchsorted(self.day, as_of, side="right"))
        orders = self if end == len(self) else self.take(slice(0, end))
        keep = (orders.flags & int(self.rule.excluded)) == 0
        return orders if bool(keep.all()) else orders.take(keep)

    @cached_property
    def by_customer(self) -> Int:
        """Positions of the orders of customers (no guests), sorted by (customer, day, order id)."""
        known = np.flatnonzero(self.customer != GUEST)
        return known[np.argsort(self.customer[known], kind="stable")]


COLUMNS: dict[str, np.dtype[Any]] = {
    "order_id": np.dtype(np.int64),
    "customer": np.dtype(np.int32),
    "day": np.dtype(np.int32),
    "gross_minor": np.dtype(np.int64),
    "discounts_minor": np.dtype(np.int64),
    "returns_minor": np.dtype(np.int64),
    "net_minor": np.dtype(np.int64),
    "units": np.dtype(np.int32),
    "flags": np.dtype(np.uint8),
    "channel": np.dtype(np.int16),
    "country": np.dtype(np.int16),
}
"""The columns with one entry per order, and how wide they are."""
