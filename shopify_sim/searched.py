"""What can be searched: columns by search field, as arrays, or as functions of the value asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np

from shopify_sim.columns import CHANNELS, CustomerBatch, OrderBatch, customer_totals
from shopify_sim.faces import ID0, STEP
from shopify_sim.people import PLACES
from shopify_sim.store import Store
from shopify_sim.tables import Column, Table

__all__ = ["CUSTOMER_FIELDS", "ORDER_FIELDS", "PRODUCT_FIELDS", "Searched"]

Searched = dict[str, Callable[[Store], Any]]


def _ids(table: Callable[[Store], Any]) -> Callable[[Store], Column]:
    return lambda store: ID0 + STEP * np.arange(len(table(store)))


def _moments(table: Callable[[Store], Table], name: str) -> Callable[[Store], Column]:
    return lambda store: table(store)[name].astype("M8[us]")


def _orders(store: Store) -> Table:
    return store.orders


def _customers(store: Store) -> Table:
    return store.customers


def _titles(store: Store) -> list[str]:
    return store.catalogue.titles


def _lower(texts: list[str]) -> Column:
    return np.char.lower(np.array(texts, np.str_))


def _every_order(store: Store) -> OrderBatch:
    return OrderBatch(store, np.arange(len(store.orders)))


def _status(store: Store) -> Callable[[str], Column]:
    cancelled = store.orders["cancelled"] > 0
    known = {"cancelled": cancelled, "open": ~cancelled, "closed": np.zeros_like(cancelled)}
    return lambda text: known.get(text.lower(), np.ones_like(cancelled))


def _name(store: Store) -> Callable[[str], Column]:
    numbers = 1001 + np.arange(len(store.orders))

    def match(text: str) -> Column:
        number = text.lstrip("#")
        return numbers == (int(number) if number.isdigit() else -1)

    return match


def _emails(store: Store) -> Column:
    mails = CustomerBatch(store, np.arange(len(store.customers))).email
    return _lower([mail or "" for mail in mails])


ORDER_FIELDS: Searched = {
    "id": _ids(_orders),
    "updated_at": _moments(_orders, "updated"),
    "created_at": _moments(_orders, "created"),
    "processed_at": _moments(_orders, "processed"),
    "test": lambda store: store.orders["test"],
    "customer_id": lambda store: ID0 + STEP * store.orders["customer"].astype(np.int64),
    "financial_status": lambda store: _lower(_every_order(store).financial),
    "return_status": lambda store: _lower(_every_order(store).returns),
    "status": _status,
    "name": _name,
    "source_name": lambda store: np.array([name for name, _, _ in CHANNELS])[
        store.orders["channel"]
    ],
    "discount_code": lambda store: np.array(
        [f"save{percent}" if percent else "" for percent in store.orders["percent"].tolist()]
    ),
}
CUSTOMER_FIELDS: Searched = {
    "id": _ids(_customers),
    "updated_at": _moments(_customers, "updated"),
    "created_at": _moments(_customers, "created"),
    "customer_date": _moments(_customers, "created"),
    "orders_count": lambda store: customer_totals(store)[0],
    "total_spent": lambda store: customer_totals(store)[1] / 100,
    "accepts_marketing": lambda store: store.customers["email_consent"] == 1,
    "email": _emails,
    "state": lambda store: np.full(len(store.customers), "disabled"),
    "country": lambda store: np.array([place.country_code.lower() for place in PLACES])[
        store.customers["place"]
    ],
}
PRODUCT_FIELDS: Searched = {
    "id": _ids(_titles),
    "updated_at": lambda store: np.array(store.catalogue.updated, np.int64).astype("M8[us]"),
    "created_at": lambda store: np.full(
        len(store.catalogue.titles), store.catalogue.created
    ).astype("M8[us]"),
    "title": lambda store: _lower(store.catalogue.titles),
    "status": lambda store: np.full(len(store.catalogue.titles), "active"),
}
