"""What changed since a moment, by pages: windows of ``updated_at`` that overlap, and deletions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.mapping import (
    Rows,
    add_customer,
    add_order,
    add_product,
    add_refunds,
)
from xsight_core.shopify.payload import CustomerNode, OrderNode, ProductNode, RefundedOrder, number
from xsight_core.sync.load import Shop
from xsight_core.sync.merge import Fault, merge, merge_refunds, put_aside, stage
from xsight_core.sync.tombstones import tombstone
from xsight_core.tenancy import Tenancy

__all__ = ["bury", "deletions", "fetch_ids", "merge_nodes", "merge_refund_pages", "sweep"]

_FAMILIES: dict[str, tuple[type[Any], Callable[[Rows, Any], Any]]] = {
    "customers": (CustomerNode, add_customer),
    "orders": (OrderNode, add_order),
    "products": (ProductNode, add_product),
}
_SUBJECTS = {"CUSTOMER": "customers", "ORDER": "orders", "PRODUCT": "products"}
_FIRST = {"customers": 250, "orders": 90, "products": 100}  # ends of Shopify's cost steps
_IDS_AT_ONCE = {"customers": 100, "orders": 10, "products": 20}
_LINES_PAGE = 250
_REFUNDS_FIRST = 54
_REFUNDED = "financial_status:refunded OR financial_status:partially_refunded"


async def sweep(
    client: ShopifyClient, family: str, *, since: datetime
) -> AsyncIterator[list[dict[str, Any]]]:
    """Pages of the records changed at ``since`` or later, oldest change first."""
    query = f"updated_at:>='{_utc(since)}'"
    pages = client.pages(f"{family}_page", family, query=query, first=_FIRST[family])
    async for nodes in pages:
        if family == "orders":
            for node in nodes:
                await _complete_lines(client, node)
        yield nodes


async def merge_refund_pages(
    client: ShopifyClient, tenancy: Tenancy, shop: Shop
) -> AsyncIterator[int]:
    """Fetch and merge refunds with their lines, which bulk files cannot hold; orders done, by page."""
    pages = client.pages("refunded_orders_page", "orders", query=_REFUNDED, first=_REFUNDS_FIRST)
    async for nodes in pages:
        yield await asyncio.to_thread(_merge_refunds, tenancy, shop, nodes)


async def fetch_ids(client: ShopifyClient, family: str, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The records as they are now; those that are gone are missing from the answer."""
    kind = family.removesuffix("s").title()
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), _IDS_AT_ONCE[family]):
        some = ids[start : start + _IDS_AT_ONCE[family]]
        variables = {"ids": [f"gid://shopify/{kind}/{key}" for key in some]}
        nodes: list[dict[str, Any] | None] = (await client.execute(f"{family}_by_ids", variables))[
            "nodes"
        ]
        found += [node for node in nodes if node]
    if family == "orders":
        for node in found:
            await _complete_lines(client, node)
    return found


async def deletions(client: ShopifyClient, *, since: datetime) -> dict[str, list[int]]:
    """Ids deleted at ``since`` or later, by object. No sweep of ``updated_at`` ever shows these."""
    found: dict[str, list[int]] = {}
    query = f"action:destroy AND created_at:>='{_utc(since)}'"
    async for nodes in client.pages("deletion_events_page", "events", query=query, first=250):
        for node in nodes:
            family = _SUBJECTS.get(str(node.get("subjectType")).upper())
            if family and node.get("subjectId") and node.get("action") == "destroy":
                found.setdefault(family, []).append(number(node["subjectId"]))
    return found


async def merge_nodes(
    tenancy: Tenancy, shop: Shop, family: str, nodes: Sequence[dict[str, Any]], *, run: UUID
) -> int:
    """Merge a page's records in one transaction, in a thread; how many were accepted."""
    if not nodes:
        return 0
    return await asyncio.to_thread(_merge_nodes, tenancy, shop, family, nodes, run)


async def bury(tenancy: Tenancy, shop: Shop, gone: dict[str, list[int]]) -> int:
    """Leave tombstones for deleted records, a transaction each kind."""

    def run() -> int:
        count = 0
        for family, ids in gone.items():
            with tenancy.connection(shop.tenant_id) as connection:
                count += tombstone(connection, family, sorted(set(ids)))
        return count

    return await asyncio.to_thread(run) if gone else 0


def _merge_refunds(tenancy: Tenancy, shop: Shop, nodes: Sequence[dict[str, Any]]) -> int:
    rows, versions = Rows(shop.timezone), dict[int, datetime]()
    for node in nodes:
        order = msgspec.convert(node, RefundedOrder)
        versions[number(order.id)] = order.updated_at
        add_refunds(rows, order.refunds, number(order.id))
    with tenancy.connection(shop.tenant_id) as connection:
        return merge_refunds(connection, rows, versions)


def _merge_nodes(
    tenancy: Tenancy, shop: Shop, family: str, nodes: Sequence[dict[str, Any]], run: UUID
) -> int:
    kind, add = _FAMILIES[family]
    rows, faults = Rows(shop.timezone), list[Fault]()
    for node in nodes:
        try:
            add(rows, msgspec.convert(node, kind))
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
            faults.append((family, str(error), msgspec.json.encode(node).decode()))
    with tenancy.connection(shop.tenant_id) as connection:
        stage(connection, family, rows, clean=False)
        accepted = merge(connection, family, run=run, exponent=shop.exponent)
        if faults:
            put_aside(connection, faults, run=run)
    return accepted


async def _complete_lines(client: ShopifyClient, order: dict[str, Any]) -> None:
    """Fetch the lines beyond an order's first page of lines."""
    connection: dict[str, Any] = order.get("lineItems") or {}
    page: dict[str, Any] = connection.get("pageInfo") or {}
    while page.get("hasNextPage"):
        variables = {"id": order["id"], "first": _LINES_PAGE, "after": page["endCursor"]}
        answer = (await client.execute("order_line_items_page", variables))["order"]
        if answer is None:  # deleted meanwhile
            return
        connection["nodes"] += answer["lineItems"]["nodes"]
        page = answer["lineItems"]["pageInfo"]


def _utc(moment: datetime) -> str:
    """Quoted in the query and always UTC: a date-time without quotes loses its time at Shopify."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
