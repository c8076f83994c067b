"""``/api/v1/tenants/me/…``: ending a sync, what it has set aside, and which metafields it brings along."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from api.actors import actor_of
from api.parameters import LARGEST_ID, Limit
from api.resources import Wired
from api.rights import Right
from api.stores import READ, State, UserRequest, tenant_of
from xsight_core.services import metafields, quarantine, sync

__all__ = ["handlers"]

Before = Annotated[
    int | None,
    QueryParameter(ge=1, le=LARGEST_ID, description="`next_cursor` of the page before."),
]
Names = Annotated[
    list[str],
    msgspec.Meta(description="Each as `namespace.key`.", max_length=metafields.MOST),
]


class Metafields(msgspec.Struct, forbid_unknown_fields=True):
    """The metafields that syncs bring along, by what they belong to."""

    customers: Names = []
    orders: Names = []
    products: Names = []


class SetAside(msgspec.Struct):
    """A record that could not be read. ``raw``: as it came, for those who may see personal data."""

    id: int
    object: str
    reason: str
    run: UUID | None
    created_at: datetime
    raw: str | None
    masked: bool


class SetAsidePage(msgspec.Struct):
    """Newest first; ``next_cursor`` is the next request's ``cursor``."""

    items: list[SetAside]
    total: int
    next_cursor: int | None


@post(
    "/api/v1/tenants/me/sync/{run:uuid}/cancel",
    status_code=200,
    opt={"right": Right.SYNC},
    tags=["Sync"],
)
async def cancel_sync(request: UserRequest, resources: Wired, run: FromPath[UUID]) -> State:
    """End a run. What it has stored stays; one that has ended is left as it is."""
    return await sync.cancel_run(resources.tenancy, tenant_of(request), run)


@get("/api/v1/tenants/me/quarantine", opt=READ, tags=["Sync"])
async def set_aside(
    request: UserRequest,
    resources: Wired,
    cursor: Before = None,
    limit: Limit = 50,
) -> SetAsidePage:
    """Records that could not be read, each with the reason; nothing is dropped silently."""
    personal = request.user.pii
    found = await quarantine.set_aside(
        resources.tenancy, tenant_of(request), before=cursor, limit=limit
    )
    items = [
        SetAside(
            id=row.id,
            object=row.object,
            reason=row.reason,
            run=row.sync_run,
            created_at=row.created_at,
            raw=row.raw if personal else None,
            masked=not personal,
        )
        for row in found.rows
    ]
    if personal and items:
        resources.reads.note(request, "quarantine.read", rows=len(items))
    return SetAsidePage(items, found.total, found.before)


@get("/api/v1/tenants/me/metafields", opt=READ, tags=["Sync"])
async def chosen_metafields(request: UserRequest, resources: Wired) -> Metafields:
    """The metafields that syncs bring along."""
    return Metafields(**await metafields.chosen(resources.tenancy, tenant_of(request)))


@put("/api/v1/tenants/me/metafields", opt={"right": Right.CONNECT}, tags=["Sync"])
async def choose_metafields(
    request: UserRequest, resources: Wired, data: JSONBody[Metafields]
) -> Metafields:
    """Choose them anew. The next sync reads everything again, with them."""
    choice: dict[str, Any] = msgspec.to_builtins(data)
    kept = await metafields.choose(
        resources.tenancy, tenant_of(request), choice, actor=actor_of(request)
    )
    return Metafields(**kept)


handlers = [cancel_sync, set_aside, chosen_metafields, choose_metafields]
