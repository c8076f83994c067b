"""A shop's state at its clock: tables, the part of the history that is true, and everything done to it since."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from shopify_sim.faces import money
from shopify_sim.tables import Column, Tables

__all__ = ["Change", "Deletion", "Refund", "Store"]

T = TypeVar("T")


@dataclass(frozen=True)
class Refund:
    """Money given back, with the units it is for: (line row, quantity, cents)."""

    number: int
    order: int
    at: int
    cents: int
    lines: tuple[tuple[int, int, int], ...]
    note: str | None = None


@dataclass(frozen=True)
class Deletion:
    """Something that no sweep will show any more."""

    number: int
    at: int
    kind: str
    row: int


@dataclass(frozen=True)
class Change:
    """A fact a webhook may tell."""

    number: int
    at: int
    kind: str
    row: int
    argument: int = 0


@dataclass
class Store:
    """One shop. ``version`` grows with every change, so caches know when they are stale."""

    tables: Tables
    clock: int = 0
    version: int = 0
    applied: int = 0
    refunds: dict[int, list[Refund]] = field(default_factory=dict)
    deletions: list[Deletion] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    profiles: dict[int, dict[str, Any]] = field(default_factory=dict)
    refund_count: int = 0
    numbered: int = 0
    _bags: dict[int, dict[str, Any]] = field(default_factory=dict)
    _memo: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name the tables."""
        self.orders, self.lines = self.tables.orders, self.tables.lines
        self.customers, self.catalogue = self.tables.customers, self.tables.catalogue
        self.currency = self.tables.currency

    # -- what can be done --------------------------------------------------------------------------

    def tell(self, at: int, kind: str, row: int, argument: int = 0) -> None:
        """Note a fact for webhooks and make caches stale."""
        self.numbered += 1
        self.changes.append(Change(self.numbered, at, kind, row, argument))
        self.version += 1

    def touch_order(self, row: int, at: int, kind: str, argument: int = 0) -> None:
        """The order changed."""
        self.orders["updated"][row] = max(int(self.orders["updated"][row]), at)
        self.tell(at, kind, row, argument)

    def touch_customer(self, row: int, at: int, kind: str = "customers/update") -> None:
        """The customer changed."""
        self.customers["updated"][row] = max(int(self.customers["updated"][row]), at)
        self.tell(at, kind, row)

    def line_net(self, line: int) -> int:
        """Value of a line as ordered, after discounts."""
        units = int(self.lines["quantity"][line]) * int(self.lines["unit"][line])
        return units - int(self.lines["discount"][line])

    def take_off(self, line: int, quantity: int) -> int:
        """Take units off a line; returns their net value, to the cent over all parts."""
        current, ordered = int(self.lines["current"][line]), int(self.lines["quantity"][line])
        quantity = min(quantity, current)
        net, discount = self.line_net(line), int(self.lines["discount"][line])
        left, after = current, current - quantity
        value = net * left // ordered - net * after // ordered
        self.lines["current"][line] = after
        order = int(self.lines["order"][line])
        self.orders["removed"][order] += value
        self.orders["removed_discount"][order] += (
            discount * left // ordered - discount * after // ordered
        )
        return value

    def refund(
        self, row: int, at: int, units: list[tuple[int, int]] | None, note: str | None = None
    ) -> Refund | None:
        """Refund units (line row, quantity); None: all that is left. None when there is nothing to refund."""
        if self.orders["gone"][row] or self.orders["cancelled"][row]:
            return None
        if units is None:
            units = [(line, int(self.lines["current"][line])) for line in self.lines_of(row)]
        parts = [
            (line, min(count, int(self.lines["current"][line])), self.take_off(line, count))
            for line, count in units
            if int(self.lines["current"][line]) > 0
        ]
        return self._note_refund(row, at, parts, note) if parts else None

    def _note_refund(
        self, row: int, at: int, parts: list[tuple[int, int, int]], note: str | None
    ) -> Refund:
        cents = sum(part[2] for part in parts)
        self.refund_count += 1
        refund = Refund(self.refund_count, row, at, cents, tuple(parts), note)
        self.refunds.setdefault(row, []).append(refund)
        self.orders["refunded"][row] += cents
        self.touch_order(row, at, "refunds/create", refund.number)
        return refund

    def cancel(self, row: int, at: int) -> None:
        """Cancel an unpaid order: it is void, and all its units are taken off."""
        for line in self.lines_of(row):
            self.take_off(line, int(self.lines["current"][line]))
        self.orders["cancelled"][row] = at
        self.touch_order(row, at, "orders/cancelled")

    def edit(self, row: int, at: int, line: int, quantity: int = 1) -> None:
        """Take units off a line by editing the order."""
        self.take_off(line, quantity)
        self.orders["edited"][row] = True
        self.touch_order(row, at, "orders/edited")

    def delete_order(self, row: int, at: int) -> None:
        """Delete an order: only an event remains."""
        self.orders["gone"][row] = True
        self.note_deletion("Order", row, at)

    def note_deletion(self, kind: str, row: int, at: int) -> None:
        """Something was deleted."""
        self.deletions.append(Deletion(len(self.deletions) + 1, at, kind, row))
        self.tell(at, f"{kind.lower()}s/delete", row)

    def link(self, row: int, at: int, customer: int) -> None:
        """Give a guest's order to a customer."""
        self.orders["customer"][row] = customer
        self.touch_order(row, at, "orders/linked")

    def merge(self, kept: int, absorbed: int, at: int) -> None:
        """Merge a customer into another: its orders move, it is gone."""
        if self.customers["gone"][absorbed] or self.customers["gone"][kept] or kept == absorbed:
            return
        moved = np.flatnonzero((self.orders["customer"] == absorbed) & (self.orders["updated"] > 0))
        self.orders["customer"][self.orders["customer"] == absorbed] = kept
        self.orders["updated"][moved] = np.maximum(self.orders["updated"][moved], at)
        self.customers["gone"][absorbed] = True
        self.customers["merged_into"][absorbed] = kept
        self.customers["updated"][kept] = max(int(self.customers["updated"][kept]), at)
        self.deletions.append(Deletion(len(self.deletions) + 1, at, "Customer", absorbed))
        self.tell(at, "customers/merge", kept, absorbed)

    def delete_customer(self, row: int, at: int) -> bool:
        """Delete a customer; one with orders cannot be."""
        if (self.orders["customer"][self.live_orders()] == row).any():
            return False
        self.customers["gone"][row] = True
        self.note_deletion("Customer", row, at)
        return True

    # -- looking -----------------------------------------------------------------------------------

    def live_orders(self) -> Column:
        """Mask of the orders that exist at the clock."""
        return (self.orders["updated"] > 0) & ~self.orders["gone"]

    def live_customers(self) -> Column:
        """Mask of the customers that exist at the clock."""
        return (self.customers["updated"] > 0) & ~self.customers["gone"]

    def memo(self, name: str, make: Callable[["Store"], T]) -> T:
        """Something computed from the whole shop, kept until the shop changes."""
        kept = self._memo.get(name)
        if kept is None or kept[0] != self.version:
            kept = self._memo[name] = (self.version, make(self))
        return kept[1]

    def lines_of(self, row: int) -> range:
        """Line rows of an order."""
        return range(int(self.orders["first_line"][row]), int(self.orders["last_line"][row]))

    def bag(self, cents: int) -> dict[str, Any]:
        """MoneyBag; the shop sells in its own currency only."""
        bag = self._bags.get(cents)
        if bag is None:
            amount = self.amount(cents)
            bag = self._bags[cents] = {"shopMoney": amount, "presentmentMoney": amount}
        return bag

    def amount(self, cents: int) -> dict[str, Any]:
        """MoneyV2."""
        return {"amount": money(cents), "currencyCode": self.currency}
