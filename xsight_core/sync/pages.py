"""What changed since a moment, by pages: windows of ``updated_at`` that overlap, and deletions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection

from xsight_core.shopify.amounts import explain
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.mapping import (
    Rows,
    add_customer,
    add_order,
    add_product,
)
from xsight_core.shopify.payload import CustomerNode, OrderNode, ProductNode, number
from xsight_core.sync.beyond import complete
from xsight_core.sync.load import Shop
from xsight_core.sync.merge import (
    Fault,
    accepted_before,
    merge,
    put_aside,
    stage,
)
from xsight_core.sync.tombstones import tombstone
from xsight_core.tenancy import Tenancy

__all__ = [
    "Merged",
    "bury",
    "deletions",
    "fetch_ids",
    "merge_nodes",
    "merge_page",
    "sweep",
]

_FAMILIES: dict[str, tuple[type[Any], Callable[[Rows, Any], Any]]] = {
    "customers": (CustomerNode, add_customer),
    "orders": (OrderNode, add_order),
    "products": (ProductNode, add_product),
}
_SUBJECTS = {"CUSTOMER": "customers", "ORDER": "orders", "PRODUCT": "products"}
_FIRST = {"customers": 250, "orders": 90, "products": 100}  # ends of Shopify's cost steps
_IDS_AT_ONCE = {"customers": 100, "orders": 10, "products": 20}


class Merged(msgspec.Struct, frozen=True):
    """Records of a page that were new to us. ``untold``: of these, changed before a given moment."""

    accepted: int = 0
    untold: int = 0


async def sweep(
    client: ShopifyClient, family: str, *, since: datetime, metafields: Sequence[str] = ()
) -> AsyncIterator[list[dict[str, Any]]]:
    """Pages of the records changed at ``since`` or later, oldest change first."""
    query = f"updated_at:>='{_utc(since)}'"
    chosen = _chosen(metafields)
    pages = client.pages(f"{family}_page", family, query=query, first=_FIRST[family], more=chosen)
    async for nodes in pages:
        for node in nodes:
            await complete(client, family, node)
        yield nodes


async def fetch_ids(
    client: ShopifyClient, family: str, ids: Sequence[int], *, metafields: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The records as they are now; those that are gone are missing from the answer."""
    kind = family.removesuffix("s").title()
    found = await client.by_ids(
        f"{family}_by_ids",
        [f"gid://shopify/{kind}/{key}" for key in ids],
        at_once=_IDS_AT_ONCE[family],
        more=_chosen(metafields),
    )
    for node in found:
        await complete(client, family, node)
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
    tenancy: Tenancy,
    shop: Shop,
    family: str,
    nodes: Sequence[dict[str, Any]],
    *,
    run: UUID,
    told_before: datetime | None = None,
) -> Merged:
    """Merge a page's records in one transaction, in a thread."""

    def merge_them() -> Merged:
        with tenancy.connection(shop.tenant_id) as connection:
            return merge_page(connection, shop, family, nodes, run=run, told_before=told_before)

    return await asyncio.to_thread(merge_them) if nodes else Merged()


async def bury(tenancy: Tenancy, shop: Shop, gone: dict[str, list[int]]) -> int:
    """Leave tombstones for deleted records, a transaction each kind."""

    def run() -> int:
        count = 0
        for family, ids in gone.items():
            with tenancy.connection(shop.tenant_id) as connection:
                count += tombstone(connection, family, sorted(set(ids)))
        return count

    return await asyncio.to_thread(run) if gone else 0


def merge_page(
    connection: Connection[Any],
    shop: Shop,
    family: str,
    nodes: Sequence[dict[str, Any]],
    *,
    run: UUID,
    told_before: datetime | None = None,
) -> Merged:
    """Merge records in the caller's transaction; what is stored already as it came stays untouched."""
    kind, add = _FAMILIES[family]
    rows, faults = Rows(shop.timezone), list[Fault]()
    for node in nodes:
        try:
            add(rows, msgspec.convert(node, kind))
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError) as error:
            faults.append((family, explain(error, node), msgspec.json.encode(node).decode()))
    stage(connection, family, rows, clean=False)
    accepted = merge(connection, family, run=run, exponent=shop.exponent, changed_only=True)
    if faults:
        put_aside(connection, faults, run=run)
    untold = accepted_before(connection, family, told_before) if told_before and accepted else 0
    return Merged(accepted, untold)


def _chosen(metafields: Sequence[str]) -> dict[str, Any]:
    """Variables that choose metafields; without them the documents ask for none."""
    return {"metafields": list(metafields), "chosen": True} if metafields else {}


def _utc(moment: datetime) -> str:
    """Quoted in the query and always UTC: a date-time without quotes loses its time at Shopify."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
