"""Everything that happens to the rows of a generated shop, past and to come, as one log by time."""

from dataclasses import dataclass

import numpy as np

from shopify_sim.tables import KINDS, Column, History

__all__ = ["CANCEL", "GUEST", "TEST", "USUAL", "Rates", "history"]

DAY_US = 86_400_000_000
USUAL, GUEST, TEST, CANCEL = range(4)  # kinds of orders


@dataclass(frozen=True)
class Rates:
    """How often, per order or customer."""

    refund: float = 0.06
    refund_lag_days: float = 12.0
    partial: float = 0.6
    edited: float = 0.015
    test_deleted: float = 0.5
    guest_linked: float = 0.05
    consent: float = 0.1
    merge: float = 0.003
    product_updates: int = 60


class _Log:
    def __init__(self) -> None:
        self.parts: list[tuple[Column, Column, Column, Column]] = []

    def add(self, kind: str, at: Column, row: Column, argument: Column | int = 0) -> None:
        count = len(at)
        kinds = np.full(count, KINDS.index(kind), np.int8)
        arguments = np.broadcast_to(np.asarray(argument, np.int64), count)
        whole_seconds = at.astype(np.int64) // 1_000_000 * 1_000_000
        self.parts.append((whole_seconds, kinds, row.astype(np.int64), arguments))

    def sorted(self) -> History:
        at, kind, row, argument = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        order = np.lexsort((row, kind, at))
        return History(at[order], kind[order], row[order], argument[order])


def history(
    draw: np.random.Generator,
    rates: Rates,
    at: Column,
    who: Column,
    kind: Column,
    born: Column,
    products: int,
) -> History:
    """Log of a shop."""
    log = _Log()
    log.add("customers/create", born, np.arange(len(born)))
    log.add("orders/create", at, np.arange(len(at)))

    def some(mask: Column, share: float) -> Column:
        return np.flatnonzero(mask & (draw.random(len(mask)) < share))

    def lag(rows: Column, days: float) -> Column:
        return (draw.exponential(days, len(rows)) * DAY_US).astype(np.int64) + 1_000_000

    real = kind <= GUEST
    refunded = some(real, rates.refund)
    delay = draw.lognormal(np.log(rates.refund_lag_days), 1.0, len(refunded)) * DAY_US
    part = draw.random(len(refunded)) < rates.partial
    log.add("refunds/create", at[refunded] + delay, refunded, part)
    cancelled = np.flatnonzero(kind == CANCEL)
    log.add("orders/cancelled", at[cancelled] + lag(cancelled, 0.5), cancelled)
    edited = some(real, rates.edited)
    log.add("orders/edited", at[edited] + lag(edited, 0.3), edited)
    deleted = some(kind == TEST, rates.test_deleted)
    log.add("orders/delete", at[deleted] + 2 * DAY_US, deleted)
    _link_guests(log, some(kind == GUEST, rates.guest_linked), at, who, draw)
    _customers(log, draw, rates, born)
    span = (int(at.min()), int(at.max())) if len(at) else (0, 1)
    times = draw.integers(*span, rates.product_updates)
    log.add("products/update", times, draw.integers(0, products, rates.product_updates))
    return log.sorted()


def _link_guests(
    log: _Log, orders: Column, at: Column, who: Column, draw: np.random.Generator
) -> None:
    """A guest's order goes to somebody who bought before it."""
    known = np.flatnonzero(who >= 0)
    before = np.searchsorted(known, orders)
    orders, before = orders[before > 0], before[before > 0]
    chosen = who[known[(draw.random(len(orders)) * before).astype(np.int64)]]
    log.add("orders/linked", at[orders] + 5 * DAY_US, orders, chosen)


def _customers(log: _Log, draw: np.random.Generator, rates: Rates, born: Column) -> None:
    rows = np.flatnonzero(draw.random(len(born)) < rates.consent)
    later = born[rows] + draw.exponential(60, len(rows)) * DAY_US
    log.add("customers/update", later, rows, draw.integers(1, 3, len(rows)))
    merging = np.flatnonzero(draw.random(len(born)) < rates.merge)
    kept, absorbed = merging[0 : len(merging) // 2 * 2 : 2], merging[1::2]
    known = np.maximum(born[kept], born[absorbed])
    later = known + draw.exponential(40, len(kept)) * DAY_US
    log.add("customers/merge", later, kept, absorbed)
