"""Statements of the scheduler: who is connected, and promises that a slot of time makes once."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Job, Shop, Tenant

__all__ = ["connected_tenants", "was_promised"]


async def connected_tenants(session: AsyncSession) -> Sequence[UUID]:
    """Tenants with a shop that are not suspended."""
    open_ones = select(Shop.tenant_id).join(Tenant).where(Tenant.suspended_at.is_(None))
    return (await session.scalars(open_ones.distinct())).all()


async def was_promised(session: AsyncSession, tenant_id: UUID, kind: str, key: str) -> bool:
    """Whether this job was promised before, whatever became of it."""
    statement = select(Job.id).where(Job.tenant_id == tenant_id, Job.kind == kind, Job.key == key)
    return (await session.scalar(statement.limit(1))) is not None
