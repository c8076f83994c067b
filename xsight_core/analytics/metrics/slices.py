# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Orders cut into slices: periods in a row, or the values of a dimension."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import GUEST, Orders
from xsight_core.analytics.parts import GIFT_CARD
from xsight_core.analytics.returns import Returns, returns_of
from xsight_core.analytics.sums import exact_sums, segment_sums

__all__ = ["Sliced", "ratio"]


@dataclass(frozen=True, eq=False)
class Sliced:
    """Counted orders with, for each, the slice 0 … ``n - 1`` it lies in.

    ``event_code`` is the same for ``events``: what came back, on its own day. ``by_product`` says that an order stands
    here once for each of its products, with that product's units and money.
    """

    orders: Orders
    code: Int
    n: int
    event_code: Int
    events: Returns
    by_product: bool = False
    sold: NDArray[np.bool_] | None = None
    """By product: where something was sold; a return of no line's product stands beside them."""

    @cached_property
    def _edges(self) -> Int | None:
        """Where each slice starts, and the end; None where the orders of a slice do not stand together."""
        if not bool((self.code[1:] >= self.code[:-1]).all()):
            return None
        return np.searchsorted(self.code, np.arange(self.n + 1))

    @cached_property
    def _ordered(self) -> Int:
        """The slice of each order, in the order of ``by_customer``."""
        return np.take(self.code, self.orders.by_customer)

    def count(self, which: NDArray[np.bool_] | None = None) -> Int:
        """Orders per slice, all or those of a mask."""
        if self.sold is not None:
            which = self.sold if which is None else which & self.sold
        if which is None and self._edges is not None:
            return np.diff(self._edges)
        return np.bincount(self.code if which is None else self.code[which], minlength=self.n)

    def total(self, minor: Int) -> Int:
        """Sum per slice, exact."""
        if self._edges is not None:
            return segment_sums(minor, self._edges)
        return exact_sums(self.code, minor, self.n)

    def returned(self, minor: Int) -> Int:
        """Sum of what came back per slice, by the day it came back."""
        return exact_sums(self.event_code, minor, self.n)

    @cached_property
    def customers(self) -> Int:
        """Distinct customers with an order, per slice."""
        code, starts = self._ordered, self.orders.starts
        turns = code[1:] < code[:-1]
        turns[starts[1:] - 1] = False
        if bool(turns.any()):  # a customer comes back to an earlier slice
            key = np.sort(self.orders.buyer.astype(np.int64) * self.n + code)
            return np.bincount(key[np.r_[True, key[1:] != key[:-1]]] % self.n, minlength=self.n)
        opens = np.ones(len(code), np.bool_)
        np.not_equal(code[1:], code[:-1], out=opens[1:])
        opens[starts] = True
        return np.bincount(code[opens], minlength=self.n)

    @cached_property
    def new_customers(self) -> Int:
        """Customers whose first counted order lies in the slice."""
        if self.by_product:  # a first order may hold several products: it is new to each
            return np.bincount(self.code[self._is_first], minlength=self.n)
        return np.bincount(self._ordered[self.orders.starts], minlength=self.n)

    @cached_property
    def _is_first(self) -> Int:
        """Positions of rows that belong to their customer's first order."""
        index, orders = self.orders.by_customer, self.orders
        first = orders.order_id[index[orders.starts]][orders.buyer]
        return index[orders.order_id[index] == first]

    @cached_property
    def gaps(self) -> tuple[Int, Int]:
        """Per slice: days between an order and the same customer's one before, summed, and how many there are.

        Orders of one day are one purchase.
        """
        day = self.orders.ordered("day")
        gap = np.diff(day, prepend=day[:1])
        gap[self.orders.starts] = 0
        later = np.flatnonzero(gap)
        code = self._ordered[later]
        return exact_sums(code, gap[later], self.n), np.bincount(code, minlength=self.n)

    @cached_property
    def guests(self) -> Int:
        """Orders without a customer per slice."""
        return self.count(self.orders.customer == GUEST)

    @cached_property
    def refunded_orders(self) -> Int:
        """Orders of which something came back, per slice of the order."""
        return self.count(self.orders.returns_minor > 0)


def ratio(part: Int, whole: Int) -> NDArray[np.float64]:
    """Part / whole; NaN where the whole is nothing."""
    return np.divide(part, whole, where=whole != 0, out=np.full(len(whole), np.nan))


def of_products(orders: Orders) -> Sliced:
    """Orders cut by product: an order stands once for each of its products.

    Gross, discounts, returns, units are the product's own; taxes and shipping are the order's and are left out.
    """
    lines, products = orders.lines, len(orders.products)
    sold = lines if not bool(lines.flags.any()) else lines.take((lines.flags & GIFT_CARD) == 0)
    events = returns_of(orders)
    event_code = np.where(events.product < 0, products, events.product).astype(np.int64)
    key = np.r_[sold.order, events.order].astype(np.int64) * (products + 1)
    key += np.r_[np.where(sold.product < 0, products, sold.product), event_code]
    sorting = np.argsort(key, kind="stable")  # nearly sorted: both stand by order
    key = key[sorting]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
    pairs = key[starts]
    position, code = pairs // (products + 1), pairs % (products + 1)

    def total(of_lines: Int, of_events: Int) -> Int:
        column = np.r_[of_lines, of_events].astype(np.int64)[sorting]
        return np.add.reduceat(column, starts) if len(starts) else column

    none, nothing = np.zeros(len(events), np.int64), np.zeros(len(sold), np.int64)
    gross, net = total(sold.gross_minor, none), total(sold.net_minor, none)
    back, units = total(nothing, events.returns_minor), total(sold.units, none)
    lines_of_pair = total(nothing + 1, none)
    picked = Orders(
        {
            "order_id": orders.order_id[position],
            "customer": orders.customer[position],
            "day": orders.day[position],
            "gross_minor": gross,
            "discounts_minor": gross - net,
            "returns_minor": back,
            "net_minor": net - back,
            "units": units,
            "flags": orders.flags[position],
            "channel": orders.channel[position],
            "country": orders.country[position],
        },
        len(pairs),
        customer_id=orders.customer_id,
        channels=orders.channels,
        countries=orders.countries,
        rule=orders.rule,
    )
    return Sliced(
        picked, code, products + 1, event_code, events, by_product=True, sold=lines_of_pair > 0
    )
