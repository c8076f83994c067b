"""The truth about a shop, computed from the columns and not from any answer."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from shopify_sim.columns import OrderBatch
from shopify_sim.faces import gid
from shopify_sim.store import Store
from shopify_sim.tables import Column

__all__ = ["facts"]


def facts(store: Store) -> dict[str, Any]:
    """Counts and totals in cents. Counted orders: not test, not deleted, not cancelled; worth nothing counts."""
    orders = store.orders
    live = store.live_orders()
    counted = live & ~orders["test"] & (orders["cancelled"] == 0)
    gross, discount = int(orders["gross"][counted].sum()), int(orders["discount"][counted].sum())
    returns = int(orders["returned"][counted].sum())
    who = orders["customer"][counted]
    buyers, times = np.unique(who[who >= 0], return_counts=True)
    zone = ZoneInfo(store.zone)
    moments = orders["processed"][counted]
    days = (
        [
            datetime.fromtimestamp(us / 1e6, UTC).astimezone(zone).date().isoformat()
            for us in (moments.min(), moments.max())
        ]
        if len(moments)
        else [None, None]
    )
    lines = np.isin(store.lines["order"], np.flatnonzero(live))
    current = np.zeros(len(store.lines), bool)
    for row in np.flatnonzero(live & orders["edited"]).tolist():
        current[list(store.lines_of(row))] = True
    current |= ~orders["edited"][store.lines["order"]]
    return {
        "now": store.clock // 1_000_000,
        "currency": store.currency,
        "timezone": store.zone,
        "customers": int(store.live_customers().sum()),
        "buyers": len(buyers),
        "repeat_buyers": int((times > 1).sum()),
        "orders": int(counted.sum()),
        "orders_stored": int(live.sum()),
        "stored_total_minor": _total(store, live),
        "test_orders": int((live & orders["test"]).sum()),
        "cancelled_orders": int((live & (orders["cancelled"] > 0)).sum()),
        "guest_orders": int((who < 0).sum()),
        "zero_value_orders": int((counted & (orders["gross"] == orders["discount"])).sum()),
        "lines": int((lines & current).sum()),
        "refunds": sum(len(made) for row, made in store.refunds.items() if live[row]),
        "gross_minor": gross,
        "discounts_minor": discount,
        "returns_minor": returns,
        "net_minor": gross - discount - returns,
        "refunded_minor": int(orders["refunded"][counted].sum()),
        "added_minor": int(orders["added"][counted].sum()),
        "removed_minor": int(orders["removed"][counted].sum()),
        "products": len(store.catalogue.titles) - len(store.catalogue.gone),
        "deletions": [gid(deletion.kind, deletion.row) for deletion in store.deletions],
        "first_day": days[0],
        "last_day": days[1],
        "source": {k: v for k, v in store.tables.truth.items() if isinstance(v, int | dict)},
    }


def _total(store: Store, live: Column) -> int:
    """What all orders came to when they were placed, test and cancelled ones too."""
    return sum(OrderBatch(store, np.flatnonzero(live)).total)
