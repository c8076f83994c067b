"""The clock of a store: which part of its history has happened."""

from collections.abc import Callable
from typing import Any

import numpy as np

from shopify_sim.store import Store
from shopify_sim.tables import KINDS

__all__ = ["advance"]


def advance(store: Store, now: int, *, told: bool = True) -> None:
    """Move the clock to ``now``. ``told``: what happens is for webhooks; else it is the past."""
    if now <= store.clock:
        return
    history, start = store.tables.history, store.applied
    stop = int(np.searchsorted(history.at, now, "right"))
    store.clock, store.applied = now, stop
    if start == stop:
        return
    span = slice(start, stop)
    if not told:
        _create(store, span)
    columns = (history.at, history.kind, history.row, history.argument)
    for at, code, row, argument in zip(*(c[span].tolist() for c in columns), strict=True):
        if told or KINDS[code] not in CREATED:
            HAPPENINGS[KINDS[code]](store, row, at, argument)
    if not told:
        store.changes.clear()
    store.version += 1


CREATED = ("orders/create", "customers/create")


def _create(store: Store, span: slice) -> None:
    """Orders and customers of the past are many: all at once."""
    history = store.tables.history
    for kind, table in zip(CREATED, (store.orders, store.customers), strict=True):
        chosen = history.kind[span] == KINDS.index(kind)
        rows = history.row[span][chosen]
        table["updated"][rows] = np.maximum(table["updated"][rows], history.at[span][chosen])


def _consent(store: Store, row: int, at: int, state: int) -> None:
    store.customers["email_consent"][row] = state
    store.customers["consent_at"][row] = at
    store.touch_customer(row, at)


def _product(store: Store, row: int, at: int, _: int) -> None:
    store.catalogue.updated[row] = at
    store.tell(at, "products/update", row)


def _refund(store: Store, row: int, at: int, partial: int) -> None:
    first = int(store.orders["first_line"][row])
    store.refund(row, at, [(first, 1)] if partial else None)


# what an entry of the history does: (store, row, time, argument)
HAPPENINGS: dict[str, Callable[[Store, int, int, int], Any]] = {
    "orders/create": lambda store, row, at, _: store.touch_order(row, at, "orders/create"),
    "orders/cancelled": lambda store, row, at, _: store.cancel(row, at),
    "refunds/create": _refund,
    "orders/edited": lambda store, row, at, _: store.edit(
        row, at, int(store.orders["last_line"][row]) - 1
    ),
    "orders/delete": lambda store, row, at, _: store.delete_order(row, at),
    "orders/linked": lambda store, row, at, customer: store.link(row, at, customer),
    "customers/create": lambda store, row, at, _: store.touch_customer(row, at, "customers/create"),
    "customers/update": _consent,
    "customers/merge": lambda store, row, at, absorbed: store.merge(row, absorbed, at),
    "customers/delete": lambda store, row, at, _: store.delete_customer(row, at),
    "products/update": _product,
}
