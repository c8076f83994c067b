"""Statements on ``control.jobs``: promised work, leased to one worker at a time. Times are the database's."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import Cursor
from sqlalchemy import RowMapping, and_, case, func, null, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Job, Tenant

__all__ = [
    "attempts_of",
    "bury_exhausted",
    "claim",
    "enqueue",
    "enqueue_inbox",
    "extend",
    "failed_at",
    "finish",
    "give_back",
    "others_wait",
    "progressed",
    "promise_soon",
    "prune",
    "take_due",
]

_LIVE = text("status IN ('queued','running')")
_KEY = [Job.tenant_id, Job.kind, Job.key]
# runnable now: waiting and due, or leased to a worker that has not been heard of since
_DUE = and_(Job.status.in_(["queued", "running"]), Job.due_at <= func.now())


async def enqueue(
    session: AsyncSession, *, tenant_id: UUID, kind: str, key: str, payload: Mapping[str, Any]
) -> UUID:
    """The live job of this key: a new one, the one that waits, or the running one, told to run again."""
    statement = upsert(Job).values(
        id=uuid4(), tenant_id=tenant_id, kind=kind, key=key, payload=dict(payload), status="queued"
    )
    running = Job.status == "running"
    result = await session.execute(
        statement.on_conflict_do_update(
            index_elements=_KEY,
            index_where=_LIVE,
            set_={
                "next_payload": case((running, statement.excluded.payload), else_=Job.next_payload),
                "due_at": case((running, Job.due_at), else_=func.least(Job.due_at, func.now())),
                "sent_at": case((running, Job.sent_at), else_=null()),
            },
        ).returning(Job.id)
    )
    return result.scalar_one()


async def failed_at(session: AsyncSession, tenant_id: UUID, kind: str) -> datetime | None:
    """When the newest job of a kind that has ended did so badly; None when it ended well, or none has."""
    newest = (
        select(Job.status, Job.finished_at)
        .where(Job.tenant_id == tenant_id, Job.kind == kind, Job.finished_at.is_not(None))
        .order_by(Job.finished_at.desc())
        .limit(1)
    )
    row = (await session.execute(newest)).one_or_none()
    return row.finished_at if row and row.status in {"failed", "dead"} else None


def promise_soon(cursor: Cursor[Any], *, tenant_id: UUID, kind: str, every: timedelta) -> None:
    """One job for everything that happens in a slot of time, due at its end; in the caller's transaction."""
    cursor.execute(
        """
        INSERT INTO control.jobs (id, tenant_id, kind, key, status, due_at)
        SELECT gen_random_uuid(), %(tenant_id)s, %(kind)s, 'changes ' || slot, 'queued',
               to_timestamp((slot + 1) * %(every_s)s)
        FROM (SELECT floor(extract(epoch FROM clock_timestamp()) / %(every_s)s)::bigint) AS s (slot)
        ON CONFLICT (tenant_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING""",
        {"tenant_id": tenant_id, "kind": kind, "every_s": int(every.total_seconds())},
    )


# One look into the index for each tenant that has something waiting, however much that is.
_WAITING = """
    WITH RECURSIVE waiting AS (
      (SELECT tenant_id FROM control.inbox WHERE done_at IS NULL AND dead_at IS NULL
       ORDER BY tenant_id, due_at LIMIT 1)
      UNION ALL
      SELECT following.tenant_id FROM waiting, LATERAL (
        SELECT i.tenant_id FROM control.inbox i
        WHERE i.done_at IS NULL AND i.dead_at IS NULL AND i.tenant_id > waiting.tenant_id
        ORDER BY i.tenant_id, i.due_at LIMIT 1) AS following
    )
    INSERT INTO control.jobs (id, tenant_id, kind, key, status)
    SELECT gen_random_uuid(), tenant_id, :kind, '', 'queued' FROM waiting, LATERAL (
      SELECT i.due_at FROM control.inbox i
      WHERE i.tenant_id = waiting.tenant_id AND i.done_at IS NULL AND i.dead_at IS NULL
      ORDER BY i.due_at LIMIT 1) AS earliest
    WHERE earliest.due_at <= now()
    ON CONFLICT (tenant_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING
    RETURNING id"""


async def enqueue_inbox(session: AsyncSession, kind: str) -> Sequence[UUID]:
    """A job for each tenant with webhooks due and no live job. The new jobs."""
    return (await session.execute(text(_WAITING).bindparams(kind=kind))).scalars().all()


async def claim(
    session: AsyncSession, job_id: UUID, *, lease: timedelta, attempts: int
) -> RowMapping | None:
    """Lease a due job for one of so many attempts; None when it is somebody else's, ended or not due."""
    statement = (
        update(Job)
        .where(Job.id == job_id, _DUE, Job.attempts < attempts)
        .values(
            status="running",
            lease=func.gen_random_uuid(),
            attempts=Job.attempts + 1,
            due_at=func.now() + lease,
            error=None,
        )
        .returning(Job.id, Job.tenant_id, Job.kind, Job.key, Job.payload, Job.attempts, Job.lease)
    )
    return (await session.execute(statement)).mappings().one_or_none()


async def extend(session: AsyncSession, job_id: UUID, token: UUID, *, lease: timedelta) -> bool:
    """Keep the lease; False when it is lost."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.lease == token)
        .values(due_at=func.now() + lease)
        .returning(Job.id)
    )
    return (await session.execute(statement)).one_or_none() is not None


async def finish(
    session: AsyncSession, job_id: UUID, token: UUID, *, status: str, error: str | None = None
) -> str | None:
    """End the job, or queue it anew when it was asked for meanwhile. Its status; None: the lease is lost."""
    again = Job.next_payload.is_not(None)
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.lease == token)
        .values(
            status=case((again, "queued"), else_=status),
            payload=func.coalesce(Job.next_payload, Job.payload),
            next_payload=null(),
            attempts=case((again, 0), else_=Job.attempts),
            due_at=func.now(),
            finished_at=case((again, null()), else_=func.now()),
            sent_at=null(),
            lease=None,
            error=error,
        )
        .returning(Job.status)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def give_back(
    session: AsyncSession,
    job_id: UUID,
    token: UUID,
    *,
    delay: timedelta,
    error: str,
    counted: bool = True,
) -> bool:
    """Queue it for another try later; False when the lease is lost. Not ``counted``: as if this one had not been."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.lease == token)
        .values(
            status="queued",
            payload=func.coalesce(Job.next_payload, Job.payload),
            next_payload=null(),
            attempts=Job.attempts if counted else Job.attempts - 1,
            due_at=func.now() + delay,
            sent_at=None,
            lease=None,
            error=error,
        )
        .returning(Job.id)
    )
    return (await session.execute(statement)).one_or_none() is not None


async def attempts_of(session: AsyncSession, job_id: UUID, token: UUID) -> int | None:
    """How often it was tried without bringing anything; None when the lease is lost."""
    return await session.scalar(select(Job.attempts).where(Job.id == job_id, Job.lease == token))


async def progressed(session: AsyncSession, tenant_id: UUID, kind: str, key: str) -> None:
    """The running job has brought something that stays: earlier failures no longer count."""
    await session.execute(
        update(Job)
        .where(
            Job.tenant_id == tenant_id,
            Job.kind == kind,
            Job.key == key,
            Job.status == "running",
            Job.attempts > 1,
        )
        .values(attempts=1)
    )


async def others_wait(
    session: AsyncSession, tenant_id: UUID, *, kinds: Collection[str], since: timedelta
) -> bool:
    """Whether another tenant's job has been due for a while and nobody runs it."""
    statement = select(Job.id).where(
        Job.status == "queued",
        Job.due_at < func.now() - since,
        Job.kind.in_(kinds),
        Job.tenant_id != tenant_id,
    )
    return (await session.scalar(statement.limit(1))) is not None


async def bury_exhausted(session: AsyncSession, *, attempts: int) -> Sequence[UUID]:
    """Jobs whose worker died for the last time allowed: a job may kill its worker, but not for ever."""
    statement = (
        update(Job)
        .where(Job.status == "running", Job.due_at <= func.now(), Job.attempts >= attempts)
        .values(
            status="dead",
            finished_at=func.now(),
            lease=None,
            next_payload=null(),
            error=f"The worker ended {attempts} times while running this.",
        )
        .returning(Job.id)
    )
    return (await session.execute(statement)).scalars().all()


async def take_due(session: AsyncSession, *, resend: timedelta, limit: int) -> Sequence[RowMapping]:
    """Due jobs that were not sent lately, oldest first; they count as sent now. Suspended stores' wait."""
    suspended = select(Tenant.id).where(Tenant.suspended_at.is_not(None))
    due = (
        select(Job.id)
        .where(_DUE, or_(Job.sent_at.is_(None), Job.sent_at < func.now() - resend))
        .where(Job.tenant_id.not_in(suspended))
        .order_by(Job.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(Job)
        .where(Job.id.in_(due))
        .values(sent_at=func.now())
        .returning(Job.id, Job.tenant_id, Job.kind)
    )
    return (await session.execute(statement)).mappings().all()


async def prune(session: AsyncSession, *, older_than: timedelta) -> None:
    """Forget jobs that ended well long ago."""
    await session.execute(
        text(
            "DELETE FROM control.jobs WHERE status = 'done' AND finished_at < now() - :age"
        ).bindparams(age=older_than)
    )
