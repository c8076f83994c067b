"""Every id of the shop against every id of ours: what no window of ``updated_at`` and no webhook has told.

A deletion leaves no trace in a window, an event is kept for a while only, and a row may be missing for a reason that
nobody knows. So once a day the ids alone are fetched in bulk: what the shop no longer has is buried, what we do not
have is fetched.
"""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString, cast

import httpx
import msgspec
import structlog
from psycopg import Connection

from xsight_core.db.scoped import TENANT
from xsight_core.errors import Unavailable
from xsight_core.shopify import bulk
from xsight_core.shopify.payload import number
from xsight_core.sync.merge import lock_shop
from xsight_core.sync.pages import fetch_ids, merge_nodes
from xsight_core.sync.tombstones import tombstone
from xsight_core.sync.work import FAMILIES, OVERLAP, Work

__all__ = ["SWEEP_EVERY", "Swept", "sweep_ids"]

log = structlog.get_logger()

SWEEP_EVERY: Final = timedelta(days=1)
_AT_ONCE: Final = 200


class Swept(msgspec.Struct, frozen=True):
    """What was found: records buried, records that were missing."""

    buried: int
    missing: int


async def sweep_ids(work: Work, *, started_at: datetime, whole_history: bool) -> dict[str, Swept]:
    """Compare the ids of every object. What appeared at ``started_at`` or later is left to the next window."""
    swept: dict[str, Swept] = {}
    for family in FAMILIES:
        gid = await bulk.start(work.client, f"bulk/{family.removesuffix('s')}_ids")
        result = await bulk.wait(work.client, gid)
        if result.state == "failed":
            raise Unavailable(f"Shopify ended the bulk operation of ids as {result.status}.")
        until = started_at - OVERLAP
        # an app that sees the last 60 days only is not told of older orders: they are not gone
        may_bury = whole_history or family != "orders"
        buried, missing = await asyncio.to_thread(
            _compare, work, family, result, until, may_bury=may_bury
        )
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            nodes = await fetch_ids(work.client, family, some, metafields=work.chosen(family))
            await merge_nodes(work.tenancy, work.shop, family, nodes, run=work.run)
        swept[family] = Swept(buried, len(missing))
    log.info("sync.swept", **{name: msgspec.to_builtins(found) for name, found in swept.items()})
    return swept


def _compare(
    work: Work, family: str, result: bulk.BulkResult, until: datetime, *, may_bury: bool
) -> tuple[int, list[int]]:
    """Bury what is gone; the ids of what is missing. Nothing is gone by a file that is not whole."""
    with (
        httpx.Client() as http,
        work.tenancy.connection(work.shop.tenant_id) as connection,
    ):
        blocks = bulk.read_lines(http, result.url) if result.url else ()
        if _copy_ids(connection, blocks) != result.objects:
            raise Unavailable(f"The file of ids of {family} is not complete.")
        gone = _ids(
            connection,
            f"""
            SELECT id FROM xsight.{family} t
            WHERE tenant_id = {TENANT} AND deleted_at IS NULL AND created_at < %s
              AND NOT EXISTS (SELECT FROM s_ids s WHERE s.id = t.id)""",
            until,
        )
        buried = tombstone(connection, family, gone) if may_bury and gone else 0
        _revive(connection, family)
        missing = _ids(
            connection,
            f"""
            SELECT id FROM s_ids s WHERE NOT EXISTS (
              SELECT FROM xsight.{family} t WHERE t.tenant_id = {TENANT} AND t.id = s.id
                AND t.updated_at > to_timestamp(0))""",
        )
        return buried, missing


def _copy_ids(connection: Connection[Any], blocks: Iterable[list[bytes]]) -> int:
    connection.execute("CREATE TEMP TABLE s_ids (id bigint) ON COMMIT DROP")
    lines = 0
    with connection.cursor().copy("COPY s_ids FROM STDIN") as copy:
        for block in blocks:
            for line in filter(None, block):
                copy.write_row((number(msgspec.json.decode(line)["id"]),))
                lines += 1
    connection.execute("ANALYZE s_ids")
    return lines


def _revive(connection: Connection[Any], family: str) -> None:
    """A tombstone of something that is there was put up by mistake: whatever comes next is newer."""
    alias = "AND t.merged_into IS NULL" if family == "customers" else ""
    with connection.cursor() as cursor:
        lock_shop(cursor)
        cursor.execute(
            cast(
                "LiteralString",
                f"""
                UPDATE xsight.{family} t SET deleted_at = NULL, updated_at = to_timestamp(0)
                FROM s_ids s WHERE t.tenant_id = {TENANT} AND t.id = s.id
                  AND t.deleted_at IS NOT NULL {alias}""",
            )
        )


def _ids(connection: Connection[Any], statement: str, *values: Any) -> list[int]:
    found = connection.execute(cast("LiteralString", statement), values)
    return [row[0] for row in found]
