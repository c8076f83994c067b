"""Columns of answers: for a set of rows, the Python values that fields show. Both pages and bulk files are made of them."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from shopify_sim.faces import ID0, STEP, money
from shopify_sim.people import FAMILY, GIVEN, PLACES, email, phone
from shopify_sim.store import Store
from shopify_sim.tables import Column, Table

__all__ = ["CHANNELS", "CONSENT", "CustomerBatch", "LineBatch", "OrderBatch", "customer_totals", "spans"]

CHANNELS = (
    ("web", "580111", "Online Store"),
    ("pos", "129785", "Point of Sale"),
    ("shopify_draft_order", "1354745", "Draft Orders"),
    ("2329312", "2329312", "Facebook & Instagram"),
)
CONSENT = ("NOT_SUBSCRIBED", "SUBSCRIBED", "UNSUBSCRIBED")


def spans(first: Column, last: Column) -> Column:
    """Concatenation of the ranges first..last."""
    lengths = last - first
    total = int(lengths.sum())
    starts = np.repeat(first - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return starts + np.arange(total)


class _Shown(dict[int, str]):
    """Cents as text; a shop has few different amounts."""

    def __missing__(self, cents: int) -> str:
        text = self[cents] = money(cents)
        return text


_SHOWN = _Shown()


class Batch:
    """Some rows of a table."""

    def __init__(self, store: Store, table: Table, rows: Column) -> None:
        """Columns are made when first asked for."""
        self.store, self.table, self.rows = store, table, rows
        self._money: dict[str, list[str]] = {}

    def of(self, name: str) -> Column:
        """Stored column of these rows."""
        return self.table[name][self.rows]

    def dates(self, name: str) -> list[str | None]:
        """DateTimes, None where there is none."""
        us = self.of(name)
        shown = np.datetime_as_string((us // 1_000_000).astype("M8[s]"), timezone="UTC").tolist()
        if us.all():
            return shown
        return [text if at else None for text, at in zip(shown, us.tolist(), strict=True)]

    def money(self, column: str) -> list[str]:
        """Amounts of a column of cents, as text."""
        if column not in self._money:
            self._money[column] = [_SHOWN[cents] for cents in getattr(self, column)]
        return self._money[column]

    @cached_property
    def ids(self) -> list[int]:
        return (ID0 + STEP * self.rows).tolist()

    @cached_property
    def created(self) -> list[str | None]:
        return self.dates("created")

    @cached_property
    def updated(self) -> list[str | None]:
        return self.dates("updated")


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
        return [_ADDRESSES[place] for place in self.of("place").tolist()]

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
        return [0 if void else cents for void, cents in zip(self.is_cancelled, self.total, strict=True)]

    @cached_property
    def kept(self) -> list[int]:
        return [a - b for a, b in zip(self.received, self.refunded, strict=True)]

    @cached_property
    def line_rows(self) -> Column:
        return spans(self.of("first_line"), self.of("last_line"))

    @cached_property
    def line_counts(self) -> list[int]:
        return (self.of("last_line") - self.of("first_line")).tolist()


class LineBatch(Batch):
    """Order lines."""

    def __init__(self, store: Store, rows: Column) -> None:
        """Lines by row number."""
        super().__init__(store, store.lines, rows)

    @cached_property
    def ids(self) -> list[int]:
        return (ID0 + STEP * self.of("number")).tolist()

    @cached_property
    def order_ids(self) -> list[int]:
        return (ID0 + STEP * self.of("order")).tolist()

    @cached_property
    def _variants(self) -> list[Any]:
        variants = self.store.catalogue.variants
        return [variants[variant] for variant in self.of("variant").tolist()]

    @cached_property
    def title(self) -> list[str]:
        titles = self.store.catalogue.titles
        return [titles[variant.product] for variant in self._variants]

    @cached_property
    def variant_title(self) -> list[str | None]:
        return [None if v.title == "Default Title" else v.title for v in self._variants]

    @cached_property
    def sku(self) -> list[str]:
        return [variant.sku for variant in self._variants]

    @cached_property
    def product(self) -> list[int | None]:
        gone = self.store.catalogue.gone
        return [None if v.product in gone else ID0 + STEP * v.product for v in self._variants]

    @cached_property
    def variant(self) -> list[int | None]:
        keys = (ID0 + STEP * self.of("variant").astype(np.int64)).tolist()
        if not self.store.catalogue.gone:
            return keys
        return [None if p is None else key for p, key in zip(self.product, keys, strict=True)]

    @cached_property
    def quantity(self) -> list[int]:
        return self.of("quantity").tolist()

    @cached_property
    def current(self) -> list[int]:
        return self.of("current").tolist()

    @cached_property
    def unit(self) -> list[int]:
        return self.of("unit").tolist()

    @cached_property
    def gross(self) -> list[int]:
        return (self.of("unit") * self.of("quantity")).tolist()

    @cached_property
    def discount(self) -> list[int]:
        return self.of("discount").tolist()

    @cached_property
    def net(self) -> list[int]:
        return (self.of("unit") * self.of("quantity") - self.of("discount")).tolist()

    @cached_property
    def unit_net(self) -> list[int]:
        net = self.of("unit") * self.of("quantity") - self.of("discount")
        return (net // self.of("quantity")).tolist()

    @cached_property
    def allocations(self) -> list[list[dict[str, Any]]]:
        memo: dict[int, list[dict[str, Any]]] = {0: []}
        for cents in set(self.discount) - {0}:
            applied = {"__typename": "DiscountCodeApplication", "index": 0, "targetType": "LINE_ITEM"}
            memo[cents] = [
                {"allocatedAmountSet": self.store.bag(cents), "discountApplication": applied}
            ]
        return [memo[cents] for cents in self.discount]


class CustomerBatch(Batch):
    """Customers."""

    def __init__(self, store: Store, rows: Column) -> None:
        """Customers by row number."""
        super().__init__(store, store.customers, rows)

    def _profile(self, key: str, values: Iterable[Any]) -> list[Any]:
        """Values, but what a profile says where there is one."""
        profiles, found = self.store.profiles, list(values)
        if profiles:
            for place, row in enumerate(self.rows.tolist()):
                if row in profiles and key in profiles[row]:
                    found[place] = profiles[row][key]
        return found

    @cached_property
    def first_name(self) -> list[str | None]:
        return self._profile("first_name", (GIVEN[i] for i in self.of("given").tolist()))

    @cached_property
    def last_name(self) -> list[str | None]:
        return self._profile("last_name", (FAMILY[i] for i in self.of("family").tolist()))

    @cached_property
    def display_name(self) -> list[str]:
        names = zip(self.first_name, self.last_name, self.email, strict=True)
        return [f"{given or ''} {family or ''}".strip() or mail or "" for given, family, mail in names]

    @cached_property
    def email(self) -> list[str | None]:
        given, family = self.of("given").tolist(), self.of("family").tolist()
        made = (
            email(GIVEN[g], FAMILY[f], row)
            for g, f, row in zip(given, family, self.rows.tolist(), strict=True)
        )
        return self._profile("email", made)

    @cached_property
    def email_address(self) -> list[dict[str, Any] | None]:
        states = (CONSENT[state] for state in self.of("email_consent").tolist())
        consents = zip(self.email, states, self.dates("consent_at"), strict=True)
        return [mail and _email_address(mail, state, at) for mail, state, at in consents]

    @cached_property
    def phone_number(self) -> list[dict[str, Any] | None]:
        rows = zip(
            self.of("has_phone").tolist(),
            self.rows.tolist(),
            self.of("sms_consent").tolist(),
            self.dates("consent_at"),
            strict=True,
        )
        return [_phone_number(row, CONSENT[sms], at) if has else None for has, row, sms, at in rows]

    @cached_property
    def address(self) -> list[dict[str, Any]]:
        places = zip(self.of("place").tolist(), self.ids, strict=True)
        key = "gid://shopify/MailingAddress/{}?model_name=CustomerAddress"
        return [_ADDRESSES[place] | {"id": key.format(number)} for place, number in places]

    @cached_property
    def tags(self) -> list[list[str]]:
        return self._profile("tags", ([] for _ in self.rows))

    @cached_property
    def note(self) -> list[str | None]:
        return self._profile("note", (None for _ in self.rows))

    @cached_property
    def order_count(self) -> list[int]:
        return customer_totals(self.store)[0][self.rows].tolist()

    @cached_property
    def spent(self) -> list[int]:
        return customer_totals(self.store)[1][self.rows].tolist()


def customer_totals(store: Store) -> tuple[Column, Column]:
    """Orders and money kept of every customer (Shopify counts no test and no cancelled orders in the money)."""
    kept = getattr(store, "_totals", None)
    if kept is None or kept[0] != store.version:
        orders = store.orders
        rows = np.flatnonzero(store.live_orders() & ~orders["test"] & (orders["customer"] >= 0))
        who = orders["customer"][rows]
        cents = orders["gross"][rows] - orders["discount"][rows] - orders["refunded"][rows]
        cents = np.where(orders["cancelled"][rows] > 0, 0, cents)
        size = len(store.customers)
        spent = np.zeros(size, np.int64)
        np.add.at(spent, who, cents)
        kept = (store.version, np.bincount(who, minlength=size), spent)
        store._totals = kept  # noqa: SLF001 # pyright: ignore
    return kept[1], kept[2]


def _email_address(address: str, state: str, at: str | None) -> dict[str, Any]:
    return {
        "emailAddress": address,
        "marketingState": state,
        "marketingOptInLevel": "SINGLE_OPT_IN" if state == "SUBSCRIBED" else None,
        "marketingUpdatedAt": at,
        "validFormat": True,
        "openTrackingLevel": "UNKNOWN",
        "sourceLocation": None,
    }


def _phone_number(row: int, state: str, at: str | None) -> dict[str, Any]:
    level = "SINGLE_OPT_IN" if state == "SUBSCRIBED" else None
    consent = {"state": state, "optInLevel": level, "updatedAt": at, "collectedFrom": "OTHER"}
    return {
        "phoneNumber": phone(row),
        "marketingState": state,
        "marketingOptInLevel": level,
        "marketingUpdatedAt": at,
        "marketingCollectedFrom": "OTHER",
        "smsMarketingConsent": consent,
        "sourceLocation": None,
    }


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


_ADDRESSES: list[dict[str, Any]] = [
    {
        "city": place.city,
        "zip": place.zip,
        "province": place.province,
        "provinceCode": place.province_code,
        "country": place.country,
        "countryCodeV2": place.country_code,
    }
    for place in PLACES
]
