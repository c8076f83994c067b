"""Work that is promised in PostgreSQL and kept by a worker. Redis only rings the doorbell.

A use-case calls :func:`enqueue` in its own transaction, so the promise is made if and only if its effect is. After
the commit it may ring; if it does not, or Redis forgets, the relay finds the job by :func:`due_jobs`.

A worker leases a job (:func:`claim`), keeps the lease by heartbeats (:func:`leased`) and ends it with
:func:`finish` or :func:`fail`. A worker that dies loses the lease and the job is sent again, at most
``MAX_ATTEMPTS`` times. Whoever lost the lease can no longer end the job.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import jobs as rows
from xsight_core.telemetry import carried
from xsight_core.tenancy import Tenancy

__all__ = [
    "DOORBELL_CHANNEL",
    "HEAVY",
    "LEASE",
    "MAX_ATTEMPTS",
    "ClaimedJob",
    "Doorbell",
    "DueJob",
    "GaveWay",
    "JobKind",
    "claim",
    "due_jobs",
    "enqueue",
    "enqueue_due_inbox",
    "fail",
    "failed_at",
    "finish",
    "give_back",
    "heartbeat",
    "leased",
    "others_wait",
    "prune",
    "retry_delay",
]

log = structlog.get_logger()

JobKind = Literal[
    "sync",
    "insights",
    "look_back",
    "alerts",
    "report",
    "webhooks",
    "mail",
    "completeness",
    "heartbeat",
    "export",
    "export_end",
    "segments",
    "segment_hooks",
    "segment_tags",
    "privacy",
    "notebook",
]

DOORBELL_CHANNEL: Final = "xsight:doorbell"  # of Redis, as the API and the workers name it
MAX_ATTEMPTS: Final = 6
HEAVY: Final = frozenset(
    {
        "sync",
        "insights",
        "look_back",
        "alerts",
        "segments",
        "export",
        "report",
        "privacy",
        "notebook",
    }
)
"""Kinds of which a tenant runs one at a time, and a worker not as many as it has places."""
LEASE: Final = timedelta(seconds=30)
_FIRST_DELAY_S: Final = 5.0
_LONGEST_DELAY_S: Final = 900.0
_WAITED: Final = timedelta(seconds=5)
_KEEP: Final = timedelta(days=7)


class GaveWay(Exception):
    """A job that has had its share goes to the end of the queue; others have waited long enough."""


class Doorbell(Protocol):
    """Says that a job is waiting. May be lost; must not fail."""

    async def ring(self, job_id: UUID) -> None:
        """Tell a worker about the job."""
        ...


@dataclass(frozen=True)
class DueJob:
    """A job to send to the workers."""

    id: UUID
    tenant_id: UUID
    kind: str


@dataclass(frozen=True)
class ClaimedJob:
    """A job that is ours while the lease lasts."""

    id: UUID
    tenant_id: UUID
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    lease: UUID


async def enqueue(
    session: AsyncSession,
    *,
    tenant_id: UUID,
    kind: JobKind,
    key: str = "",
    payload: Mapping[str, Any] | None = None,
) -> UUID:
    """Promise work. One job of a (tenant, kind, key) is live at a time.

    One that still waits is the promise already; its payload stays. One that is running will run once more, with
    the newest ``payload``.
    """
    return await rows.enqueue(
        session, tenant_id=tenant_id, kind=kind, key=key, payload={**(payload or {}), **carried()}
    )


async def enqueue_due_inbox(tenancy: Tenancy) -> list[UUID]:
    """Promise ``webhooks`` for every tenant that has some waiting: the relay's net under the API's own call."""
    async with tenancy.control() as session:
        return list(await rows.enqueue_inbox(session, "webhooks"))


async def claim(tenancy: Tenancy, job_id: UUID, *, lease: timedelta = LEASE) -> ClaimedJob | None:
    """Lease a due job. None: done, not due, or somebody else's; there is nothing to do then."""
    async with tenancy.control() as session:
        row = await rows.claim(session, job_id, lease=lease, attempts=MAX_ATTEMPTS)
    return None if row is None else ClaimedJob(**row)


async def heartbeat(tenancy: Tenancy, job: ClaimedJob, *, lease: timedelta = LEASE) -> bool:
    """Keep the lease. False: it was lost, stop working."""
    async with tenancy.control() as session:
        return await rows.extend(session, job.id, job.lease, lease=lease)


@asynccontextmanager
async def leased(
    tenancy: Tenancy, job: ClaimedJob, *, lease: timedelta = LEASE
) -> AsyncGenerator[None]:
    """Keep the lease while the block runs; cancel the block when the lease is lost."""
    task = asyncio.current_task()
    over = False  # beside the cancellation: a connection that breaks just then may swallow that

    async def beat() -> None:
        until = time.monotonic() + lease.total_seconds()
        while not over:
            await asyncio.sleep(lease.total_seconds() / 3)
            try:
                kept = await heartbeat(tenancy, job, lease=lease)
            except (SQLAlchemyError, OSError) as error:  # the lease holds until it runs out
                log.warning("job.heartbeat_failed", error=type(error).__name__)
                kept = time.monotonic() < until - lease.total_seconds() / 3
            else:
                until = time.monotonic() + lease.total_seconds()
            if not kept and not over:
                if task is not None:
                    task.cancel("the job's lease was lost")
                return

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        over = True
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def finish(tenancy: Tenancy, job: ClaimedJob) -> Literal["done", "queued", "lost"]:
    """End the job well. ``queued``: it was asked for meanwhile and waits again; ring for it."""
    async with tenancy.control() as session:
        status = await rows.finish(session, job.id, job.lease, status="done")
    return "lost" if status is None else "queued" if status == "queued" else "done"


async def fail(
    tenancy: Tenancy, job: ClaimedJob, error: str, *, retryable: bool = True
) -> Literal["queued", "failed", "dead", "lost"]:
    """End a try that went wrong.

    ``queued``: it is tried again later. ``failed``: trying again cannot help. ``dead``: it was tried often enough.
    """
    async with tenancy.control() as session:
        attempts = await rows.attempts_of(session, job.id, job.lease)
        if retryable and (attempts or 0) < MAX_ATTEMPTS:
            delay = retry_delay(attempts or 1)
            kept = await rows.give_back(session, job.id, job.lease, delay=delay, error=error)
            return "queued" if kept else "lost"
        ended = "dead" if retryable else "failed"
        status = await rows.finish(session, job.id, job.lease, status=ended, error=error)
    return "lost" if status is None else "queued" if status == "queued" else ended


async def give_back(
    tenancy: Tenancy, job: ClaimedJob, reason: str, *, delay: timedelta = timedelta()
) -> bool:
    """Leave the job to whoever is next: nothing went wrong, so it costs none of the attempts."""
    async with tenancy.control() as session:
        return await rows.give_back(
            session, job.id, job.lease, delay=delay, error=reason, counted=False
        )


async def others_wait(tenancy: Tenancy, tenant_id: UUID) -> bool:
    """Whether another tenant's work has waited for a worker for a while."""
    async with tenancy.control() as session:
        return await rows.others_wait(session, tenant_id, kinds=HEAVY, since=_WAITED)


async def failed_at(tenancy: Tenancy, tenant_id: UUID, kind: JobKind) -> datetime | None:
    """When the tenant's newest job of this kind ended badly; None where one has ended well since."""
    async with tenancy.control() as session:
        return await rows.failed_at(session, tenant_id, kind)


async def due_jobs(tenancy: Tenancy, *, lease: timedelta = LEASE, limit: int = 200) -> list[DueJob]:
    """What the relay has to send now. A job is offered again after two thirds of a lease unless a worker has it."""
    async with tenancy.control() as session:
        await rows.bury_exhausted(session, attempts=MAX_ATTEMPTS)
        due = await rows.take_due(session, resend=lease * 2 / 3, limit=limit)
    return [DueJob(**row) for row in due]


async def prune(tenancy: Tenancy) -> None:
    """Forget jobs that ended well a week ago; failed and dead ones stay to be looked at."""
    async with tenancy.control() as session:
        await rows.prune(session, older_than=_KEEP)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after the ``attempts``-th try: doubling, at most 15 minutes, spread by a fifth."""
    delay_s = min(_FIRST_DELAY_S * 2 ** (attempts - 1), _LONGEST_DELAY_S)
    return timedelta(seconds=delay_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, guards nothing
