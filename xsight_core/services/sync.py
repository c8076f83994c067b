"""Sync runs: asked for, run by the worker, watched by browsers.

A run and the job that will carry it out are promised in one transaction; a tenant has one active run
at most. The run's own row is the truth about its progress, what is published is a copy of it.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from xsight_core.db import jobs as job_rows
from xsight_core.db.tables import SyncRun, TenantState
from xsight_core.errors import Conflict, NotFound, TokenRevoked, XsightError
from xsight_core.services.connect import ShopAccess, refresh_shop
from xsight_core.services.jobs import Doorbell, GaveWay, enqueue, others_wait
from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.subscriptions import ensure_subscriptions
from xsight_core.sync import runs, shops
from xsight_core.sync.backfill import abandon, backfill
from xsight_core.sync.delta import delta
from xsight_core.sync.load import Shop
from xsight_core.sync.progress import Progress, Tally
from xsight_core.sync.stats import Stats
from xsight_core.sync.sweep import SWEEP_EVERY, sweep_ids
from xsight_core.sync.work import FAMILIES, OVERLAP, Cursor, Work
from xsight_core.tenancy import Tenancy

if TYPE_CHECKING:  # the API and the scheduler import this module, not the numerical libraries
    from xsight_core.services.insights import InsightRun


__all__ = [
    "PROGRESS_CHANNEL",
    "active_runs",
    "cancel_run",
    "complete_run",
    "fail_run",
    "latest_run",
    "request_sync",
    "run_history",
    "run_message",
    "run_state",
    "run_sync",
]

log = structlog.get_logger()

PROGRESS_CHANNEL = "xsight:progress:"  # of Redis; a tenant's id follows
_TELLING = timedelta(minutes=5)  # a webhook has had time enough to come and be worked on
_SHARE_S = 60.0  # of a worker's place, before a run gives way to others that wait
_TICK_S = 0.5  # browsers hear at most twice a second
_LOOK_EVERY_TICKS = 4  # whether it was cancelled, also while nothing moves
_MESSAGES = {"completed": "sync:completed", "failed": "sync:failed", "cancelled": "sync:failed"}
_LAST_STEPS = {"computing": "insights", "completed": "insights"}

Kind = Literal["full", "delta"]
State = dict[str, Any]


async def request_sync(
    tenancy: Tenancy,
    tenant_id: UUID,
    *,
    kind: Kind | None = None,
    requested_by: UUID | None = None,
    doorbell: Doorbell | None = None,
) -> State:
    """Promise a sync and say how it stands; while one is active, that one is the answer.

    Without ``kind`` it is a full one until one is complete, then what changed since.
    """
    async with tenancy.scope(tenant_id) as session:
        await runs.close_abandoned(session)
        state = await shops.state(session)
        if state.connection != "connected":
            raise Conflict(
                state.connection_note or "No store is connected. Connect the store first."
            )
        kind = kind or ("delta" if state.watermarks else "full")
        run = None
        while run is None:
            run = await runs.begin(
                session, tenant_id=tenant_id, kind=kind, requested_by=requested_by
            )
            # none begun: one is active, or was and has ended between the two statements
            if run is None and (active := await runs.active(session)):
                return _state(active[0])
        job = await enqueue(
            session, tenant_id=tenant_id, kind="sync", key=str(run.id), payload={"run": str(run.id)}
        )
    if doorbell is not None:
        await doorbell.ring(job)
    return _state(run)


async def run_state(tenancy: Tenancy, tenant_id: UUID, run: UUID) -> State:
    """How a run stands, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        found = await runs.find(session, run)
    if found is None:
        raise NotFound("There is no such sync run.")
    return _state(found)


async def active_runs(tenancy: Tenancy, tenant_id: UUID) -> list[State]:
    """Runs that are queued or under way."""
    async with tenancy.scope(tenant_id) as session:
        return [_state(run) for run in await runs.active(session)]


async def latest_run(tenancy: Tenancy, tenant_id: UUID) -> State | None:
    """The newest run, whatever became of it."""
    async with tenancy.scope(tenant_id) as session:
        found = await runs.latest(session)
    return _state(found[0]) if found else None


async def run_history(tenancy: Tenancy, tenant_id: UUID, *, limit: int = 50) -> list[State]:
    """The last runs, newest first, each with what it took (``stats``)."""
    async with tenancy.scope(tenant_id) as session:
        return [{**_state(run), "stats": run.stats} for run in await runs.latest(session, limit)]


def run_message(state: State) -> State:
    """A run's state as browsers are told it; to them a cancelled run is one that failed."""
    return {"type": _MESSAGES.get(state["status"], "sync:progress"), **state}


async def cancel_run(tenancy: Tenancy, tenant_id: UUID, run: UUID) -> State:
    """End an active run; what it has stored stays. A run that has ended is left as it is."""
    async with tenancy.scope(tenant_id) as session:
        await runs.change(session, run, status="cancelled", finished_at=datetime.now(UTC))
    return await run_state(tenancy, tenant_id, run)


async def run_sync(
    access: ShopAccess,
    progress: Progress,
    *,
    tenant_id: UUID,
    run: UUID,
    public_url: str,
) -> None:
    """Carry out a run, from its start or from where it was interrupted.

    Ends with the job for the insights in the same transaction that says that the rows are in. A
    failure that trying again can help is raised; any other is the run's end, and raised as well.
    """
    tenancy = access.tenancy
    async with tenancy.scope(tenant_id) as session:
        found = await runs.lock(session, run)
        if found is None or found.status not in {"queued", "running"}:
            return  # cancelled, or done by a worker whose job was sent again
        found.status = "running"
        cursor = msgspec.convert(found.cursor, Cursor, strict=False)
        kind, stats = found.kind, Stats.of(found.stats)
        tally = Tally(told=(found.progress or {}).get("percent", 0.0))
    try:
        client = await access.client(tenant_id)
        stats.client = client
        async with _reporting(tenancy, progress, tenant_id, run, tally, stats):
            await _carry_out(
                tenancy, client, tenant_id, run, kind, cursor, tally, stats, public_url
            )
    except _Cancelled:
        if stats.client is not None:
            await abandon(stats.client, cursor)
        await _announce(tenancy, progress, tenant_id, run)
    except TokenRevoked as error:
        await access.disconnect(tenant_id)
        await fail_run(tenancy, progress, tenant_id, run, error)
        raise
    except XsightError as error:
        if not error.retryable:
            await fail_run(tenancy, progress, tenant_id, run, error)
        raise
    else:
        await _announce(tenancy, progress, tenant_id, run)


async def complete_run(
    tenancy: Tenancy, progress: Progress, tenant_id: UUID, run: UUID | None, shown: "InsightRun"
) -> None:
    """The insights are swapped in: end the run that led to them and tell every dashboard."""
    if run is not None:
        async with tenancy.scope(tenant_id) as session:
            found = await runs.lock(session, run)
            if found is not None and found.status == "computing":
                found.status, found.finished_at = "completed", datetime.now(UTC)
                found.progress = {
                    **found.progress,
                    "percent": 100.0,
                    "eta_s": 0.0,
                    "data_version": shown.data_version,
                    "insight_run": str(shown.id),
                }
        await _announce(tenancy, progress, tenant_id, run)
    update = {"data_version": shown.data_version, "insight_run": str(shown.id)}
    await progress.publish(tenant_id, {"type": "sync:update", **update})


async def fail_run(
    tenancy: Tenancy, progress: Progress, tenant_id: UUID, run: UUID, error: Exception
) -> None:
    """End a run that cannot go on, with the reason as the merchant may read it."""
    known = isinstance(error, XsightError)
    reason = {
        "code": error.code if known else "internal",
        "message": str(error) if known else "The sync broke off. It has been logged; try again.",
    }
    async with tenancy.scope(tenant_id) as session:
        await runs.change(
            session, run, status="failed", error=reason, finished_at=datetime.now(UTC)
        )
    await _announce(tenancy, progress, tenant_id, run)


async def _carry_out(
    tenancy: Tenancy,
    client: ShopifyClient,
    tenant_id: UUID,
    run: UUID,
    kind: str,
    cursor: Cursor,
    tally: Tally,
    stats: Stats,
    public_url: str,
) -> None:
    change = await refresh_shop(tenancy, client, tenant_id)
    async with tenancy.scope(tenant_id) as session:
        state = await shops.state(session)
    # on every run: a store that was away comes back without its subscriptions, our address may change
    await ensure_subscriptions(client, public_url, scopes=state.scopes)
    started_at = datetime.now(UTC)

    async def save(cursor: Cursor) -> None:
        async with tenancy.scope(tenant_id) as session:
            where = msgspec.to_builtins(cursor)
            del where["files"]
            if not await runs.keep_cursor(session, run, where):
                raise _Cancelled

    shop = Shop(tenant_id, state.timezone, state.currency_exponent)
    work = Work(tenancy, client, shop, run, tally, cursor, save, state.metafields)
    if kind == "full" or change.reread or not state.watermarks:
        # until it is done nothing is complete: were it cancelled, the next one has to read all again
        async with tenancy.scope(tenant_id) as session:
            await shops.change_state(session, watermarks={})
        await backfill(work)
        watermark = cursor.watermark or started_at
    else:
        since = min(datetime.fromisoformat(state.watermarks[family]) for family in FAMILIES)
        await delta(work, since=since - OVERLAP, told_before=started_at - _TELLING)
        watermark = started_at
    swept_at = await _sweep_ids(work, state, started_at)
    async with tenancy.scope(tenant_id) as session:
        stats.set_aside = await runs.set_aside(session, run)
        stats.take(tally)
        if not await runs.change(
            session,
            run,
            status="computing",
            stats=stats.shown(),
            watermark=watermark,
            counts=dict(tally.done),
            progress=_progress(tally),
        ):
            raise _Cancelled
        await shops.change_state(session, synced_at=datetime.now(UTC), ids_swept_at=swept_at)
        # Were other metafields chosen meanwhile, the next run reads everything. From here on the row is locked.
        rechosen = (await shops.state(session)).metafields != state.metafields
        watermarks = {} if rechosen else dict.fromkeys(FAMILIES, watermark.isoformat())
        await shops.change_state(session, watermarks=watermarks)
        await enqueue(
            session,
            tenant_id=tenant_id,
            kind="completeness",
            key=str(run),
            payload={"of": str(run)},
        )
        await enqueue(
            session,
            tenant_id=tenant_id,
            kind="insights",
            key=str(run),
            payload={"run": str(run)},
        )


async def _sweep_ids(work: Work, state: TenantState, started_at: datetime) -> datetime:
    """Once a day, and when a count did not agree; a first sync has just seen every id."""
    if not state.watermarks:
        return started_at
    if state.ids_swept_at is not None and started_at - state.ids_swept_at < SWEEP_EVERY:
        return state.ids_swept_at
    await sweep_ids(work, started_at=started_at, whole_history=state.history_since is None)
    return started_at


class _Cancelled(Exception):
    """Somebody has ended the run while it was under way."""


@asynccontextmanager
async def _reporting(  # noqa: C901 - one loop beside the block, and how the two end each other
    tenancy: Tenancy, progress: Progress, tenant_id: UUID, run: UUID, tally: Tally, stats: Stats
) -> AsyncGenerator[None]:
    """Store and publish the progress while the block runs.

    Ends the block when the run was cancelled, and when it has had its share and others wait.
    """
    worker = asyncio.current_task()
    ended: type[Exception] | None = None
    until = time.monotonic() + _SHARE_S

    async def report() -> None:
        nonlocal ended
        told: State = {}
        for tick in itertools.count():
            if over:
                return
            now = _progress(tally)
            look = tick % _LOOK_EVERY_TICKS == 0
            if now != told or look:
                try:
                    stats.take(tally)
                    await _tell(tenancy, progress, tenant_id, run, now, stats, publish=now != told)
                    told = now
                    if look and time.monotonic() > until:
                        await _give_way(tenancy, tenant_id)
                except (_Cancelled, GaveWay) as error:
                    ended = type(error)
                    if worker is not None:
                        worker.cancel()
                    return
                except (SQLAlchemyError, OSError) as error:  # told again at the next tick
                    log.warning("sync.untold", run=str(run), error=type(error).__name__)
            await asyncio.sleep(_TICK_S)

    over = False  # beside the cancellation: a connection that breaks just then may swallow that
    reporter = asyncio.create_task(report())
    try:
        yield
    except asyncio.CancelledError:
        if ended is None:
            raise
        if worker is not None:
            worker.uncancel()
        raise ended from None
    finally:
        over = True
        reporter.cancel()
        await asyncio.gather(reporter, return_exceptions=True)


async def _give_way(tenancy: Tenancy, tenant_id: UUID) -> None:
    if await others_wait(tenancy, tenant_id):
        raise GaveWay


async def _tell(
    tenancy: Tenancy,
    progress: Progress,
    tenant_id: UUID,
    run: UUID,
    now: State,
    stats: Stats,
    *,
    publish: bool,
) -> None:
    async with tenancy.scope(tenant_id) as session:
        if not await runs.change(session, run, progress=now, stats=stats.shown()):
            raise _Cancelled
        if stats.rows:
            await job_rows.progressed(session, tenant_id, "sync", str(run))
    if publish:
        await _announce(tenancy, progress, tenant_id, run)


async def _announce(tenancy: Tenancy, progress: Progress, tenant_id: UUID, run: UUID) -> None:
    state = await run_state(tenancy, tenant_id, run)
    await progress.publish(tenant_id, run_message(state))


def _progress(tally: Tally) -> State:
    return {
        "step": tally.step,
        "percent": tally.percent(),
        "rows": tally.rows,
        "rows_per_s": tally.rows_per_s(),
        "eta_s": tally.eta_s(),
        "counts": dict(tally.done),
    }


def _state(run: SyncRun) -> State:
    progress = run.progress or {}
    finished = None if run.finished_at is None else run.finished_at.isoformat()
    return {
        "run": str(run.id),
        "kind": run.kind,
        "status": run.status,
        "step": _LAST_STEPS.get(run.status, progress.get("step", "customers")),
        "percent": progress.get("percent", 0.0),
        "rows": progress.get("rows", 0),
        "rows_per_s": progress.get("rows_per_s", 0.0),
        "eta_s": progress.get("eta_s"),
        "counts": progress.get("counts", {}),
        "set_aside": run.stats.get("set_aside", 0),
        "started_at": run.started_at.isoformat(),
        "finished_at": finished,
        "error": run.error,
        "data_version": progress.get("data_version"),
        "insight_run": progress.get("insight_run"),
    }
