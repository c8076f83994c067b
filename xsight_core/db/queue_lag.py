"""How far behind the queue is."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Job

__all__ = ["oldest_due_s"]


async def oldest_due_s(session: AsyncSession) -> float:
    """For how long the oldest due job has been waiting to be started; 0 when none is."""
    waiting = func.extract("epoch", func.now() - func.min(Job.due_at))
    query = select(waiting).where(Job.status == "queued", Job.due_at <= func.now())
    return float((await session.execute(query)).scalar() or 0.0)
