# pyright: reportMissingTypeStubs=false
"""A tenant's ledger as rules read it: customers by ordinal, and the events of their counted orders."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.orders import Int, Orders
from xsight_core.ledger.customers import Customers
from xsight_core.ledger.scores import SCORES, Scores
from xsight_core.segments.columns import Codes, Column, Flags, Mask, Numbers
from xsight_core.segments.events import Events, LineEvents, OrderEvents
from xsight_core.segments.facts import SUMS, Facts, make_facts
from xsight_core.segments.fields import Basis
from xsight_core.segments.rules import Event, Rule

__all__ = ["Book"]

_NONE = np.iinfo(np.int64).min
_PEOPLE_NUMBERS = {
    "customer_id": "id",
    "created": "created",
    "shopify_orders": "shopify_orders",
    "shopify_spent": "shopify_spent",
}
_PEOPLE_FLAGS = {
    "verified_email": 1,
    "tax_exempt": 3,
}  # two bits each: 0 not known, 1 false, 2 true
_PEOPLE_MARKS = {"has_email": 5, "has_phone": 6}
_SUMS = (*SUMS, "units")


@dataclass(eq=False)
class Book:
    """Columns are made when a rule first asks for them, and stay with the book.

    ``ask`` gives the ids of the customers whom one rule finds in the database. ``facts`` are kept ones, if there are.
    """

    orders: Orders
    people: Customers
    scores: Scores | None
    basis: Basis
    ask: Callable[[Rule], Int]
    kept: Callable[[int], Facts] | None = None

    def __post_init__(self) -> None:
        self._columns: dict[str, Column] = {}
        self._ordered: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return max(len(self.people), len(self.orders.customer_id))

    @cached_property
    def living(self) -> Mask:
        """Customers who are neither deleted nor merged into another."""
        return (self._padded(self.people.columns["bits"], 0) & 1).astype(np.bool_)

    @cached_property
    def living_count(self) -> int:
        """How many they are."""
        return int(np.count_nonzero(self.living))

    @cached_property
    def living_net(self) -> int:
        """What they spent."""
        return int(np.dot(self.facts.of("net"), self.living))

    @cached_property
    def facts(self) -> Facts:
        """Of counted orders of customers up to today."""
        if self.kept is not None:
            return self.kept(len(self))
        return make_facts(self.orders, len(self), self.basis.today)

    @cached_property
    def events_of_orders(self) -> OrderEvents:
        """The counted orders as events."""
        return OrderEvents(self.facts, len(self), self.basis)

    @cached_property
    def events_of_lines(self) -> LineEvents:
        """Their lines."""
        return LineEvents(self.facts, len(self), self.basis)

    def events(self, event: Event, name: str) -> Events:
        """The orders or bought lines in an event's window."""
        events = self.events_of_orders if name == "orders" else self.events_of_lines
        return events.within(event.since, event.until)

    def ordered(self, name: str) -> NDArray[Any]:
        """The values of the living who have one, rising."""
        if name not in self._ordered:
            column: Any = self.column(name)
            among = self.living if column.known is None else self.living & column.known
            self._ordered[name] = np.sort(column.values[among])
        return self._ordered[name]

    def among(self, ids: Int) -> Mask:
        """Customers with these ids."""
        known = self._padded(self.people.columns["id"], 0)
        return np.isin(known, ids) & (known != 0)

    def column(self, name: str) -> Column:
        """A column by the registry's name."""
        if name not in self._columns:
            self._columns[name] = self._make(name)
        return self._columns[name]

    def _padded(self, values: NDArray[Any], filling: int) -> NDArray[Any]:
        """Customers who are in the orders but not yet in the rows stand at the end."""
        more = len(self) - len(values)
        return values if not more else np.r_[values, np.full(more, filling, values.dtype)]

    def _make(self, name: str) -> Column:  # noqa: PLR0911 - one answer a source
        if name in _PEOPLE_NUMBERS:
            return Numbers(self._padded(self.people.columns[_PEOPLE_NUMBERS[name]], 0))
        if name in self.people.names and name != "tags":
            of = self.people.codes(name)
            return Codes(self._padded(of.codes, -1), of.names)
        if name == "tags":
            return self.people.tags
        if name in _PEOPLE_FLAGS or name in _PEOPLE_MARKS:
            bits = self._padded(self.people.columns["bits"], 0)
            if name in _PEOPLE_MARKS:
                return Flags((bits >> _PEOPLE_MARKS[name] & 1).astype(np.int8))
            return Flags((bits >> _PEOPLE_FLAGS[name] & 3).astype(np.int8) - 1)
        if name in {"first_channel", "last_channel"}:
            return Codes(self.facts.of(name), tuple(self.orders.channels))
        return self._score(name) if _stored(name) in {*SCORES, "segment"} else self._fact(name)

    def _score(self, name: str) -> Column:
        stored = _stored(name)
        if self.scores is None:
            if stored == "segment":
                return Codes(np.full(len(self), -1, np.int16), ())
            return Numbers(np.zeros(len(self)), np.zeros(len(self), np.bool_))
        rows = self._score_rows
        known = rows >= 0
        column = self.scores.columns[stored]
        values = column[np.maximum(rows, 0)] if len(column) else np.zeros(len(rows))
        if stored == "segment":
            return Codes(np.where(known, values, -1).astype(np.int16), self.scores.segments)
        missing = np.isnan(values) if values.dtype.kind == "f" else values == _NONE
        return Numbers(values, known & ~missing)

    @cached_property
    def _score_rows(self) -> Int:
        assert self.scores is not None  # noqa: S101 - asked only where there are scores
        return self.scores.rows_of(self._padded(self.people.columns["id"], 0))

    def _fact(self, name: str) -> Column:
        of = self.facts.of
        if name in _SUMS:
            return Numbers(of(name))
        count, last = of("count"), of("last_day")
        makers: dict[str, Callable[[], Column]] = {
            "orders_count": lambda: Numbers(count),
            "sales": lambda: Numbers(of("gross") - of("discounts")),
            "aov": lambda: _share(of("net"), count),
            "discount_share": lambda: _share(of("discounts"), of("gross")),
            "refund_share": lambda: _share(of("returns"), of("gross") - of("discounts")),
            "first_order": lambda: Numbers(of("first_day"), count > 0),
            "last_order": lambda: Numbers(last, count > 0),
            "days_since_order": lambda: Numbers(self.basis.today - last, count > 0),
            "rhythm": lambda: Numbers(np.nan_to_num(of("rhythm")), ~np.isnan(of("rhythm"))),
            "overdue": lambda: _share(
                self.basis.today - last, np.nan_to_num(of("rhythm")), ~np.isnan(of("rhythm"))
            ),
        }
        return makers[name]()


def _stored(name: str) -> str:
    """The column of ``customer_insights``."""
    if name.startswith("clv_"):
        horizon, _, end = name.removeprefix("clv_").partition("_")
        return f"clv_{horizon}_minor" + (f"_{end}" if end else "")
    return {"rfm_segment": "segment"}.get(name, name.replace("next_order", "next_order_day"))


def _share(part: NDArray[Any], whole: NDArray[Any], known: Mask | None = None) -> Numbers:
    """A part of a whole; not known where there is no whole."""
    some = whole != 0 if known is None else known & (whole != 0)
    values = np.divide(part, whole, where=some, out=np.zeros(len(part)))
    return Numbers(values, some)
