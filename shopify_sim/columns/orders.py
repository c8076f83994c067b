"""Columns of orders."""

from functools import cached_property
from typing import Any

import numpy as np

from shopify_sim.columns.batch import ADDRESSES, Batch, spans
from shopify_sim.columns.customers import CustomerBatch
from shopify_sim.faces import ID0, STEP
from shopify_sim.store import Store
from shopify_sim.tables import Column

__all__ = ["CHANNELS", "STATUS", "OrderBatch", "discount_row"]

CHANNELS = (
    ("web", "580111", "Online Store"),
    ("pos", "129785", "Point of Sale"),
    ("shopify_draft_order", "1354745", "Draft Orders"),
    ("2329312", "2329312", "Facebook & Instagram"),
)


STATUS = (
    "",
    "PENDING",
    "AUTHORIZED",
    "PARTIALLY_PAID",
    "EXPIRED",
)  # "": paid, and what became of it


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
        return [status in ("PAID", "REFUNDED", "PARTIALLY_REFUNDED") for status in self.financial]

    @cached_property
    def unpaid(self) -> list[bool]:
        return [status in ("PENDING", "AUTHORIZED", "PARTIALLY_PAID") for status in self.financial]

    @cached_property
    def financial(self) -> list[str]:
        refunded = self.of("refunded")
        status = np.where(refunded == 0, "PAID", "PARTIALLY_REFUNDED")
        status = np.where((refunded > 0) & (refunded >= self._total), "REFUNDED", status)
        waiting = self.of("status")
        status = np.where(waiting > 0, np.array(STATUS)[waiting], status)
        return np.where(self._void, "VOIDED", status).tolist()

    @property
    def _void(self) -> Column:
        return (self.of("cancelled") > 0) & (self.of("refunded") == 0)

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
        if self.store.notes:
            rows = zip(percents, self.noted, strict=True)
            return [_codes(noted) or shown[percent] for percent, noted in rows]
        return [shown[percent] for percent in percents]

    @cached_property
    def discounts(self) -> list[list[dict[str, Any]]]:
        percents = self.of("percent").tolist()
        shown = {percent: [discount_row(percent)] if percent else [] for percent in set(percents)}
        if self.store.notes:
            rows = zip(percents, self.noted, strict=True)
            return [_applications(noted) or shown[percent] for percent, noted in rows]
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
    def coins(self) -> list[int]:
        return self.of("coin").tolist()

    @cached_property
    def tax_included(self) -> list[bool]:
        return self.of("tax_included").tolist()

    @cached_property
    def noted(self) -> list[dict[str, Any]]:
        """What a deed wrote on each order: tags, note, gateways, codes."""
        notes, nothing = self.store.notes, {}
        return (
            [notes.get(row, nothing) for row in self.rows.tolist()]
            if notes
            else [nothing] * len(self.rows)
        )

    @cached_property
    def tags(self) -> list[list[str]]:
        return [noted.get("tags", _NONE) for noted in self.noted]

    @cached_property
    def note(self) -> list[str | None]:
        return [noted.get("note") for noted in self.noted]

    @cached_property
    def gateways(self) -> list[list[str]]:
        return [noted.get("gateways", _GATEWAYS) for noted in self.noted]

    @property
    def _subtotal(self) -> Column:
        return self.of("gross") - self.of("discount")

    @cached_property
    def _total(self) -> Column:
        added = np.where(self.of("tax_included"), 0, self.of("tax"))
        extra = self.of("tip") + self.of("duties") + self.of("rounding")
        return self._subtotal + self.of("shipping") + extra + added

    @cached_property
    def _subtotal_now(self) -> Column:
        return self._subtotal + self.of("added") - self.of("removed")

    @cached_property
    def subtotal(self) -> list[int]:
        return self._subtotal.tolist()

    @cached_property
    def subtotal_now(self) -> list[int]:
        return self._subtotal_now.tolist()

    @cached_property
    def tax(self) -> list[int]:
        return self.of("tax").tolist()

    @property
    def _tax_now(self) -> Column:
        return self.of("tax") + self.of("added_tax") - self.of("removed_tax")

    @cached_property
    def tax_now(self) -> list[int]:
        return self._tax_now.tolist()

    @cached_property
    def shipping(self) -> list[int]:
        return self.of("shipping").tolist()

    @property
    def _shipping_now(self) -> Column:
        left = self.of("shipping") - self.of("refunded_shipping")
        return np.where(self.of("cancelled") > 0, 0, left)

    @cached_property
    def shipping_now(self) -> list[int]:
        return self._shipping_now.tolist()

    @cached_property
    def refunded_shipping(self) -> list[int]:
        return self.of("refunded_shipping").tolist()

    @cached_property
    def duties(self) -> list[int]:
        return self.of("duties").tolist()

    @cached_property
    def rounding(self) -> list[int]:
        return self.of("rounding").tolist()

    @cached_property
    def tip(self) -> list[int]:
        return self.of("tip").tolist()

    @cached_property
    def discrepancy(self) -> list[int]:
        """What refunds gave beyond or short of their parts, as Shopify signs it."""
        made = self.store.refunds
        return [
            sum(refund.parts.adjustment for refund in made.get(row, ()))
            for row in self.rows.tolist()
        ]

    @cached_property
    def total(self) -> list[int]:
        return self._total.tolist()

    @cached_property
    def total_now(self) -> list[int]:
        tax = np.where(self.of("tax_included"), 0, self._tax_now)
        extra = self.of("tip") + self.of("duties") + self.of("rounding")
        return (self._subtotal_now + self._shipping_now + extra + tax).tolist()

    @cached_property
    def outstanding(self) -> list[int]:
        """Still to be paid; below zero where more is held than the order now costs."""
        void = self._void.tolist()
        rows = zip(self.total_now, self.kept, void, self.discrepancy, strict=True)
        return [0 if empty else now - kept + extra for now, kept, empty, extra in rows]

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
        parts = {"PENDING": 0, "AUTHORIZED": 0, "EXPIRED": 0, "VOIDED": 0, "PARTIALLY_PAID": 2}
        rows = zip(self.financial, self.total, strict=True)
        return [
            total if status not in parts else total // 2 if parts[status] else 0
            for status, total in rows
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


_NONE: list[str] = []
_GATEWAYS = ["shopify_payments"]


KINDS = {
    "code": "DiscountCodeApplication",
    "automatic": "AutomaticDiscountApplication",
    "manual": "ManualDiscountApplication",
    "script": "ScriptDiscountApplication",
}


def _codes(noted: dict[str, Any]) -> list[str]:
    return [made["code"] for made in noted.get("discounts", ()) if "code" in made]


def _applications(noted: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of what ``discounts`` of a deed says."""
    return [
        {
            "__typename": KINDS[made.get("kind", "code")],
            "index": place,
            "allocationMethod": made.get("method", "ACROSS"),
            "targetSelection": made.get("selection", "ALL"),
            "targetType": made.get("target", "LINE_ITEM"),
            "value": _value(made),
            "code": made.get("code"),
            "title": made.get("title", ""),
            "description": made.get("description"),
        }
        for place, made in enumerate(noted.get("discounts", ()))
    ]


def _value(made: dict[str, Any]) -> dict[str, Any]:
    if "percent" in made:
        return {"__typename": "PricingPercentageValue", "percentage": float(made["percent"])}
    amount, currency = str(made.get("amount", "0.0")), made.get("currency", "EUR")
    return {"__typename": "MoneyV2", "amount": amount, "currencyCode": currency}


def discount_row(percent: int) -> dict[str, Any]:
    """Application of the usual discount code."""
    return {
        "__typename": "DiscountCodeApplication",
        "index": 0,
        "allocationMethod": "ACROSS",
        "targetSelection": "ALL",
        "targetType": "LINE_ITEM",
        "value": {"__typename": "PricingPercentageValue", "percentage": float(percent)},
        "code": f"SAVE{percent}",
    }
