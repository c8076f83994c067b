"""A tenant's orders as dense columns, and the one rule that says which of them count.

Every number of the product starts from these arrays. They hold no personal data and no tenant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Column, Int, Selection, Table, rows_of
from xsight_core.analytics.parts import Lines, Products, Refunds

__all__ = ["COLUMNS", "DEFAULT_RULE", "GUEST", "Flag", "Int", "OrderRule", "Orders"]

GUEST = -1
"""The customer ordinal of an order without a customer."""

_POSITION_BITS = 32
_T = TypeVar("_T", bound=Table)


class Flag(IntFlag):
    """What an order is, apart from its money."""

    TEST = 1
    CANCELLED = 2
    GUEST = 4
    DELETED = 8
    ZERO = 16
    FOREIGN = 32  # in another currency than the shop's: its amounts cannot be added


@dataclass(frozen=True)
class OrderRule:
    """Which orders count, the same for every number shown.

    By default test, cancelled and deleted orders do not, nor those in another currency than the shop's; an order of
    zero value does: the customer came back, whatever it brought in. Guests count in revenue and orders, never in a
    customer metric. ``without_channels`` leaves out orders of named channels (e.g. draft orders of a wholesaler).
    """

    excluded: Flag = Flag.TEST | Flag.CANCELLED | Flag.DELETED | Flag.FOREIGN
    without_channels: tuple[str, ...] = field(default=())

    @property
    def version(self) -> str:
        """Stored with every run, so that a number can be traced to the rule that made it.

        >>> DEFAULT_RULE.version
        '2-without-test-cancelled-deleted-foreign'
        """
        words = ["2", "without", *(str(flag.name).lower() for flag in self.excluded)]
        return "-".join([*words, *(f"channel:{name}" for name in sorted(self.without_channels))])

    def keeps(self, orders: "Orders") -> NDArray[np.bool_]:
        """Which orders count."""
        keep: NDArray[np.bool_] = (orders.flags & int(self.excluded)) == 0
        if self.without_channels:
            names = orders.channels
            codes = [code for code, name in enumerate(names) if name in self.without_channels]
            keep &= ~np.isin(orders.channel, codes)
        return keep


DEFAULT_RULE = OrderRule()


class Orders(Table):
    """Orders sorted by (day, order id), one entry per order in each column.

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
    taxes_minor, shipping_minor : int64
        What was charged on top of net sales when the order was placed.
    units : int32
        Items ordered.
    flags : uint8
        ``Flag`` bits.
    channel, country : int16
        Index of ``channels`` and ``countries``; -1 where unknown.
    discount : int32
        Index of ``discount_codes``, the first code of the order; -1 for none.
    customer_id : int64
        Shopify's customer id by ordinal, 0 where the ordinal is not in use.
    channels, countries, discount_codes : sequences of str
        Names by code.
    lines, refunds, products
        What was in the orders, what came back of them, and the catalogue; read when first asked for.
    """

    order_id = Column(np.int64)
    customer = Column(np.int32)
    day = Column(np.int32)
    gross_minor = Column(np.int64)
    discounts_minor = Column(np.int64)
    returns_minor = Column(np.int64)
    net_minor = Column(np.int64)
    units = Column(np.int32)
    flags = Column(np.uint8)
    channel = Column(np.int16)
    country = Column(np.int16)
    taxes_minor = Column(np.int64, absent=0)
    shipping_minor = Column(np.int64, absent=0)
    discount = Column(np.int32, absent=-1)

    def __init__(
        self,
        columns: Mapping[str, Int] | None = None,
        length: int | None = None,
        *,
        customer_id: Int,
        channels: Sequence[str] = (),
        countries: Sequence[str] = (),
        discount_codes: Sequence[str] | Callable[[], Sequence[str]] = (),
        rule: OrderRule = DEFAULT_RULE,
        lines: Lines | Callable[[], Lines] | None = None,
        refunds: Refunds | Callable[[], Refunds] | None = None,
        products: Products | Callable[[], Products] | None = None,
        **named: Int,
    ) -> None:
        super().__init__(named if columns is None else columns, length)
        self.customer_id = customer_id
        self.channels, self.countries = channels, countries
        self.rule = rule
        self._counted = False
        self._beginning_of: Self | None = None
        self._ordered: dict[str, Int] = {}
        self._discount_codes = discount_codes
        self._lines, self._refunds, self._products = lines, refunds, products

    @cached_property
    def discount_codes(self) -> Sequence[str]:
        """Discount codes by code; there may be one for each order, so they are read when asked for."""
        return self._discount_codes() if callable(self._discount_codes) else self._discount_codes

    @cached_property
    def lines(self) -> Lines:
        """Lines of these orders; their ``order`` is a position among these."""
        return _brought(self._lines, Lines)

    @cached_property
    def refunds(self) -> Refunds:
        """Refunds of these orders; their ``order`` is a position among these."""
        return _brought(self._refunds, Refunds)

    @cached_property
    def products(self) -> Products:
        """The shop's products by ordinal."""
        return _brought(self._products, Products)

    def take(self, index: NDArray[Any] | slice) -> Self:
        """The orders that ``index`` picks: a slice, positions in rising order, or a mask."""
        rows = rows_of(index)
        picked = Selection(self, rows)
        return type(self)(
            picked,
            picked.length,
            customer_id=self.customer_id,
            channels=self.channels,
            countries=self.countries,
            discount_codes=lambda: self.discount_codes,
            rule=self.rule,
            lines=lambda: self.lines.of(rows, len(self)),
            refunds=lambda: self.refunds.of(rows, len(self)),
            products=lambda: self.products,
        )

    def under(self, rule: OrderRule) -> Self:
        """The same orders, counted under another rule."""
        orders = self.take(slice(None))
        orders.rule = rule
        return orders

    def counted(self, as_of: int) -> Self:
        """The orders that count under the rule, up to and including the shop's day ``as_of``."""
        every = self._every
        end = int(np.searchsorted(every.day, as_of, side="right"))
        if end == len(every):
            return every
        orders = every.take(slice(0, end))
        orders._counted, orders._beginning_of = True, every  # noqa: SLF001
        return orders

    @cached_property
    def _every(self) -> Self:
        """The orders that count, of all days: kept, so that what is sorted for one day serves all others."""
        if self._counted:
            return self
        keep = self.rule.keeps(self)
        orders = self if bool(keep.all()) else self.take(keep)
        orders._counted = True  # noqa: SLF001
        return orders

    def known(self) -> Self:
        """The orders of customers: without the guests'."""
        mask = self.customer != GUEST
        return self if bool(mask.all()) else self.take(mask)

    @cached_property
    def by_customer(self) -> Int:
        """Positions of the orders of customers (no guests), sorted by (customer, day, order id)."""
        return self._sorted[1]

    @cached_property
    def starts(self) -> Int:
        """Where each customer's orders start in ``by_customer``, one entry per customer who ordered."""
        customer = self._sorted[0]
        if len(customer) == 0:
            return np.zeros(0, np.int64)
        return np.r_[0, np.flatnonzero(customer[1:] != customer[:-1]) + 1]

    def ordered(self, name: str) -> Int:
        """A column in the order of ``by_customer``; kept, since most of what is asked of customers asks for it."""
        column = self._ordered.get(name)
        if column is None:
            whole = self._beginning_of
            column = (
                np.take(getattr(self, name), self.by_customer)
                if whole is None
                else whole.ordered(name)[self._early]
            )
            self._ordered[name] = column
        return column

    @cached_property
    def _early(self) -> NDArray[np.bool_]:
        """Which of the later orders' ``by_customer`` are among these."""
        assert self._beginning_of is not None  # noqa: S101 - else nobody asks
        return self._beginning_of.by_customer < len(self)

    @cached_property
    def buyer(self) -> Int:
        """Of each order in ``by_customer`` whose it is: 0, 1, 2 … in the order of ``starts``."""
        opens = np.zeros(len(self.by_customer), np.int32)
        opens[self.starts[1:]] = 1
        return np.cumsum(opens, dtype=np.int32)

    @cached_property
    def _sorted(self) -> tuple[Int, Int]:
        """Customer and position, by both: one sort of integers that hold the two."""
        if self._beginning_of is not None:
            customer, position = self._beginning_of._sorted  # noqa: SLF001
            return customer[self._early], position[self._early]
        known = np.flatnonzero(self.customer != GUEST)
        key = self.customer[known].astype(np.int64) << _POSITION_BITS
        key |= known
        key.sort()
        return (key >> _POSITION_BITS).astype(np.int32), key & ((1 << _POSITION_BITS) - 1)


COLUMNS = Orders.COLUMNS
"""The columns with one entry per order, and how wide they are."""


def _brought(part: _T | Callable[[], _T] | None, kind: type[_T]) -> _T:
    if part is None:
        return kind({name: np.zeros(0, dtype) for name, dtype in kind.COLUMNS.items()}, 0)
    return part if isinstance(part, kind) else part()  # type: ignore[operator]
