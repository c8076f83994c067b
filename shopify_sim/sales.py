"""Sales by day on Shopify's definitions, summed from the columns: the independent truth about money.

Gross is price times quantity of what was ordered, without tax and gift cards, on the day of the order;
cancelled and unpaid orders count, test and deleted ones do not. What an edit adds is gross on the day of the
edit. Reversals are the worth of what refunds, edits and cancellations take back, on the day they do; so are tax
and shipping given back. Tips are no sales. Orders in another currency than the shop's present one are left out.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from shopify_sim.store import Store
from shopify_sim.tables import Column

__all__ = ["FIELDS", "Journal", "by_day", "journal", "local_days"]

FIELDS = ("orders", "gross", "discounts", "returns", "taxes", "shipping")
CAUSES = ("order", "edit", "refund", "cancel")
QUARTER_US = 900_000_000  # time zones change on quarters of an hour at the most
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Journal:
    """One entry per order placed and per change of one; amounts in cents, ``returns`` positive."""

    at: Column
    order: Column
    cause: Column  # place in CAUSES
    amounts: dict[str, Column]


def journal(store: Store) -> Journal:
    """All entries of a shop up to its clock."""
    orders, current = store.orders, np.array([coin.shop == store.currency for coin in store.coins])
    counted = store.live_orders() & ~orders["test"] & current[orders["coin"]]
    rows = np.flatnonzero(counted)
    later = [sale for sale in store.sales if counted[sale.order]]
    gross, discounts = _worth(store, rows)
    count, none = len(rows), np.zeros(len(later), np.int64)

    def joined(first: Column, name: str) -> Column:
        rest = [getattr(sale, name) for sale in later] if name else none
        return np.concatenate([first, np.asarray(rest, np.int64)])

    amounts = {
        "orders": joined(np.ones(count, np.int64), ""),
        "gross": joined(gross, "gross"),
        "discounts": joined(discounts, ""),
        "returns": joined(np.zeros(count, np.int64), "returns"),
        "taxes": joined(orders["tax"][rows], "tax"),
        "shipping": joined(orders["shipping"][rows], "shipping"),
    }
    causes = np.array([CAUSES.index(sale.cause) for sale in later], np.int64)
    cause = np.concatenate([np.zeros(count, np.int64), causes])
    return Journal(joined(orders["processed"][rows], "at"), joined(rows, "order"), cause, amounts)


def _worth(store: Store, rows: Column) -> tuple[Column, Column]:
    """Gross and discounts of orders as placed, without gift cards and without the tax in their prices."""
    orders = store.orders
    gross = orders["gross"][rows] - orders["gift_gross"][rows]
    discounts = orders["discount"][rows] - orders["gift_discount"][rows]
    inside = np.where(orders["tax_included"][rows], orders["tax"][rows], 0)
    net = gross - discounts
    bare = discounts * (net - inside) // np.maximum(net, 1)
    discounts = np.where(inside > 0, bare, discounts)
    return np.where(inside > 0, net - inside + discounts, gross), discounts


def local_days(us: Column, zone: str) -> Column:
    """Days since 1970 of the calendar in a zone."""
    quarters, inverse = np.unique(us // QUARTER_US, return_inverse=True)
    place = ZoneInfo(zone)
    offsets = [_offset_s(quarter, place) for quarter in quarters.tolist()]
    shift = (np.asarray(offsets, np.float64) * 1e6).astype(np.int64)
    return (us + shift[inverse]) // DAY_US if len(us) else us


def _offset_s(quarter: int, place: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(quarter * QUARTER_US / 1e6, UTC).astimezone(place).utcoffset()
    return offset.total_seconds() if offset else 0


def by_day(store: Store, zone: str | None = None) -> list[dict[str, Any]]:
    """Days with anything on them, oldest first; ``causes`` says where gross and returns come from."""
    found = journal(store)
    days, inverse = np.unique(local_days(found.at, zone or store.zone), return_inverse=True)

    def summed(values: Column) -> list[int]:
        total = np.zeros(len(days), np.int64)
        np.add.at(total, inverse, values)
        return total.tolist()

    columns = {name: summed(values) for name, values in found.amounts.items()}
    parts = {
        f"{name}_by_{cause}": summed(np.where(found.cause == place, found.amounts[name], 0))
        for name in ("gross", "returns")
        for place, cause in enumerate(CAUSES)
    }
    shown: list[dict[str, Any]] = []
    for place, day in enumerate(days.tolist()):
        row = {name: values[place] for name, values in columns.items()}
        net = row["gross"] - row["discounts"] - row["returns"]
        money = {f"{name}_minor": row[name] for name in FIELDS[1:]}
        money |= {"net_minor": net, "total_minor": net + row["taxes"] + row["shipping"]}
        causes = {name: values[place] for name, values in parts.items() if values[place]}
        name = date.fromordinal(day + date(1970, 1, 1).toordinal()).isoformat()
        shown.append({"day": name, "orders": row["orders"], **money, "causes": causes})
    return shown
