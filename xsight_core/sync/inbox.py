"""Statements on a tenant's stored webhooks."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Inbox

__all__ = ["due", "mark_dead", "mark_done", "postpone"]


async def due(session: AsyncSession, tenant_id: UUID, *, limit: int) -> Sequence[Inbox]:
    """Webhooks to work on, oldest first."""
    statement = (
        select(Inbox)
        .where(
            Inbox.tenant_id == tenant_id,
            Inbox.done_at.is_(None),
            Inbox.dead_at.is_(None),
            Inbox.due_at <= func.clock_timestamp(),
        )
        .order_by(Inbox.received_at)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def mark_done(session: AsyncSession, tenant_id: UUID, webhook_ids: Sequence[str]) -> None:
    """Their effect is in."""
    await session.execute(
        update(Inbox)
        .where(Inbox.tenant_id == tenant_id, Inbox.webhook_id.in_(webhook_ids))
        .values(done_at=func.clock_timestamp(), error=None)
        .execution_options(synchronize_session=False)
    )


async def mark_dead(session: AsyncSession, tenant_id: UUID, webhook_id: str, error: str) -> None:
    """Trying again cannot help: keep it to be looked at."""
    await session.execute(
        update(Inbox)
        .where(Inbox.tenant_id == tenant_id, Inbox.webhook_id == webhook_id)
        .values(dead_at=func.clock_timestamp(), error=error)
        .execution_options(synchronize_session=False)
    )


async def postpone(
    session: AsyncSession,
    tenant_id: UUID,
    webhook_ids: Sequence[str],
    error: str,
    *,
    first_pause: timedelta,
    attempts: int,
) -> None:
    """Try them again later, each time after twice as long; dead after so many attempts."""
    last = Inbox.attempts + 1 >= attempts
    await session.execute(
        update(Inbox)
        .where(Inbox.tenant_id == tenant_id, Inbox.webhook_id.in_(webhook_ids))
        .values(
            attempts=Inbox.attempts + 1,
            due_at=func.clock_timestamp() + first_pause * func.power(2, Inbox.attempts),
            dead_at=case((last, func.clock_timestamp()), else_=null()),
            error=error,
        )
        .execution_options(synchronize_session=False)
    )
