"""Statements on saved views of lists."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import SavedView

__all__ = ["add_view", "count_views", "delete_view", "find_named", "list_views"]


async def list_views(session: AsyncSession, user_id: UUID, page: str) -> Sequence[SavedView]:
    """A person's views of a page and those that others share, by name."""
    query = (
        select(SavedView)
        .where(SavedView.page == page, or_(SavedView.user_id == user_id, SavedView.shared))
        .order_by(func.lower(SavedView.name), SavedView.id)
    )
    return (await session.scalars(query)).all()


async def count_views(session: AsyncSession, user_id: UUID) -> int:
    """How many a person has saved."""
    query = select(func.count()).select_from(SavedView).where(SavedView.user_id == user_id)
    return (await session.execute(query)).scalar_one()


async def find_named(session: AsyncSession, user_id: UUID, page: str, name: str) -> bool:
    """Whether a person has a view of that name, however it is written."""
    query = select(SavedView.id).where(
        SavedView.user_id == user_id,
        SavedView.page == page,
        func.lower(SavedView.name) == func.lower(name),
    )
    return (await session.execute(query)).first() is not None


async def add_view(session: AsyncSession, **values: Any) -> SavedView:
    """A new view."""
    return (await session.scalars(insert(SavedView).values(**values).returning(SavedView))).one()


async def delete_view(session: AsyncSession, view_id: UUID, user_id: UUID) -> bool:
    """Delete one's own; False: there is none."""
    statement = (
        delete(SavedView)
        .where(SavedView.id == view_id, SavedView.user_id == user_id)
        .returning(SavedView.id)
    )
    return (await session.execute(statement)).first() is not None
