"""Columns of customers."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from shopify_sim.columns.batch import ADDRESSES, Batch
from shopify_sim.people import FAMILY, GIVEN, email, phone
from shopify_sim.store import Store
from shopify_sim.tables import Column

__all__ = ["CONSENT", "CustomerBatch", "customer_totals"]

CONSENT = ("NOT_SUBSCRIBED", "SUBSCRIBED", "UNSUBSCRIBED")


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
        return [
            f"{given or ''} {family or ''}".strip() or mail or "" for given, family, mail in names
        ]

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
        return [_email_address(mail, state, at) if mail else None for mail, state, at in consents]

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
        return [ADDRESSES[place] | {"id": key.format(number)} for place, number in places]

    @cached_property
    def statistics(self) -> list[dict[str, Any]]:
        """Shopify's own guesses; the rule behind them is the simulator's."""
        pairs = zip(self.order_count, self.spent, strict=True)
        return [STATISTICS[_group(count), _tier(count, cents)] for count, cents in pairs]

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


GROUPS = ((5, "CHAMPIONS"), (3, "LOYAL"), (1, "NEW"), (0, "PROSPECTS"))  # from so many orders
TIERS = ((20_000, "HIGH"), (6_000, "MEDIUM"), (-(10**12), "LOW"))  # from so many cents


def _group(orders: int) -> str:
    return next(name for least, name in GROUPS if orders >= least)


def _tier(orders: int, cents: int) -> str | None:
    return next(name for least, name in TIERS if cents >= least) if orders else None


STATISTICS: dict[tuple[str, str | None], dict[str, Any]] = {
    (group, tier): {"rfmGroup": group, "predictedSpendTier": tier}
    for _, group in GROUPS
    for tier in (None, "LOW", "MEDIUM", "HIGH")
}


def customer_totals(store: Store) -> tuple[Column, Column]:
    """Orders and money kept of every customer (Shopify counts no test and no cancelled orders in the money)."""
    return store.memo("customer_totals", _customer_totals)


def _customer_totals(store: Store) -> tuple[Column, Column]:
    orders = store.orders
    rows = np.flatnonzero(store.live_orders() & ~orders["test"] & (orders["customer"] >= 0))
    who = orders["customer"][rows]
    cents = (
        orders["gross"][rows]
        - orders["discount"][rows]
        + orders["shipping"][rows]
        + orders["tip"][rows]
    )
    cents += np.where(orders["tax_included"][rows], 0, orders["tax"][rows])
    cents -= orders["refunded"][rows]
    cents = np.where(orders["cancelled"][rows] > 0, 0, cents)
    size = len(store.customers)
    spent = np.zeros(size, np.int64)
    np.add.at(spent, who, cents)
    return np.bincount(who, minlength=size), spent


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
    fresh = "NEVER_SUBSCRIBED" if state == "NOT_SUBSCRIBED" else state  # its name since 2026-10
    consent = {"state": fresh, "optInLevel": level, "updatedAt": at, "collectedFrom": "OTHER"}
    return {
        "phoneNumber": phone(row),
        "marketingState": state,
        "marketingOptInLevel": level,
        "marketingUpdatedAt": at,
        "marketingCollectedFrom": "OTHER",
        "smsMarketingConsent": consent,
        "sourceLocation": None,
    }
