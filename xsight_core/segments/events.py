# pyright: reportMissingTypeStubs=false
"""Orders and bought lines as events of customers: windows are slices, aggregates one pass each."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.orders import Int
from xsight_core.analytics.parts import Products
from xsight_core.segments.columns import Codes, Column, Labels, Mask, Numbers, Through
from xsight_core.segments.dates import When, day_of
from xsight_core.segments.facts import SUMS, Facts, total
from xsight_core.segments.fields import Basis
from xsight_core.segments.rules import Event

__all__ = ["OF_PRODUCT", "Catalogue", "Events", "LineEvents", "OrderEvents"]


class Events(ABC):
    """Events in the order of (day, order id), or some of them; ``size`` counts customers."""

    def __init__(self, facts: Facts, size: int, basis: Basis) -> None:
        self.facts, self.orders, self.size, self.basis = facts, facts.counted, size, basis
        self.rows: slice | Int = slice(0, self.all)

    @property
    @abstractmethod
    def all(self) -> int:
        """How many there are in all."""

    @property
    @abstractmethod
    def order(self) -> Int | slice:
        """The position of each event's order."""

    @abstractmethod
    def first_at(self, order: int) -> int:
        """The first event of the order at a position, or of a later one."""

    @abstractmethod
    def column(self, name: str) -> Column:
        """A column by the registry's name."""

    @abstractmethod
    def values(self, name: str) -> NDArray[Any]:
        """What can be added up: units, or money in minor units."""

    def __len__(self) -> int:
        return self.rows.stop - self.rows.start if isinstance(self.rows, slice) else len(self.rows)

    def picked(self, rows: slice | Int) -> Self:
        """Other rows of the same events."""
        other = copy.copy(self)
        for name in ("customer", "day", "count", "first_day", "last_day"):
            vars(other).pop(name, None)
        other.rows = rows
        return other

    def within(self, since: When | None, until: When | None) -> Self:
        """Those of a window of days, ends included."""
        if since is None and until is None:
            return self
        day, today = self.orders.day, self.basis.today
        low = 0 if since is None else _place(day, day_of(since, today), "left")
        high = len(day)
        if until is not None:
            high = max(low, _place(day, day_of(until, today), "right"))
        return self.picked(slice(self.first_at(low), self.first_at(high)))

    def where(self, mask: Mask) -> Self:
        """Those of a mask over these."""
        if isinstance(self.rows, slice):
            return self.picked(np.flatnonzero(mask) + self.rows.start)
        return self.picked(self.rows[mask])

    @cached_property
    def customer(self) -> Int:
        """Whose event it is."""
        return self.orders.customer[self.order]

    @cached_property
    def day(self) -> Int:
        """The shop's day."""
        return self.orders.day[self.order]

    # ---------------------------------------------------------------- one number per customer
    @cached_property
    def count(self) -> Int:
        """Orders per customer."""
        return np.bincount(self.customer, minlength=self.size)

    def at_least(self, n: int) -> Mask:
        """Who has so many orders."""
        if n != 1:
            return np.asarray(self.count >= n)
        found = np.zeros(self.size, np.bool_)
        found[self.customer] = True
        return found

    def total(self, name: str) -> Int:
        """Sum per customer, exact."""
        return total(self.customer, self.values(name), self.size)

    @cached_property
    def first_day(self) -> Int:
        """Day of each customer's first event; 0 without one."""
        day = np.zeros(self.size, np.int64)
        day[self.customer[::-1]] = self.day[::-1]  # of several the last one written stays
        return day

    @cached_property
    def last_day(self) -> Int:
        """Day of each customer's last event; 0 without one."""
        day = np.zeros(self.size, np.int64)
        day[self.customer] = self.day
        return day

    def aggregate(self, event: Event) -> tuple[NDArray[Any], Mask | None]:
        """One number per customer, and who has one (None: everybody; no event counts and sums to 0)."""
        of = "" if event.of is None else str(event.of.column)
        match event.aggregate:
            case "count":
                return self.count, None
            case "sum":
                return self.total(of), None
            case _:
                return self._of_some(event.aggregate, of), self.count > 0

    def _of_some(self, aggregate: str, of: str) -> NDArray[Any]:
        match aggregate:
            case "avg":
                return self.total(of) / np.maximum(
                    np.bincount(self.customer, minlength=self.size), 1
                )
            case "min":
                return self._extreme(of, np.minimum, np.iinfo(np.int64).max)
            case "max":
                return self._extreme(of, np.maximum, np.iinfo(np.int64).min)
            case "first":
                return self.first_day
            case "last":
                return self.last_day
            case _:
                return self.basis.today - self.last_day

    def _extreme(self, of: str, which: Any, start: int) -> Int:
        found = np.full(self.size, start, np.int64)
        which.at(found, self.customer, self.values(of))
        return found


class OrderEvents(Events):
    """Counted orders of customers."""

    @property
    def all(self) -> int:
        return len(self.orders)

    @property
    def order(self) -> Int | slice:
        return self.rows

    def first_at(self, order: int) -> int:
        return order

    def at_least(self, n: int) -> Mask:
        """Who has so many: seen at the n-th last order, where all up to today count, or at the n-th one."""
        rows, all_ = self.rows, self.all
        if n < 1 or not isinstance(rows, slice) or rows.start == rows.stop:
            return super().at_least(n)
        if rows.start and rows.stop != all_:
            return super().at_least(n)
        count, end, day = (self.facts.columns[name] for name in ("c_count", "c_end", "turn_day"))
        who = np.flatnonzero(count >= n)
        if rows.start:
            holds = day[end[who] - n] >= self.orders.day[rows.start]
        else:
            holds = day[end[who] - count[who] + n - 1] <= self.orders.day[rows.stop - 1]
        found = np.zeros(self.size, np.bool_)
        found[who[holds]] = True
        return found

    def values(self, name: str) -> NDArray[Any]:
        return getattr(self.orders, f"{name}_minor" if name in SUMS else name)[self.rows]

    def column(self, name: str) -> Column:
        orders = self.orders
        if name == "nth":
            return Numbers(self.facts.nth[self.rows])
        if name in {"channel", "country"}:
            names = orders.channels if name == "channel" else orders.countries
            return Codes(getattr(orders, name)[self.rows], tuple(names))
        if name == "discount_code":
            return Codes(orders.discount[self.rows], tuple(orders.discount_codes))
        return Numbers(self.values(name))


OF_PRODUCT = frozenset({"product", "title", "vendor", "type", "product_tag"})
"""Columns of lines that are their product's."""
_FEW = 8  # products with more than one in eight lines are looked for line by line


class LineEvents(Events):
    """Lines of counted orders, with the product as it is now."""

    @property
    def all(self) -> int:
        return len(self.orders.lines)

    @property
    def order(self) -> Int | slice:
        return self.orders.lines.order[self.rows]

    def first_at(self, order: int) -> int:
        return _place(self.orders.lines.order, order, "left")

    @cached_property
    def catalogue(self) -> "Catalogue":
        """What is asked of products is asked once of each."""
        return Catalogue(self.orders.products)

    @cached_property
    def customer(self) -> Int:
        return self.facts.columns["line_customer"][self.rows]

    def of_products(self, products: Mask) -> Self:
        """Those of some products; the mask's last entry is for lines without one."""
        starts = self.facts.columns["product_starts"]
        if np.diff(starts)[products].sum() * _FEW > len(self.orders.lines):
            return self.where(np.take(products, self.orders.lines.product[self.rows]))
        rows = self.facts.lines_of(products)
        if isinstance(self.rows, slice):
            first, end = (_place(rows, at, "left") for at in (self.rows.start, self.rows.stop))
            return self.picked(rows[first:end])
        return self.picked(np.intersect1d(rows, self.rows, assume_unique=True))

    def values(self, name: str) -> NDArray[Any]:
        lines = self.orders.lines
        return (lines.units if name == "quantity" else lines.net_minor)[self.rows]

    def column(self, name: str) -> Column:
        lines = self.orders.lines
        if name in {"quantity", "line_net"}:
            return Numbers(self.values(name))
        if name == "variant":
            variant = lines.variant_id[self.rows]
            return Numbers(variant, variant != 0)
        if name in OF_PRODUCT:
            size = len(self.orders.products)
            return Through(lines.product[self.rows], self.catalogue.column(name), size + 1)
        orders = OrderEvents(self.facts, self.size, self.basis)
        return Through(np.asarray(self.order), orders.column(name), len(self.orders))

    @cached_property
    def count(self) -> Int:
        """Orders with such a line, per customer."""
        order = np.asarray(self.order)
        first = np.ones(len(order), np.bool_)
        first[1:] = order[1:] != order[:-1]
        return np.bincount(self.customer[first], minlength=self.size)


def _place(column: Int, value: int, side: Literal["left", "right"]) -> int:
    """Where a value stands in a rising column, looked for in the column's own kind: another would copy all of it."""
    kind: Any = column.dtype
    most = np.iinfo(kind)
    wanted = np.array(max(most.min, min(value, most.max)), kind)
    place: Any = np.searchsorted(column, wanted, side)
    return int(place)


class Catalogue:
    """Products, and behind them a row that stands for none."""

    def __init__(self, products: Products) -> None:
        self._products = products
        self._columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self._products) + 1

    def column(self, name: str) -> Column:
        """A column by the registry's name."""
        if name not in self._columns:
            self._columns[name] = self._make(name)
        return self._columns[name]

    def _make(self, name: str) -> Column:
        if name == "product":
            ids = np.r_[self._products.product_id, 0]
            return Numbers(ids, np.arange(len(ids)) < len(ids) - 1)
        if name == "product_tag":
            return _labels([*self._products.tags, ()])
        return _codes([*getattr(self._products, name), None])


def _codes(texts: Sequence[str | None]) -> Codes:
    """Few distinct texts as codes."""
    names = tuple(sorted({text for text in texts if text is not None}))
    code = {name: i for i, name in enumerate(names)} | {None: -1}
    return Codes(np.array([code[text] for text in texts], np.int32), names)


def _labels(sets: Any) -> Labels:
    """Few sets of labels the other way round."""
    holders: dict[str, list[int]] = {}
    for row, labels in enumerate(sets):
        for label in labels:
            holders.setdefault(label, []).append(row)
    names = tuple(sorted(holders))
    starts = np.cumsum([0, *(len(holders[name]) for name in names)])
    return Labels(
        np.array([row for name in names for row in holders[name]], np.int64), starts, names
    )
