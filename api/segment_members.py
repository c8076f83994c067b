"""``/api/v1/segments/{id}/members``, refreshes, and ``/api/v1/hooks``: who is told of comings and goings."""

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api.actors import actor_of
from api.parameters import Cursor, Limit
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services import segment_hooks, segment_members
from xsight_core.services.accounts import Identity
from xsight_core.services.segment_hooks import HookView, MessageView, NewHook
from xsight_core.services.segment_members import Members, Moves

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: Final = {"right": Right.READ}
WRITE: Final = {"right": Right.SEGMENTS}
DECIDE: Final = {"right": Right.CONNECT}
TAGS: Final = ["Segments"]


class HookWish(msgspec.Struct, forbid_unknown_fields=True):
    """Where to send ``segment.entered`` and ``segment.left``."""

    url: Annotated[str, msgspec.Meta(max_length=2000)]


class Promised(msgspec.Struct):
    """A job that will be done soon."""

    job: UUID


class Hooks(msgspec.Struct):
    """Addresses that are told."""

    items: list[HookView]


class Messages(msgspec.Struct):
    """Messages, the newest first."""

    items: list[MessageView]


class Retried(msgspec.Struct):
    """How many messages are tried once more."""

    messages: int


@get("/api/v1/segments/{segment_id:uuid}/members", opt=READ, tags=TAGS)
async def members(
    request: UserRequest,
    resources: Wired,
    segment_id: FromPath[UUID],
    on: Annotated[
        date | None, QueryParameter(description="A past day of the shop's; today without it.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Members:
    """Who is in it, or was on a past day."""
    return await segment_members.list_members(
        resources.tenancy,
        tenant_of(request),
        segment_id,
        on=on,
        cursor=cursor,
        limit=limit,
        personal=request.user.pii,
    )


@get("/api/v1/segments/{segment_id:uuid}/moves", opt=READ, tags=TAGS)
async def moves(
    request: UserRequest,
    resources: Wired,
    segment_id: FromPath[UUID],
    days: Annotated[int, QueryParameter(ge=1, le=1000, description="How many days.")] = 90,
) -> Moves:
    """Who came into it and who left, by day."""
    return await segment_members.list_moves(
        resources.tenancy, tenant_of(request), segment_id, days=days, personal=request.user.pii
    )


@post("/api/v1/segments/{segment_id:uuid}/refresh", opt=WRITE, tags=TAGS, status_code=202)
async def refresh(request: UserRequest, resources: Wired, segment_id: FromPath[UUID]) -> Promised:
    """Work out anew who is in this segment and, in the same pass, in all others."""
    job = await segment_members.request_refresh(
        resources.tenancy, tenant_of(request), actor_of(request), segment_id
    )
    await resources.doorbell.ring(job)
    return Promised(job)


@get("/api/v1/hooks", opt=DECIDE, tags=TAGS)
async def hook_list(request: UserRequest, resources: Wired) -> Hooks:
    """Addresses that are told who comes into segments and who leaves them."""
    return Hooks(await segment_hooks.list_hooks(resources.tenancy, tenant_of(request)))


@post("/api/v1/hooks", opt=DECIDE, tags=TAGS)
async def create_hook(request: UserRequest, resources: Wired, data: JSONBody[HookWish]) -> NewHook:
    """Tell an address of the public network, by https; `secret` signs the messages and is shown this once."""
    return await segment_hooks.add_hook(
        resources.tenancy,
        resources.keyring,
        tenant_of(request),
        actor_of(request),
        url=data.url,
        by=request.user.user_id,
        private=resources.settings.hooks_private,
    )


@delete("/api/v1/hooks/{hook_id:uuid}", opt=DECIDE, tags=TAGS)
async def remove_hook(request: UserRequest, resources: Wired, hook_id: FromPath[UUID]) -> None:
    """Tell it nothing more."""
    await segment_hooks.remove_hook(
        resources.tenancy, tenant_of(request), actor_of(request), hook_id
    )


@get("/api/v1/hooks/{hook_id:uuid}/messages", opt=DECIDE, tags=TAGS)
async def messages(
    request: UserRequest, resources: Wired, hook_id: FromPath[UUID], limit: Limit = 50
) -> Messages:
    """What it was sent, what waits, and what was given up after ten tries."""
    return Messages(
        await segment_hooks.list_messages(
            resources.tenancy, tenant_of(request), hook_id, limit=limit
        )
    )


@post("/api/v1/hooks/{hook_id:uuid}/retry", opt=DECIDE, tags=TAGS, status_code=200)
async def retry(request: UserRequest, resources: Wired, hook_id: FromPath[UUID]) -> Retried:
    """Send what was given up once more."""
    return Retried(
        await segment_hooks.retry_dead(
            resources.tenancy, tenant_of(request), actor_of(request), hook_id
        )
    )


handlers = [members, moves, refresh, hook_list, create_hook, remove_hook, messages, retry]
