"""The rows that changed since a ledger was written: read, and laid over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import GUEST, Orders
from xsight_core.analytics.parts import Lines, Refunds
from xsight_core.ledger.catalogue import Catalogue, read_products
from xsight_core.ledger.overlay import Overlay, Splice, find_orders
from xsight_core.ledger.packed import Connection, Names
from xsight_core.ledger.people import People, read_people
from xsight_core.ledger.read import Another, Ledger, OrderRows, new_names, read_changed
from xsight_core.ledger.shop import ShopState

__all__ = ["Changes", "overlaid", "read_changes"]

_MOST = 10
"""More than a tenth changed: reading everything is hardly slower."""
_FEW = 20_000

Columns = Mapping[str, Int]
Part = TypeVar("Part", Lines, Refunds)


@dataclass(frozen=True, eq=False)
class Changes:
    """Orders that differ from those in ``base``, each once, as they are now.

    ``strangers`` are ids of customers who were not synced when the base was written: in it they have
    the ordinals after the ``known`` others'. ``orders`` holds the columns of ``Orders``, ``customer_id``
    as the order says, and ``was``: its position in the base, -1 for a new one. ``lines`` and
    ``refunds`` hold theirs and ``order_id``; those of ``base`` no longer count for orders that are here.
    """

    base: Orders
    people: People
    known: int
    strangers: Int
    orders: Columns
    lines: Columns
    refunds: Columns

    @property
    def tables(self) -> tuple[Columns, Columns, Columns]:
        """In the order of the tables."""
        return self.orders, self.lines, self.refunds

    @cached_property
    def _stays(self) -> Int:
        """Changed orders that keep their place."""
        was = self.orders["was"]
        stays = was >= 0
        stays[stays] = self.base.day[was[stays]] == self.orders["day"][stays]
        return stays

    @cached_property
    def _moves(self) -> Int:
        """The others, in their order."""
        moves = np.flatnonzero(~self._stays)
        return moves[np.lexsort((self.orders["order_id"][moves], self.orders["day"][moves]))]

    @cached_property
    def _before(self) -> Int:
        """For each changed order the position in the base before which it stands."""
        before = self.orders["was"].astype(np.int64)
        day, order_id = self.orders["day"][self._moves], self.orders["order_id"][self._moves]
        before[self._moves] = find_orders(self.base.day, self.base.order_id, day, order_id)[0]
        return before

    @cached_property
    def splice(self) -> Splice:
        """Of the orders."""
        was = self.orders["was"][self._moves]
        return Splice(len(self.base), np.sort(was[was >= 0]), self._before[self._moves])

    @cached_property
    def _position(self) -> Int:
        """Final position of each changed order."""
        position = np.empty(len(self._before), np.int64)
        position[self._moves] = self.splice.fresh
        stays = np.flatnonzero(self._stays)
        position[stays] = self.splice.moved(self.orders["was"][stays])
        return position

    @cached_property
    def _ordinals(self) -> Int | None:
        """By the base's ordinal, the one that orders belong to now; None where nothing has changed."""
        final = self.people.final
        if len(self.strangers) == 0:
            return final
        if final is None:
            final = np.arange(len(self.people.customer_id), dtype=np.int32)
        now = final[: self.known].copy()
        return np.r_[now, self.people.owner(self.strangers)].astype(np.int32)

    def order_column(self, name: str) -> Int:
        """A column of the orders as they are now."""
        base = getattr(self.base, name)
        if name == "customer" and (now := self._ordinals) is not None:
            base = np.where(base == GUEST, GUEST, now[base])
        column = self.splice(base, self.orders[name][self._moves])
        column[self._position[self._stays]] = self.orders[name][self._stays]
        return column

    def part(self, kind: type[Part], base: Part, rows: Columns) -> Part:
        """Lines or refunds as they are now."""
        touched = np.zeros(len(self.base), np.bool_)
        was = self.orders["was"]
        touched[was[was >= 0]] = True
        sorting = np.argsort(self.orders["order_id"])
        owner = sorting[np.searchsorted(self.orders["order_id"], rows["order_id"], sorter=sorting)]
        position = self._position[owner]
        order = np.argsort(position, kind="stable")
        at = np.searchsorted(base.order, self._before[owner[order]], side="left")
        splice = Splice(len(base), np.flatnonzero(touched[base.order]), at)

        def column(name: str) -> Int:
            if name == "order":
                return splice(self.splice.place[base.order], position[order].astype(np.int32))
            return splice(getattr(base, name), rows[name][order])

        return kind(Overlay(iter(kind.COLUMNS), column), splice.length)


def overlaid(changes: Changes, data_version: int) -> Ledger:
    """The ledger as it is now; its columns are put together when asked for."""
    base = changes.base

    orders = Orders(
        Overlay(iter(Orders.COLUMNS), changes.order_column),
        changes.splice.length,
        customer_id=changes.people.customer_id,
        channels=base.channels,
        countries=base.countries,
        discount_codes=lambda: base.discount_codes,
        lines=lambda: changes.part(Lines, base.lines, changes.lines),
        refunds=lambda: changes.part(Refunds, base.refunds, changes.refunds),
        products=lambda: base.products,
    )
    return Ledger(data_version, changes.people.count, orders, changes.people, changes)


def read_changes(
    connection: Connection,
    shop: ShopState,
    before: Ledger,
    *,
    since: int,
    another: Another | None = None,
) -> Changes | None:
    """What changed since ``before`` was read, together with what it had laid over its base already.

    None where so much or such things changed that everything has to be read.
    """
    earlier = before.changes
    base = before.orders if earlier is None else earlier.base
    known = before.people.settled()
    people_rows = read_people(connection, since)
    if earlier is None:
        first_stranger, strangers = (
            len(known.customer_id),
            before.people.customer_id[len(known.customer_id) :],
        )
    else:
        first_stranger, strangers = earlier.known, earlier.strangers
    if not known.can_follow(people_rows):
        return None
    names = _names(before.orders)
    most = max(_FEW, len(before.orders) // _MOST)
    rows = read_changed(connection, shop, names, since=since, most=most, another=another)
    if rows is None:
        return None
    catalogue = Catalogue(before.orders.products, read_products(connection, since))
    orders, lines, refunds = _merged(rows, base, earlier, catalogue)
    people = known.updated(people_rows).with_all(np.r_[orders["customer_id"], strangers])
    orders["customer"] = people.owner(orders["customer_id"])
    channels, countries, codes = (tuple(met.codes)[1:] for met in names.values())
    named = Orders(
        {name: getattr(base, name) for name in Orders.COLUMNS},
        len(base),
        customer_id=people.customer_id,
        channels=channels,
        countries=countries,
        discount_codes=codes,
        lines=lambda: base.lines,
        refunds=lambda: base.refunds,
        products=catalogue.products,
    )
    return Changes(named, people, first_stranger, strangers, orders, lines, refunds)


def _merged(
    rows: OrderRows, base: Orders, earlier: Changes | None, catalogue: Catalogue
) -> tuple[dict[str, Int], dict[str, Int], dict[str, Int]]:
    """New changes over earlier ones: of each order the latest."""
    ids = rows.orders["order_id"]
    orders = {"customer_id": rows.orders["customer"], "was": _positions(base, rows.orders)}
    orders |= {
        name: rows.orders[name].astype(kind, copy=False) for name, kind in Orders.COLUMNS.items()
    }
    parts: list[dict[str, Int]] = []
    for kind, part in ((Lines, rows.lines), (Refunds, rows.refunds)):
        columns = {"order_id": part["order"]}
        part = part | {"product": catalogue.ordinals(part["product"])}  # noqa: PLW2901
        columns |= {
            n: part[n].astype(k, copy=False) for n, k in kind.COLUMNS.items() if n != "order"
        }
        parts.append(columns)
    tables = (orders, *parts)
    if earlier is not None:
        tables = tuple(
            _joined(old, new, ids) for old, new in zip(earlier.tables, tables, strict=True)
        )
    return tables[0], tables[1], tables[2]


def _joined(old: Columns, new: Columns, replaced: Int) -> dict[str, Int]:
    keep = ~np.isin(old["order_id"], replaced)
    return {name: np.r_[old[name][keep], new[name]] for name in new}


def _positions(base: Orders, rows: Columns) -> Int:
    """Where the changed orders stand in the base, -1 for those that do not."""
    day, ids = rows["day"], rows["order_id"]
    place, there = find_orders(base.day, base.order_id, day, ids)
    was = np.where(there, place, -1)
    if len(base) and bool((~there).any()):
        # of another day than before, or new; few, and new ones mostly have the highest ids
        rest = np.flatnonzero(~there & (ids <= base.order_id.max()))
        if len(rest):
            found = np.flatnonzero(np.isin(base.order_id, ids[rest]))
            sorting = np.argsort(ids)
            was[sorting[np.searchsorted(ids, base.order_id[found], sorter=sorting)]] = found
    return was


def _names(orders: Orders) -> dict[str, Names]:
    names = new_names()
    for met, known in zip(
        names.values(), (orders.channels, orders.countries, orders.discount_codes), strict=True
    ):
        for name in known:
            met.code(name)
    return names
