"""Views of lists that people keep: a name for a piece of an address."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from xsight_core.db import saved_views as rows
from xsight_core.db.tables import SavedView
from xsight_core.errors import Conflict, NotFound
from xsight_core.services.accounts import parse_text
from xsight_core.tenancy import Tenancy

__all__ = ["ViewView", "delete_view", "list_views", "save_view"]

_MOST: Final = 100


class ViewView(msgspec.Struct, frozen=True):
    """A view; ``own``: the asker's, who may delete it."""

    id: UUID
    page: str
    name: str
    query: str
    shared: bool
    own: bool
    created_at: datetime


async def list_views(tenancy: Tenancy, tenant_id: UUID, user_id: UUID, page: str) -> list[ViewView]:
    """One's own and the shared ones of a page."""
    async with tenancy.scope(tenant_id) as session:
        return [_view(row, user_id) for row in await rows.list_views(session, user_id, page)]


async def save_view(
    tenancy: Tenancy,
    tenant_id: UUID,
    user_id: UUID,
    *,
    page: str,
    name: str,
    query: str,
    shared: bool,
) -> ViewView:
    """Keep a view under a name of one's own; a name can be had once."""
    called = parse_text("name", name)
    async with tenancy.scope(tenant_id) as session:
        if await rows.find_named(session, user_id, page, called):
            raise Conflict(f"You have a view “{called}” already; delete it or take another name.")
        if await rows.count_views(session, user_id) >= _MOST:
            raise Conflict(f"You have {_MOST} views already; delete one first.")
        row = await rows.add_view(
            session,
            tenant_id=tenant_id,
            user_id=user_id,
            page=page,
            name=called,
            query=query,
            shared=shared,
        )
        return _view(row, user_id)


async def delete_view(tenancy: Tenancy, tenant_id: UUID, user_id: UUID, view_id: UUID) -> None:
    """Forget one's own view, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        if not await rows.delete_view(session, view_id, user_id):
            raise NotFound("You have no such view.")


def _view(row: SavedView, user_id: UUID) -> ViewView:
    return ViewView(
        row.id, row.page, row.name, row.query, row.shared, row.user_id == user_id, row.created_at
    )
