"""What refunds are made of, which no bulk file can hold: fetched by ids after it, and resumable.

A refund says itself whether its lines are in (``refunds.detailed``), so an interrupted run goes on
where it was, and a refund that a webhook has completed meanwhile is not asked for again.
"""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
import asyncio
from typing import Any, cast

import msgspec

from xsight_core.db.scoped import TENANT
from xsight_core.shopify.amounts import explain
from xsight_core.shopify.mapping import Rows, add_refunds
from xsight_core.shopify.payload import RefundNode, number
from xsight_core.sync.beyond import refunds_by_ids
from xsight_core.sync.load import Shop
from xsight_core.sync.merge import Fault, merge_refund_details, put_aside
from xsight_core.sync.work import Work
from xsight_core.tenancy import Tenancy

__all__ = ["bring_refund_details"]

_AT_ONCE = 250
_BARE = f"""
    SELECT r.id, r.order_id FROM xsight.refunds r
    WHERE r.tenant_id = {TENANT} AND NOT r.detailed AND r.id > %s ORDER BY r.id LIMIT {_AT_ONCE}"""
_COUNT = f"SELECT count(*) FROM xsight.refunds WHERE tenant_id = {TENANT} AND NOT detailed"


async def bring_refund_details(work: Work) -> None:
    """Fetch and merge what stored refunds lack."""
    done, last = work.tally.done.get("refunds", 0), 0
    work.tally.expect("refunds", done + await asyncio.to_thread(_count, work.tenancy, work.shop))
    while bare := await asyncio.to_thread(_bare, work.tenancy, work.shop, last):
        nodes = await refunds_by_ids(
            work.client, [f"gid://shopify/Refund/{refund}" for refund, _ in bare]
        )
        await asyncio.to_thread(_merge, work, dict(bare), nodes)
        last, done = bare[-1][0], done + len(bare)
        work.tally.advance("refunds", done)


def _count(tenancy: Tenancy, shop: Shop) -> int:
    with tenancy.connection(shop.tenant_id) as connection:
        return cast("tuple[int]", connection.execute(_COUNT.encode()).fetchone())[0]


def _bare(tenancy: Tenancy, shop: Shop, last: int) -> list[tuple[int, int]]:
    with tenancy.connection(shop.tenant_id) as connection:
        found = connection.execute(_BARE.encode(), [last]).fetchall()
        return cast("list[tuple[int, int]]", found)


def _merge(work: Work, orders: dict[int, int], nodes: list[dict[str, Any]]) -> None:
    rows, understood, faults = Rows(work.shop.timezone), list[int](), list[Fault]()
    for node in nodes:
        try:
            refund = msgspec.convert(node, RefundNode)
            key = number(refund.id)
            add_refunds(rows, [refund], orders[key])
            understood.append(key)
        except (msgspec.MsgspecError, ValueError) as error:
            faults.append(("refunds", explain(error, node), msgspec.json.encode(node).decode()))
    with work.tenancy.connection(work.shop.tenant_id) as connection:
        merge_refund_details(connection, rows, understood)
        if faults:
            put_aside(connection, faults, run=work.run)
