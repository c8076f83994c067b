"""Queries: the fields that are not stored."""

from collections.abc import Callable
from typing import Any

import numpy as np

from shopify_sim import search
from shopify_sim.connections import CUSTOMERS, ORDERS, PRODUCTS, Look, Resource
from shopify_sim.faces import gid, row_of
from shopify_sim.installation import covers
from shopify_sim.metafields import metafield_rows
from shopify_sim.paging import Page, list_page
from shopify_sim.products import product_row, variant_row
from shopify_sim.projection import Context, FieldFault, resolver
from shopify_sim.refunds import refund_row
from shopify_sim.schema import VERSIONS
from shopify_sim.subscriptions import subscription_row

__all__ = ["node_row", "warn"]

Row = dict[str, Any]
Finder = Callable[[Context, str], Row | None]


def _look(context: Context, root: str) -> Look:
    scopes = context.installation.scopes
    fields = frozenset(context.schema.search_fields(root))
    return Look(fields, not covers(scopes, "read_all_orders"))


def warn(context: Context, root: str, query: str | None) -> Any:
    """Parse a query; note its warnings in ``extensions.search``."""
    tree = search.parse(query) if query else None
    found = search.warnings(tree, context.schema.search_fields(root))
    if found:
        entry = {"path": [root], "query": query, "parsed": tree, "warnings": found}
        context.search.append(entry)
    return tree


def _connection(resource: Resource) -> None:
    @resolver("QueryRoot", resource.root)
    def page(_row: Row, args: Row, context: Context) -> Page:
        warn(context, resource.root, args.get("query"))
        return context.shop.shelves.page(resource, args, _look(context, resource.root))

    @resolver("QueryRoot", f"{resource.root}Count")
    def count(_row: Row, args: Row, context: Context) -> Row:
        root = f"{resource.root}Count"
        warn(context, root, args.get("query"))
        look = _look(context, root)
        rows = context.shop.shelves.matching(resource, args.get("query") or "", look)
        limit = args.get("limit")
        if limit is not None and len(rows) > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": len(rows), "precision": "EXACT"}

    @resolver("QueryRoot", resource.kind.lower())
    def one(_row: Row, args: Row, context: Context) -> Row | None:
        if "id" not in args:
            return None
        if not args["id"].startswith(f"gid://shopify/{resource.kind}/"):
            raise FieldFault(f"Invalid id: {args['id']}", "RESOURCE_NOT_FOUND")
        return node_row(context, args["id"])


for _resource in (ORDERS, CUSTOMERS, PRODUCTS):
    _connection(_resource)


def node_row(context: Context, global_id: str) -> Row | None:
    """Row behind a global id, None when there is none (any more)."""
    kind = global_id.removeprefix("gid://shopify/").partition("/")[0]
    find = FINDERS.get(kind)
    return find(context, global_id) if find else None


def _operation_row(context: Context, global_id: str) -> Row | None:
    if context.shop.faults.strike("lost_bulk"):
        return None
    operation = context.installation.operations.known.get(global_id)
    return operation and operation.row()


def _subscription_row(context: Context, global_id: str) -> Row | None:
    found = context.installation.subscriptions.get(global_id)
    return found and subscription_row(found)


def _resource_row(resource: Resource) -> Finder:
    def find(context: Context, global_id: str) -> Row | None:
        row = row_of(global_id, resource.kind)
        recent = Look(recent_only=not covers(context.installation.scopes, "read_all_orders"))
        if row is None or not context.shop.shelves.sees(resource, row, recent):
            return None
        return resource.rows(context.shop.store, np.array([row]))[0]

    return find


def _variant_row(context: Context, global_id: str) -> Row | None:
    store, row = context.shop.store, row_of(global_id, "ProductVariant")
    if row is None or row >= len(store.catalogue.variants):
        return None
    return variant_row(store, row, 1)


def _refund_row(context: Context, global_id: str) -> Row | None:
    store, number = context.shop.store, row_of(global_id, "Refund") or 0
    if not 0 < number <= len(store.refunds_made):
        return None
    refund = store.refunds_made[number - 1]
    recent = Look(recent_only=not covers(context.installation.scopes, "read_all_orders"))
    seen = context.shop.shelves.sees(ORDERS, refund.order, recent)
    return refund_row(store, refund) if seen else None


FINDERS: dict[str, Finder] = {
    **{resource.kind: _resource_row(resource) for resource in (ORDERS, CUSTOMERS, PRODUCTS)},
    "BulkOperation": _operation_row,
    "ProductVariant": _variant_row,
    "Refund": _refund_row,
    "WebhookSubscription": _subscription_row,
}


@resolver("Refund", "order")
def _order_of(row: Row, _args: Row, context: Context) -> Row | None:
    refund = context.shop.store.refunds_made[(row_of(row["id"]) or 1) - 1]
    return node_row(context, gid("Order", refund.order))


def _metafields(kind: str) -> None:
    @resolver(kind, "metafields")
    def metafields(row: Row, args: Row, context: Context) -> Page:
        return list_page(metafield_rows(context.shop.store, row["id"], args.get("keys")), args)


for _kind in ("Order", "Customer", "Product"):
    _metafields(_kind)


@resolver("QueryRoot", "node")
def _node(_row: Row, args: Row, context: Context) -> Row | None:
    return node_row(context, args["id"])


@resolver("QueryRoot", "nodes")
def _nodes(_row: Row, args: Row, context: Context) -> list[Row | None]:
    return [node_row(context, global_id) for global_id in args["ids"]]


@resolver("QueryRoot", "shop")
def _shop(_row: Row, _args: Row, context: Context) -> Row:
    return context.shop.row()


@resolver("QueryRoot", "currentAppInstallation")
def _installation(_row: Row, _args: Row, context: Context) -> Row:
    installation = context.installation
    return {
        "id": f"gid://shopify/AppInstallation/{installation.number}",
        "accessScopes": [{"handle": scope} for scope in sorted(installation.scopes)],
        "app": {"id": f"gid://shopify/App/{installation.number}", "title": "XSight"},
        "launchUrl": f"https://{context.shop.domain}/admin/apps",
        "uninstallUrl": None,
    }


@resolver("QueryRoot", "publicApiVersions")
def _versions(_row: Row, _args: Row, _context: Context) -> list[Row]:
    stable = [{"handle": v, "displayName": v, "supported": True} for v in VERSIONS]
    return [*stable, {"handle": "unstable", "displayName": "unstable", "supported": False}]


@resolver("LineItem", "discountedTotalSet")
def _discounted(row: Row, args: Row, _context: Context) -> Row:
    return row["discountedTotalSet" if args.get("withCodeDiscounts") else "originalTotalSet"]


@resolver("Order", "customer", reference=True)
def _customer(row: Row, _args: Row, context: Context) -> Row | None:
    return row["customer"] and node_row(context, row["customer"]["id"])


@resolver("Order", "purchasingEntity", reference=True)
def _purchaser(row: Row, _args: Row, context: Context) -> Row | None:
    return row["customer"] and node_row(context, row["customer"]["id"])


@resolver("LineItem", "product", reference=True)
def _product(row: Row, _args: Row, context: Context) -> Row | None:
    return row["product"] and product_row(context.shop.store, row_of(row["product"]["id"]) or 0)


@resolver("LineItem", "variant", reference=True)
def _variant(row: Row, _args: Row, context: Context) -> Row | None:
    return row["variant"] and variant_row(context.shop.store, row_of(row["variant"]["id"]) or 0, 1)


@resolver("ProductVariant", "product")
def _product_of(row: Row, _args: Row, context: Context) -> Row:
    store = context.shop.store
    return product_row(store, store.catalogue.variants[row_of(row["id"]) or 0].product)


def _orders_of(row: Row, context: Context) -> Any:
    store = context.shop.store
    own = store.orders["customer"] == row_of(row["id"])
    return np.flatnonzero(own & store.live_orders())


@resolver("Customer", "orders")
def _customer_orders(row: Row, args: Row, context: Context) -> Page:
    return list_page(ORDERS.rows(context.shop.store, _orders_of(row, context)), args)


@resolver("Customer", "lastOrder")
def _last_order(row: Row, _args: Row, context: Context) -> Row | None:
    rows = _orders_of(row, context)
    if not len(rows):
        return None
    latest = rows[np.argmax(context.shop.store.orders["processed"][rows])]
    return ORDERS.rows(context.shop.store, np.array([latest]))[0]
