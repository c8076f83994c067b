"""The first sync: everything by bulk operations at once, refund lines by pages after."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import msgspec
import structlog

from xsight_core.errors import Unavailable
from xsight_core.shopify import bulk
from xsight_core.shopify.client import ShopifyClient
from xsight_core.sync.load import Loaded, Shop, load_file
from xsight_core.sync.pages import bury, deletions, merge_nodes, merge_refund_pages, sweep
from xsight_core.sync.progress import Tally
from xsight_core.tenancy import Tenancy

__all__ = ["FAMILIES", "OVERLAP", "Cursor", "Work", "backfill", "delta"]

log = structlog.get_logger()

FAMILIES = ("customers", "products", "orders")
OVERLAP = timedelta(minutes=10)
_TRIES = 3


class Cursor(msgspec.Struct):
    """Where a run that was interrupted goes on: kept in ``sync_runs.cursor``."""

    watermark: datetime | None = None
    bulk: dict[str, str] = {}
    done: list[str] = []


class Work(msgspec.Struct):
    """All a run works with."""

    tenancy: Tenancy
    client: ShopifyClient
    shop: Shop
    run: UUID
    tally: Tally
    cursor: Cursor
    save: Callable[[Cursor], Awaitable[None]]


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
                    work.tally.advance(family, work.tally.expected[family])
                else:
                    group.create_task(_bring(work, family, turn))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # the others were stopped by it, or say the same
    if "refunds" not in work.cursor.done:
        count = 0
        async for merged in merge_refund_pages(work.client, work.tenancy, work.shop):
            count += merged
            work.tally.advance("refunds", count)
        await _done(work, "refunds")
    await delta(work, since=work.cursor.watermark)


async def delta(work: Work, *, since: datetime) -> None:
    """Bring what changed at ``since`` or later, and bury what was deleted."""
    for family in FAMILIES:
        count = 0
        before = work.tally.done.get(family, 0)
        async for nodes in sweep(work.client, family, since=since):
            count += await merge_nodes(work.tenancy, work.shop, family, nodes, run=work.run)
            work.tally.expect(family, before + count)
            work.tally.advance(family, before + count)
    await bury(work.tenancy, work.shop, await deletions(work.client, since=since))


async def _count(work: Work) -> None:
    counts = await work.client.execute("counts", {"customers": None, "orders": None})
    for family in FAMILIES:
        work.tally.expect(family, int(counts[f"{family}Count"]["count"]))


async def _bring(work: Work, family: str, turn: asyncio.Lock) -> None:
    """One object's bulk operation from start to merged file; begun anew where Shopify fails it."""
    for attempt in range(1, _TRIES + 1):
        try:
            result = await _result(work, family)
            if result.url is not None:
                async with turn:
                    loaded = await _load(work, family, result)
                log.info("sync.loaded", family=family, **msgspec.structs.asdict(loaded))
            break
        except Unavailable as error:
            if attempt == _TRIES:
                raise
            log.warning("sync.bulk_again", family=family, attempt=attempt, error=str(error))
            work.cursor.bulk.pop(family, None)
    await _done(work, family)


async def _result(work: Work, family: str) -> bulk.BulkResult:
    if family not in work.cursor.bulk:
        work.cursor.bulk[family] = await bulk.start(work.client, f"bulk/{family}")
        await work.save(work.cursor)
    result = await bulk.wait(work.client, work.cursor.bulk[family])
    if result.state == "failed":
        raise Unavailable(
            f"Shopify ended the bulk operation of {family} as {result.status} ({result.error})."
        )
    work.tally.expect(family, result.roots)
    return result


async def _load(work: Work, family: str, result: bulk.BulkResult) -> Loaded:
    stop = threading.Event()

    def on_batch(loaded: Loaded) -> None:
        work.tally.advance(family, loaded.roots)
        if stop.is_set():
            raise Unavailable("The load was stopped.")

    def load() -> Loaded:
        with httpx.Client() as http:
            blocks = bulk.read_lines(http, str(result.url))
            return load_file(
                work.tenancy,
                work.shop,
                family,
                blocks,
                run=work.run,
                expected=result,
                on_batch=on_batch,
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
