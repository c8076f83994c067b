"""Root connections over tables: visible rows, search, sort, page. Indexes are kept until the shop changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shopify_sim import search
from shopify_sim.columns import CustomerBatch, OrderBatch
from shopify_sim.fields import CUSTOMER, ORDER
from shopify_sim.paging import Index, Page
from shopify_sim.products import product_row
from shopify_sim.recipes import rows_of
from shopify_sim.searched import CUSTOMER_FIELDS, ORDER_FIELDS, PRODUCT_FIELDS, Searched
from shopify_sim.store import Store
from shopify_sim.tables import Column

__all__ = ["CUSTOMERS", "ORDERS", "PRODUCTS", "Look", "Resource", "Shelves"]

DAY_US = 86_400_000_000
SIXTY_DAYS_US = 60 * DAY_US
KEPT_INDEXES = 32


@dataclass(frozen=True)
class Resource:
    """How a kind of row is seen."""

    kind: str
    root: str
    visible: Callable[[Store], Column]  # mask
    rows: Callable[[Store, Column], list[dict[str, Any]]]
    searched: Searched
    sorted_by: Callable[[Store, str], Column | None]  # column of a sort key; None: by id


def _product_mask(store: Store) -> Column:
    count = len(store.catalogue.titles)
    return np.array([row not in store.catalogue.gone for row in range(count)], bool)


def _sort(columns: dict[str, Callable[[Store], Column]]) -> Callable[[Store, str], Column | None]:
    return lambda store, key: columns[key](store) if key in columns else None


ORDERS = Resource(
    "Order",
    "orders",
    Store.live_orders,
    lambda store, rows: rows_of("Order", ORDER, OrderBatch(store, rows)),
    ORDER_FIELDS,
    _sort(
        {
            "UPDATED_AT": lambda store: store.orders["updated"],
            "CREATED_AT": lambda store: store.orders["created"],
            "PROCESSED_AT": lambda store: store.orders["processed"],
        }
    ),
)
CUSTOMERS = Resource(
    "Customer",
    "customers",
    Store.live_customers,
    lambda store, rows: rows_of("Customer", CUSTOMER, CustomerBatch(store, rows)),
    CUSTOMER_FIELDS,
    _sort(
        {
            "UPDATED_AT": lambda store: store.customers["updated"],
            "CREATED_AT": lambda store: store.customers["created"],
        }
    ),
)
PRODUCTS = Resource(
    "Product",
    "products",
    _product_mask,
    lambda store, rows: [product_row(store, row) for row in rows.tolist()],
    PRODUCT_FIELDS,
    _sort(
        {
            "UPDATED_AT": lambda store: np.array(store.catalogue.updated, np.int64),
            "CREATED_AT": lambda store: np.full(
                len(store.catalogue.titles), store.catalogue.created
            ),
        }
    ),
)


@dataclass(frozen=True)
class Look:
    """What a request may search and see."""

    fields: frozenset[str] = frozenset()  # other search fields are ignored, as Shopify does
    recent_only: bool = False  # orders of the last 60 days: the token lacks read_all_orders


@dataclass
class Shelves:
    """The tables of a shop as its connections show them."""

    store: Store
    _indexes: dict[Any, Index] = field(default_factory=dict)
    _version: int = -1

    def page(self, resource: Resource, args: dict[str, Any], look: Look) -> Page:
        """One page of a connection."""
        sort_key = args.get("sortKey") or "ID"
        index = self._index(resource, sort_key, args.get("query") or "", look)
        rows, behind, before = index.page(args)
        column = resource.sorted_by(self.store, sort_key)
        values = None if column is None else column[rows].copy()
        made = resource.rows(self.store, rows)
        return Page(made, lambda: index.cursors(rows, values), behind, before)

    def sees(self, resource: Resource, row: int, look: Look) -> bool:
        """Whether one row is there."""
        visible = self.store.memo(f"visible {resource.root}", resource.visible)
        if row >= len(visible) or not visible[row]:
            return False
        since = self.store.clock - SIXTY_DAYS_US
        old = resource is ORDERS and self.store.orders["created"][row] < since
        return not (old and look.recent_only)

    def matching(self, resource: Resource, query: str, look: Look) -> Column:
        """Rows that match, by id."""
        visible = resource.visible(self.store)
        if look.recent_only and resource is ORDERS:
            visible = visible & (self.store.orders["created"] >= self.store.clock - SIXTY_DAYS_US)
        if query:
            visible = visible & search.mask(
                search.parse(query), self._searched(resource, look), len(visible)
            )
        return np.flatnonzero(visible)

    def _searched(self, resource: Resource, look: Look) -> Callable[[str], Any]:
        def column(name: str) -> Any:
            make = resource.searched.get(name) if name in look.fields else None
            return make and make(self.store)

        return column

    def _index(self, resource: Resource, sort_key: str, query: str, look: Look) -> Index:
        if self._version != self.store.version or len(self._indexes) > KEPT_INDEXES:
            self._indexes.clear()
            self._version = self.store.version
        day = self.store.clock // DAY_US if look.recent_only else 0
        key = (resource.root, sort_key, query, look, day)
        if key not in self._indexes:
            rows = self.matching(resource, query, look)
            column = resource.sorted_by(self.store, sort_key)
            if column is None:
                self._indexes[key] = Index(rows, None, searched=bool(query))
            else:
                order = np.argsort(column[rows], kind="stable")
                values = column[rows][order]
                self._indexes[key] = Index(rows[order], values, searched=bool(query))
        return self._indexes[key]
