"""Statements on sync runs: at most one is active per tenant, and the database holds to that."""

from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Job, Quarantine, SyncRun

__all__ = [
    "ACTIVE",
    "active",
    "begin",
    "change",
    "close_abandoned",
    "find",
    "keep_cursor",
    "latest",
    "lock",
    "set_aside",
]

ACTIVE = ("queued", "running", "computing")


async def begin(
    session: AsyncSession, *, tenant_id: UUID, kind: str, requested_by: UUID | None
) -> SyncRun | None:
    """A new queued run, or None when one is active already."""
    statement = (
        insert(SyncRun)
        .values(tenant_id=tenant_id, kind=kind, status="queued", requested_by=requested_by)
        .on_conflict_do_nothing()
        .returning(SyncRun)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def close_abandoned(session: AsyncSession) -> None:
    """Fail an active run whose jobs have all ended: whoever carried it out is gone for good."""
    live = select(Job.id).where(
        Job.tenant_id == SyncRun.tenant_id,
        Job.kind.in_(["sync", "insights"]),
        Job.status.in_(["queued", "running"]),
    )
    await session.execute(
        update(SyncRun)
        .where(SyncRun.status.in_(ACTIVE), ~live.exists())
        .values(
            status="failed",
            finished_at=func.now(),
            error={"code": "abandoned", "message": "The sync broke off and was given up."},
        )
        .execution_options(synchronize_session=False)
    )


async def active(session: AsyncSession) -> list[SyncRun]:
    """The tenant's active run, as a list of at most one."""
    return list(await session.scalars(select(SyncRun).where(SyncRun.status.in_(ACTIVE))))


async def latest(session: AsyncSession, limit: int = 1) -> list[SyncRun]:
    """The tenant's last runs, newest first."""
    return list(
        await session.scalars(select(SyncRun).order_by(SyncRun.started_at.desc()).limit(limit))
    )


async def find(session: AsyncSession, run: UUID) -> SyncRun | None:
    """One run of the tenant."""
    return await session.scalar(select(SyncRun).where(SyncRun.id == run))


async def lock(session: AsyncSession, run: UUID) -> SyncRun | None:
    """One run, locked until the transaction ends."""
    return await session.scalar(select(SyncRun).where(SyncRun.id == run).with_for_update())


async def set_aside(session: AsyncSession, run: UUID) -> int:
    """How many records this run could not understand and has put aside."""
    statement = select(func.count()).select_from(Quarantine).where(Quarantine.sync_run == run)
    return (await session.execute(statement)).scalar_one()


async def keep_cursor(session: AsyncSession, run: UUID, cursor: dict[str, Any]) -> bool:
    """Store where a run goes on; how far its files are is stored with their batches and stays."""
    return await change(session, run, cursor=SyncRun.cursor.op("||")(cast(cursor, JSONB)))


async def change(session: AsyncSession, run: UUID, **values: Any) -> bool:
    """Change an active run; False when it has ended meanwhile (cancelled)."""
    statement = (
        update(SyncRun)
        .where(SyncRun.id == run, SyncRun.status.in_(ACTIVE))
        .values(**values)
        .returning(SyncRun.id)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None
