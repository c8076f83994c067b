"""Statements on records that were set aside."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Quarantine

__all__ = ["count", "newest"]


async def newest(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[Quarantine]:
    """The newest, or the newest ``before`` one."""
    statement = select(Quarantine).order_by(Quarantine.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Quarantine.id < before)
    return (await session.scalars(statement)).all()


async def count(session: AsyncSession) -> int:
    """All of them."""
    return (await session.scalars(select(func.count()).select_from(Quarantine))).one()
