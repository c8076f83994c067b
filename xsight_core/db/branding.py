"""Statements on how a store's pages look."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Branding

__all__ = ["find_branding", "put_branding"]


async def find_branding(session: AsyncSession) -> Branding | None:
    """The store's choice; None where it made none."""
    return (await session.execute(select(Branding))).scalar_one_or_none()


async def put_branding(session: AsyncSession, tenant_id: UUID, **values: Any) -> None:
    """Change these; the rest stays."""
    statement = insert(Branding).values(tenant_id=tenant_id, **values)
    changed = values | {"updated_at": func.now()}
    await session.execute(
        statement.on_conflict_do_update(index_elements=[Branding.tenant_id], set_=changed)
    )
