"""Columns of orders."""

from functools import cached_property
from typing import Any

import numpy as np

from shopify_sim.columns.batch import ADDRESSES, Batch, spans
from shopify_sim.columns.customers import CustomerBatch
from shopify_sim.faces import ID0, STEP
from shopify_sim.store import Store
from shopify_sim.tables import Column

__all__ = ["CHANNELS", "OrderBatch"]

CHANNELS = (
    ("web", "580111", "Online Store"),
    ("pos", "129785", "Point of Sale"),
    ("shopify_draft_order", "1354745", "Draft Orders"),
    ("2329312", "2329312", "Facebook & Instagram"),
)


class OrderBatch(Batch):
    """Orders."""

    def __init__(self, store: Store, rows: Column) -> None:
        """Orders by row number."""
        super().__init__(store, store.orders, rows)

    @cached_property
    def number(self) -> list[int]:
        return (1001 + self.rows).tolist()

    @cached_property
    def confirmation(self) -> list[str]:
        return [f"X{row * 7919 % 36**8:09d}" for row in self.rows.tolist()]

    @cached_property
    def processed(self) -> list[str | None]:
        return self.dates("processed")

    @cached_property
    def cancelled(self) -> list[str | None]:
        return self.dates("cancelled")

    @cached_property
    def is_cancelled(self) -> list[bool]:
        return (self.of("cancelled") > 0).tolist()

    @cached_property
    def cancel_reason(self) -> list[str | None]:
        return ["CUSTOMER" if cancelled else None for cancelled in self.is_cancelled]

    @cached_property
    def test(self) -> list[bool]:
        return self.of("test").tolist()

    @cached_property
    def edited(self) -> list[bool]:
        return self.of("edited").tolist()

    @cached_property
    def fully_paid(self) -> list[bool]:
        return [not cancelled for cancelled in self.is_cancelled]

    @cached_property
    def financial(self) -> list[str]:
        refunded, total = self.of("refunded"), self.of("gross") - self.of("discount")
        status = np.where(refunded == 0, "PAID", "PARTIALLY_REFUNDED")
        status = np.where((refunded > 0) & (refunded >= total), "REFUNDED", status)
        return np.where(self.of("cancelled") > 0, "VOIDED", status).tolist()

    @cached_property
    def returns(self) -> list[str]:
        return np.where(self.of("refunded") > 0, "RETURNED", "NO_RETURN").tolist()

    @cached_property
    def source(self) -> list[str]:
        return [CHANNELS[channel][0] for channel in self.of("channel").tolist()]

    @cached_property
    def app(self) -> list[dict[str, str]]:
        apps = [{"id": f"gid://shopify/App/{key}", "name": name} for _, key, name in CHANNELS]
        return [apps[channel] for channel in self.of("channel").tolist()]

    @cached_property
    def location(self) -> list[dict[str, str] | None]:
        pos = {"id": "gid://shopify/Location/65536", "name": "Store"}
        return [pos if channel == 1 else None for channel in self.of("channel").tolist()]

    @cached_property
    def customer(self) -> list[int | None]:
        rows = self.of("customer")
        ids = (ID0 + STEP * rows.astype(np.int64)).tolist()
        return [key if row >= 0 else None for key, row in zip(ids, rows.tolist(), strict=True)]

    @cached_property
    def contact(self) -> list[str | None]:
        rows = self.of("customer")
        known = iter(CustomerBatch(self.store, rows[rows >= 0].astype(np.int64)).email)
        guests = zip(rows.tolist(), self.rows.tolist(), strict=True)
        return [next(known) if row >= 0 else f"guest.{n + 1}@example.com" for row, n in guests]

    @cached_property
    def address(self) -> list[dict[str, Any]]:
        return [ADDRESSES[place] for place in self.of("place").tolist()]

    @cached_property
    def codes(self) -> list[list[str]]:
        percents = self.of("percent").tolist()
        shown = {percent: [f"SAVE{percent}"] if percent else [] for percent in set(percents)}
        return [shown[percent] for percent in percents]

    @cached_property
    def discounts(self) -> list[list[dict[str, Any]]]:
        percents = self.of("percent").tolist()
        shown = {percent: [_discount(percent)] if percent else [] for percent in set(percents)}
        return [shown[percent] for percent in percents]

    @cached_property
    def units(self) -> list[int]:
        return self._summed("quantity")

    @cached_property
    def units_now(self) -> list[int]:
        return self._summed("current")

    def _summed(self, name: str) -> list[int]:
        first, last = self.of("first_line"), self.of("last_line")
        running = np.concatenate([[0], np.cumsum(self.store.lines[name])])
        return (running[last] - running[first]).tolist()

    @cached_property
    def total(self) -> list[int]:
        return (self.of("gross") - self.of("discount")).tolist()

    @cached_property
    def total_now(self) -> list[int]:
        return (self.of("gross") - self.of("discount") - self.of("removed")).tolist()

    @cached_property
    def discount(self) -> list[int]:
        return self.of("discount").tolist()

    @cached_property
    def discount_now(self) -> list[int]:
        return (self.of("discount") - self.of("removed_discount")).tolist()

    @cached_property
    def refunded(self) -> list[int]:
        return self.of("refunded").tolist()

    @cached_property
    def received(self) -> list[int]:
        return [
            0 if void else cents for void, cents in zip(self.is_cancelled, self.total, strict=True)
        ]

    @cached_property
    def kept(self) -> list[int]:
        return [a - b for a, b in zip(self.received, self.refunded, strict=True)]

    @cached_property
    def line_rows(self) -> Column:
        return spans(self.of("first_line"), self.of("last_line"))

    @cached_property
    def line_counts(self) -> list[int]:
        return (self.of("last_line") - self.of("first_line")).tolist()


def _discount(percent: int) -> dict[str, Any]:
    return {
        "__typename": "DiscountCodeApplication",
        "index": 0,
        "allocationMethod": "ACROSS",
        "targetSelection": "ALL",
        "targetType": "LINE_ITEM",
        "value": {"__typename": "PricingPercentageValue", "percentage": float(percent)},
        "code": f"SAVE{percent}",
    }
