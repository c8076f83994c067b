# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""What the columns of a notebook's frames are, and the statements that read only those asked for."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import pandas as pd

from xsight_core.db import frames
from xsight_core.errors import InvalidInput

__all__ = ["MEANINGS", "PERSONAL", "chosen", "explained", "selected"]

_ID: Final = "id of Shopify's"
_MONEY: Final = "{currency}"

# unit and meaning by column; what several tables share is written once
_SHARED: Final[dict[str, tuple[str, str]]] = {
    "order_id": (_ID, "The order"),
    "customer_id": (_ID, "The customer; missing for a guest"),
    "product_id": (_ID, "The product; missing where it is gone"),
    "processed_at": ("time of the shop's zone", "When it was placed or paid back"),
    "day": ("day of the shop", "The shop's calendar day of processed_at"),
    "created_at": ("time of the shop's zone", "When Shopify made it"),
    "updated_at": ("time of the shop's zone", "When Shopify changed it last"),
    "tags": ("list", "Its tags in Shopify"),
    "country": ("ISO 3166-1 code", "Of the shipping or default address"),
    "province": ("code", "Of the same address"),
    "title": ("", "Name; of a line, as it was when ordered"),
    "vendor": ("", "Vendor of the product"),
    "gift_card": ("yes or no", "Whether it is a gift card: no sale until it is used"),
    "net_minor": ("minor units", "net, exact: add these up where every cent counts"),
}

MEANINGS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "orders": {
        "order_id": _SHARED["order_id"],
        "name": ("", "The number people see, like #1001"),
        "customer_id": _SHARED["customer_id"],
        "processed_at": _SHARED["processed_at"],
        "day": _SHARED["day"],
        "channel": ("", "Where it was sold: web, pos, …"),
        "country": _SHARED["country"],
        "province": _SHARED["province"],
        "financial_status": ("", "PAID, PENDING, REFUNDED, …"),
        "fulfillment_status": ("", "FULFILLED, UNFULFILLED, …"),
        "units": ("pieces", "How many pieces were ordered"),
        "gross_minor": ("minor units", "Price times quantity, before discounts and returns; exact"),
        "discounts_minor": ("minor units", "Taken off by discounts; exact"),
        "returns_minor": ("minor units", "Taken off by returns and edits, whenever made; exact"),
        "net_minor": (
            "minor units",
            "gross - discounts - returns, without tax and shipping; exact",
        ),
        "tax": (_MONEY, "Tax"),
        "shipping": (_MONEY, "Shipping charged"),
        "total": (_MONEY, "What the customer was charged at first"),
        "discount_codes": ("list", "Codes that were used"),
        "tags": _SHARED["tags"],
        "test": ("yes or no", "A test order: does not count"),
        "cancelled": ("yes or no", "Cancelled: does not count"),
        "deleted": ("yes or no", "Deleted in Shopify: does not count"),
    },
    "order_lines": {
        "order_id": _SHARED["order_id"],
        "line_id": (_ID, "The line"),
        "customer_id": _SHARED["customer_id"],
        "processed_at": _SHARED["processed_at"],
        "day": _SHARED["day"],
        "product_id": _SHARED["product_id"],
        "variant_id": (_ID, "The variant; missing where it is gone"),
        "title": _SHARED["title"],
        "variant_title": ("", "Name of the variant when ordered"),
        "sku": ("", "Stock keeping unit"),
        "vendor": _SHARED["vendor"],
        "quantity": ("pieces", "Ordered"),
        "current_quantity": ("pieces", "Ordered, less what was removed or returned"),
        "gift_card": _SHARED["gift_card"],
        "unit_price": (_MONEY, "Price of one piece before discounts"),
        "gross": (_MONEY, "unit_price times quantity"),
        "discounts": (_MONEY, "The line's share of all discounts"),
        "net": (_MONEY, "gross - discounts; returns are in shop.refunds()"),
        "tax": (_MONEY, "Tax on the line"),
    },
    "refunds": {
        "order_id": _SHARED["order_id"],
        "refund_id": (_ID, "The refund"),
        "customer_id": _SHARED["customer_id"],
        "processed_at": _SHARED["processed_at"],
        "day": ("day of the shop", "When it was paid back"),
        "order_day": ("day of the shop", "When its order was placed"),
        "total": (_MONEY, "Paid back, with tax and shipping"),
    },
    "products": {
        "product_id": (_ID, "The product"),
        "title": _SHARED["title"],
        "handle": ("", "Its name in links"),
        "status": ("", "ACTIVE, DRAFT or ARCHIVED"),
        "vendor": _SHARED["vendor"],
        "product_type": ("", "The merchant's own kind"),
        "tags": _SHARED["tags"],
        "gift_card": _SHARED["gift_card"],
        "created_at": _SHARED["created_at"],
        "updated_at": _SHARED["updated_at"],
        "published_at": ("time of the shop's zone", "When it came on sale"),
    },
    "customers": {
        "customer_id": (_ID, "The customer"),
        "created_at": _SHARED["created_at"],
        "updated_at": _SHARED["updated_at"],
        "state": ("", "ENABLED, DISABLED, INVITED or DECLINED: the customer's account"),
        "locale": ("", "Language, like en or pt-BR"),
        "country": _SHARED["country"],
        "province": _SHARED["province"],
        "tags": _SHARED["tags"],
        "email_consent": ("", "SUBSCRIBED, NOT_SUBSCRIBED, …"),
        "sms_consent": ("", "SUBSCRIBED, NOT_SUBSCRIBED, …"),
    },
}

PERSONAL: Final = frozenset({"email", "phone", "first_name", "last_name", "city", "zip"})

_QUERIES: Final = {
    "orders": frames.ORDERS,
    "order_lines": frames.ORDER_LINES,
    "refunds": frames.REFUNDS,
    "products": frames.PRODUCTS,
    "customers": frames.CUSTOMERS,
    "scores": frames.SCORES,
}

# columns of scores and RFM; {days} is 30, 90, 180 or 365
_COMPUTED: Final[dict[str, tuple[str, str]]] = {
    "orders": ("orders", "Orders that count"),
    "first_order_on": ("day of the shop", "First order that counts"),
    "last_order_on": ("day of the shop", "Last order that counts"),
    "days_since_order": ("days", "From the last order to the day of the scores"),
    "recency_days": ("days", "From the last order to the day of the scores"),
    "frequency": ("days", "Days with an order after the first one"),
    "t_x": ("days", "From the first to the last day with an order"),
    "T": ("days", "From the first order to the day of the scores"),
    "r": ("1 to 5", "Recency; 5 is best"),
    "f": ("1 to 5", "Frequency; 5 is best"),
    "m": ("1 to 5", "Net sales; 5 is best"),
    "segment": ("", "One of the eleven RFM segments"),
    "p_alive": ("chance", "That the customer has not left for good"),
    "churn_90": ("chance", "Of no order in the next 90 days"),
    "p_order_365": ("chance", "Of an order in the next 365 days"),
    "next_order_on": ("day of the shop", "To expect, if there is an order within a year"),
    "reasons": ("codes", "Why the chances are what they are"),
    "action": ("", "What to do"),
}
_BY_DAYS: Final = (
    (re.compile(r"expected_orders_(\d+)"), "orders", "To expect in the next {} days"),
    (re.compile(r"clv_(\d+)"), _MONEY, "Discounted net sales to expect in the next {} days"),
)


def chosen(table: str, columns: Iterable[str] | None) -> tuple[str, ...] | None:
    """The stored columns that those asked for need; None: all. An unknown one is refused by name."""
    if columns is None:
        return None
    known = MEANINGS[table]
    found: dict[str, None] = {}
    for name in columns:
        stored = name if name in known else f"{name}_minor"
        if stored not in known and not (table == "customers" and name in PERSONAL):
            raise InvalidInput(
                "columns",
                f"{table} has no column {name!r}: {', '.join(known)}; see shop.columns({table!r}).",
            )
        found[stored if stored in known else name] = None
    return tuple(found)


def selected(
    table: str, columns: Iterable[str] | None = None, days: Mapping[str, date | None] | None = None
) -> str:
    """The statement that reads a table's columns, all or some, between two days (``since`` and ``until``)."""
    if table not in _QUERIES:
        raise InvalidInput("of", f"There is no table {table!r} here: {', '.join(_QUERIES)}.")
    names = "*" if columns is None else ", ".join(f'"{name}"' for name in columns)
    limits = {"since": "day >= %(since)s", "until": "day <= %(until)s"}
    asked = [limits[name] for name, day in (days or {}).items() if day is not None]
    where = f" WHERE {' AND '.join(asked)}" if asked else ""
    # names are ours, checked by `chosen`; the order of the inner statement stays
    return f"SELECT {names} FROM ({_QUERIES[table]}) AS rows{where}"  # noqa: S608


def explained(frame: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Type, unit and meaning of a frame's columns; of one it does not know, the type."""
    rows: list[tuple[str, str, Any, Any]] = []
    tables = [t for t in MEANINGS.values() if set(map(str, frame.columns)) & set(t)]
    tables.sort(key=lambda table: -len(set(map(str, frame.columns)) & set(table)))
    for name in map(str, frame.columns):
        unit, meaning = _meaning(name, tables)
        rows.append((name, str(frame[name].dtype), unit.format(currency=currency), meaning))
    return pd.DataFrame(rows, columns=["column", "type", "unit", "meaning"]).set_index("column")


def _meaning(name: str, tables: list[dict[str, tuple[str, str]]]) -> tuple[str, str]:
    for suffix, words in (("_low", "; lower end of 90 %"), ("_high", "; upper end of 90 %")):
        for minor in ("", "_minor"):
            if name.endswith(suffix + minor):
                unit, meaning = _meaning(name.removesuffix(suffix + minor) + minor, tables)
                return unit, meaning + words
    for known in (*tables, _COMPUTED, _SHARED):
        if name in known:
            return known[name]
        if f"{name}_minor" in known:
            return _MONEY, known[f"{name}_minor"][1].removesuffix("; exact").removeprefix(
                "net, exact: "
            )
    exact = name.removesuffix("_minor")
    for pattern, unit, words in _BY_DAYS:
        if match := pattern.fullmatch(exact):
            return (unit if exact == name else "minor units"), words.format(match[1])
    if name in PERSONAL:
        return "", "Personal data, seen with the right to it"
    return "", ""
