"""The first sync: everything by bulk operations at once, what refunds are made of by ids after."""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
import asyncio
import threading
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import structlog
from psycopg import Connection
from psycopg.types.json import Jsonb

from xsight_core.db.scoped import TENANT
from xsight_core.errors import ShopifyError, Unavailable
from xsight_core.shopify import bulk
from xsight_core.shopify.client import ShopifyClient
from xsight_core.sync.delta import delta
from xsight_core.sync.load import Loaded, load_file
from xsight_core.sync.refunds import bring_refund_details
from xsight_core.sync.work import FAMILIES, OVERLAP, Cursor, File, Work

__all__ = ["abandon", "backfill"]

log = structlog.get_logger()

_TRIES = 3  # that bring nothing
_MOST_TRIES = 12
_KEEP = f"""
    UPDATE xsight.sync_runs SET cursor = jsonb_set(
      cursor, '{{files}}', coalesce(cursor -> 'files', '{{}}') || jsonb_build_object(%s::text, %s))
    WHERE tenant_id = {TENANT} AND id = %s AND status = 'running'"""


class Stopped(Unavailable):
    """The load was told to end: its run was cancelled, or its worker stops."""


async def backfill(work: Work) -> None:
    """Bring everything the shop holds. Changes during the run are swept up from its start on."""
    if work.cursor.watermark is None:
        work.cursor.watermark = datetime.now(UTC) - OVERLAP
        await work.save(work.cursor)
    await _count(work)
    turn = asyncio.Lock()  # parsing is bound to one core: one file at a time
    try:
        async with asyncio.TaskGroup() as group:
            for family in FAMILIES:
                if family in work.cursor.done:
                    work.tally.resume(family, work.tally.expected[family])
                else:
                    group.create_task(_bring(work, family, turn))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the others were stopped by it, or say the same
    if "refunds" not in work.cursor.done:
        await bring_refund_details(work)
        await _done(work, "refunds")
    await delta(work, since=work.cursor.watermark)


async def abandon(client: ShopifyClient, cursor: Cursor) -> None:
    """Give up the bulk operations that Shopify still carries out for this run."""
    for family, gid in cursor.bulk.items():
        try:
            await bulk.cancel(client, gid)
        except ShopifyError as error:
            log.warning("sync.not_cancelled", family=family, error=str(error))


async def _count(work: Work) -> None:
    counts = await work.client.execute("counts", {"customers": None, "orders": None})
    for family in FAMILIES:
        work.tally.expect(family, int(counts[f"{family}Count"]["count"]))


async def _bring(work: Work, family: str, turn: asyncio.Lock) -> None:
    """One object's bulk operation from start to merged file.

    What breaks off goes on where it was; begun anew where Shopify fails it, or trying again brings
    nothing more.
    """
    tries, last = 0, 0
    for attempt in range(1, _MOST_TRIES + 1):
        try:
            result = await _result(work, family)
            if result.url is not None:
                async with turn:
                    loaded = await _load(work, family, result)
                log.info("sync.loaded", family=family, **msgspec.structs.asdict(loaded))
            break
        except Stopped:
            raise
        except Unavailable as error:
            now = _committed(work, family)
            tries = 1 if now > last else tries + 1
            if tries >= _TRIES or attempt == _MOST_TRIES:
                raise
            log.warning("sync.bulk_again", family=family, byte=now, error=str(error))
            last = now
            if tries > 1 or isinstance(error, Failed):
                work.cursor.bulk.pop(family, None)
                last = 0
    await _done(work, family)


class Failed(Unavailable):
    """Shopify ended the operation without its whole result."""


def _committed(work: Work, family: str) -> int:
    file = work.cursor.files.get(family)
    return file.loaded.bytes if file and file.bulk == work.cursor.bulk.get(family) else 0


async def _result(work: Work, family: str) -> bulk.BulkResult:
    if family not in work.cursor.bulk:
        work.cursor.bulk[family] = await bulk.start(
            work.client, f"bulk/{family}", metafields=work.chosen(family)
        )
        await work.save(work.cursor)
    gid = work.cursor.bulk[family]
    result = await bulk.wait(work.client, gid)
    if result.state == "failed":
        raise Failed(
            f"Shopify ended the bulk operation of {family} as {result.status} ({result.error})."
        )
    work.tally.expect(family, result.roots)
    return result


async def _load(work: Work, family: str, result: bulk.BulkResult) -> Loaded:
    stop = threading.Event()
    file = work.cursor.files.get(family)
    if file is None or file.bulk != result.id:
        file = work.cursor.files[family] = File(result.id, Loaded())
    work.tally.resume(family, file.loaded.roots)

    def on_batch(loaded: Loaded) -> None:
        work.tally.advance(family, loaded.roots)
        work.tally.bytes[family] = loaded.bytes
        if stop.is_set():
            raise Stopped("The load was stopped.")

    def keep(connection: Connection[Any], loaded: Loaded) -> None:
        state = Jsonb(msgspec.to_builtins(File(result.id, loaded)))
        if connection.execute(_KEEP.encode(), (family, state, work.run)).rowcount == 0:
            raise Stopped("The run has ended meanwhile.")

    def load() -> Loaded:
        with httpx.Client() as http:
            return load_file(
                work.tenancy,
                work.shop,
                family,
                bulk.read_lines(http, str(result.url), skip=file.loaded.bytes),
                run=work.run,
                expected=result,
                on_batch=on_batch,
                so_far=file.loaded,
                keep=keep,
            )

    loading = asyncio.ensure_future(asyncio.to_thread(load))
    try:
        return await asyncio.shield(loading)
    except asyncio.CancelledError:
        stop.set()  # a thread cannot be cancelled: let it end at the next batch
        await asyncio.wait([loading])
        raise


async def _done(work: Work, step: str) -> None:
    work.cursor.done.append(step)
    work.cursor.bulk.pop(step, None)
    await work.save(work.cursor)
