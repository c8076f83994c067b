"""A shop's state at its clock: tables, the part of the history that is true, and everything done to it since."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from shopify_sim.coins import Coin
from shopify_sim.faces import money
from shopify_sim.tables import Column, Tables

__all__ = ["Change", "Deletion", "Parts", "Refund", "RefundedLine", "Sale", "Store"]

T = TypeVar("T")


class RefundedLine(NamedTuple):
    """Units of a line that were given back, worth ``cents`` without ``tax``."""

    line: int
    quantity: int
    cents: int
    tax: int


@dataclass(frozen=True)
class Parts:
    """What a refund is of, beside units: shipping, and money that fits no unit.

    ``adjustment`` as Shopify signs it: below zero more was given back than the parts come to.
    """

    shipping: int = 0
    adjustment: int = 0
    restock: str = "RETURN"
    note: str | None = None


@dataclass(frozen=True)
class Refund:
    """Money given back, with the units it is for."""

    number: int
    order: int
    at: int
    cents: int
    lines: tuple[RefundedLine, ...]
    parts: Parts = Parts()


class Sale(NamedTuple):
    """What changed an order's sales after it was placed, on the day it did; cents without tax, gift cards left out."""

    at: int
    order: int
    cause: str  # edit, refund, cancel
    gross: int = 0
    returns: int = 0
    tax: int = 0
    shipping: int = 0


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
    refunds_made: list[Refund] = field(default_factory=list)  # by number
    sales: list[Sale] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    profiles: dict[int, dict[str, Any]] = field(default_factory=dict)  # of customers
    metafields: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by owner's id
    collections: dict[int, list[str]] = field(default_factory=dict)  # of products; else their kind
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)  # of orders: tags, note, …
    plan: str = "Basic"
    settings_at: int = 0
    numbered: int = 0
    _memo: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name the tables."""
        self.orders, self.lines = self.tables.orders, self.tables.lines
        self.customers, self.catalogue = self.tables.customers, self.tables.catalogue
        self.currency, self.zone, self.name = (
            self.tables.currency,
            self.tables.zone,
            self.tables.name,
        )
        self.coins = [Coin(self.currency, self.currency)]

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

    def take_off(self, line: int, quantity: int) -> RefundedLine:
        """Take units off a line; their value and tax add up to the cent over all parts."""
        left, ordered = int(self.lines["current"][line]), int(self.lines["quantity"][line])
        quantity = min(quantity, left)
        after = left - quantity

        def share(whole: int) -> int:
            return whole * left // ordered - whole * after // ordered

        net, tax = share(self.line_net(line)), share(int(self.lines["tax"][line]))
        self.lines["current"][line] = after
        order = int(self.lines["order"][line])
        self.orders["removed"][order] += net
        self.orders["removed_discount"][order] += share(int(self.lines["discount"][line]))
        self.orders["removed_tax"][order] += tax
        return RefundedLine(line, quantity, net, tax)

    def _reversed(self, row: int, taken: Iterable[RefundedLine]) -> tuple[int, int]:
        """Goods' worth without tax, and tax, of units taken off; gift cards are no sales."""
        sold = [part for part in taken if not self.lines["gift_card"][part.line]]
        net, tax = sum(part.cents for part in sold), sum(part.tax for part in sold)
        return net - tax if self.orders["tax_included"][row] else net, tax

    def refund(
        self,
        row: int,
        at: int,
        units: list[tuple[int, int]] | None,
        parts: Parts = Parts(),
    ) -> Refund | None:
        """Refund units (line row, quantity); None: all that is left. None when there is nothing to refund."""
        if self.orders["gone"][row] or self.orders["cancelled"][row]:
            return None
        if units is None:
            units = [(line, int(self.lines["current"][line])) for line in self.lines_of(row)]
        taken = [
            self.take_off(line, count)
            for line, count in units
            if int(self.lines["current"][line]) > 0
        ]
        if not taken and not parts.shipping and not parts.adjustment:
            return None
        returns, tax = self._reversed(row, taken)
        goods = sum(part.cents for part in taken) - parts.adjustment
        cents = goods + parts.shipping
        if not self.orders["tax_included"][row]:
            cents += sum(part.tax for part in taken)
        made = Refund(len(self.refunds_made) + 1, row, at, cents, tuple(taken), parts)
        self.refunds_made.append(made)
        self.refunds.setdefault(row, []).append(made)
        self.orders["refunded"][row] += cents
        self.orders["returned"][row] += goods
        self.orders["refunded_shipping"][row] += parts.shipping
        returns -= parts.adjustment
        self.sales.append(Sale(at, row, "refund", 0, returns, -tax, -parts.shipping))
        self.touch_order(row, at, "refunds/create", made.number)
        return made

    def cancel(self, row: int, at: int) -> None:
        """Cancel an order: all its units are taken off; one that was not refunded before is void."""
        taken = [
            self.take_off(line, int(self.lines["current"][line])) for line in self.lines_of(row)
        ]
        returns, tax = self._reversed(row, taken)
        shipping = int(self.orders["shipping"][row] - self.orders["refunded_shipping"][row])
        self.sales.append(Sale(at, row, "cancel", 0, returns, -tax, -shipping))
        self.orders["cancelled"][row] = at
        self.touch_order(row, at, "orders/cancelled")

    def edit(self, row: int, at: int, line: int, quantity: int = 1) -> None:
        """Take units off a line by editing the order."""
        taken = self.take_off(line, quantity)
        returns, tax = self._reversed(row, [taken])
        self.sales.append(Sale(at, row, "edit", 0, returns, -tax))
        self.orders["edited"][row] = True
        self.touch_order(row, at, "orders/edited")

    def add_lines(self, row: int, at: int, columns: dict[str, list[int]]) -> None:
        """Add lines by editing the order. Lines of one order lie together: all its lines move to the end."""
        old = np.asarray(self.lines_of(row), np.int64)
        start, count = len(self.lines), len(columns["unit"])
        moved = {name: column[old].tolist() for name, column in self.lines.columns.items()}
        numbers = range(start + len(old), start + len(old) + count)
        fresh = {"order": [row] * count, "number": list(numbers), **columns}
        fresh["current"] = columns["quantity"]
        whole = {
            name: values + fresh.get(name, [self.lines.layout[name][1]] * count)
            for name, values in moved.items()
        }
        rows = self.lines.append(whole)
        self.orders["first_line"][row], self.orders["last_line"][row] = rows.start, rows.stop
        added = range(start + len(old), rows.stop)
        gross = sum(self.line_net(line) for line in added if not self.lines["gift_card"][line])
        tax = sum(int(self.lines["tax"][line]) for line in added)
        self.orders["added"][row] += sum(self.line_net(line) for line in added)
        self.orders["added_tax"][row] += tax
        self.orders["edited"][row] = True
        inside = tax if self.orders["tax_included"][row] else 0
        self.sales.append(Sale(at, row, "edit", gross - inside, 0, tax))
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

    def mint(self, coin: Coin) -> int:
        """Place of a coin; orders name it."""
        if coin not in self.coins:
            self.coins.append(coin)
        return self.coins.index(coin)

    def bag(self, cents: int, coin: int = 0) -> dict[str, Any]:
        """MoneyBag in the currencies of an order."""
        return self.coins[coin].bag(cents)

    def amount(self, cents: int) -> dict[str, Any]:
        """MoneyV2 in the shop's currency."""
        return {"amount": money(cents), "currencyCode": self.currency}
