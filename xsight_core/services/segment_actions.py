"""Acting on a segment: its members' tag written to Shopify, with some held out by lot; what came of it.

An action is planned whole in one transaction (arms and every single change) and then carried out a few customers at a
time; a worker that dies leaves changes waiting, and the next one goes on with those. Adding or removing a tag twice
does no harm, so a batch whose answer was lost is sent again.
"""

import secrets
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.analytics import day_of
from xsight_core.db import segment_actions as rows
from xsight_core.db.segments import find_segment
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.ledger.shop import need_shop
from xsight_core.segments.shopify_export import tag_of
from xsight_core.services.audit import Actor, record
from xsight_core.services.jobs import enqueue
from xsight_core.services.lots import bits_of, check_share, draw_arms
from xsight_core.settings import TAG_SCOPE
from xsight_core.tenancy import Tenancy

__all__ = [
    "ActionView",
    "MissingScope",
    "TagPlan",
    "TagWish",
    "list_actions",
    "plan_tags",
    "read_action",
    "undo_tags",
]

_LONGEST_TAG: Final = 40
_SAMPLE: Final = 10


class MissingScope(Conflict):
    """The shop was not asked yet, or did not agree: its owner can allow it at ``/auth?shop=…&segment=…``."""

    code = "missing_scope"


class TagWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag for a segment's members; without one the tag that stands for the segment in Shopify's language.

    ``held_out`` of the members, 0 or 0.05 to 0.2, do not get it, drawn by lot from every tenth by what they spent:
    by them the effect is measured. The same ``seed`` draws the same.
    """

    tag: str | None = None
    held_out: float = 0.0
    seed: int | None = None
    consented: bool = False
    dry_run: bool = True


class TagPlan(msgspec.Struct, frozen=True):
    """What writing a tag would change in Shopify: how many get it, lose it, have it and keep it, are held out.

    ``samples`` are ids of some who get and lose it. ``action`` is the one that was begun, ``null`` in a dry run.
    """

    tag: str
    add: int
    remove: int
    keep: int
    held: int
    seed: int
    samples: dict[str, list[int]]
    action: UUID | None


class ActionView(msgspec.Struct, frozen=True):
    """Something done to a segment; ``changes`` counts tags to come and to go, and how far that is."""

    id: UUID
    segment_id: UUID
    kind: str
    state: str
    tag: str | None
    held_out: float
    seed: int
    day: date
    error: str | None
    created_at: datetime
    ended_at: datetime | None
    changes: dict[str, int]


async def plan_tags(
    tenancy: Tenancy,
    tenant_id: UUID,
    actor: Actor,
    segment_id: UUID,
    wish: TagWish,
    *,
    by: UUID | None,
    personal: bool,
) -> TagPlan:
    """What would change; unless it is a dry run, promised."""
    tag = _tag(wish.tag, segment_id)
    check_share("held_out", wish.held_out)
    seed = secrets.randbits(31) if wish.seed is None else wish.seed
    async with tenancy.scope(tenant_id) as session:
        treated, held = await draw_arms(
            session,
            segment_id,
            share=wish.held_out,
            seed=seed,
            consented=wish.consented,
            personal=personal,
        )
        has, wanted = await rows.who_has(session, tag), set(treated)
        add = await rows.ids_at(session, sorted(wanted - set(has.values())))
        remove = sorted(customer for customer, ordinal in has.items() if ordinal not in wanted)
        action = None
        if not wish.dry_run:
            await _check_may_write(session, tag)
            action = await rows.add_action(
                session,
                tenant_id=tenant_id,
                segment_id=segment_id,
                kind="tags",
                state="running",
                tag=tag,
                held_out=wish.held_out,
                seed=seed,
                day=await _today(session),
                treated=bits_of(treated),
                held=bits_of(held),
                created_by=by,
            )
            await rows.add_changes(session, tenant_id, action, add, add=True)
            await rows.add_changes(session, tenant_id, action, remove, add=False)
            details = {"tag": tag, "add": len(add), "remove": len(remove), "held": len(held)}
            await record(
                session, tenant_id, actor, "segment.tagged", object=str(segment_id), details=details
            )
            await _promise(session, tenant_id, action)
    return TagPlan(
        tag,
        len(add),
        len(remove),
        len(has) - len(remove),
        len(held),
        seed,
        {"add": add[:_SAMPLE], "remove": remove[:_SAMPLE]},
        action,
    )


async def undo_tags(tenancy: Tenancy, tenant_id: UUID, actor: Actor, action: UUID) -> ActionView:
    """Take back every change that an action made."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_action(session, action, locked=True)
        if found is None or found["kind"] != "tags":
            raise NotFound("There is no such action.")
        if found["state"] in {"undoing", "undone"}:
            return await _view(session, found)
        await rows.change_action(session, action, state="undoing", error=None, ended_at=None)
        await record(session, tenant_id, actor, "segment.untagged", object=str(found["segment_id"]))
        await _promise(session, tenant_id, action)
        return await _view(session, {**found, "state": "undoing"})


async def list_actions(tenancy: Tenancy, tenant_id: UUID, segment_id: UUID) -> list[ActionView]:
    """What was done to a segment, the newest first."""
    async with tenancy.scope(tenant_id) as session:
        if await find_segment(session, segment_id) is None:
            raise NotFound("There is no such segment.")
        return [await _view(session, row) for row in await rows.list_actions(session, segment_id)]


async def read_action(tenancy: Tenancy, tenant_id: UUID, action: UUID) -> ActionView:
    """One of them."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.find_action(session, action)
        if found is None:
            raise NotFound("There is no such action.")
        return await _view(session, found)


async def _check_may_write(session: AsyncSession, tag: str) -> None:
    connection, scopes = await rows.connection_of(session)
    if connection != "connected":
        raise Conflict("No store is connected. Connect the store first.")
    if TAG_SCOPE not in scopes:
        raise MissingScope(
            f"The store has not allowed XSight to write tags ({TAG_SCOPE}). Allow it in Shopify, then write them."
        )
    if await rows.active_on(session, tag):
        raise Conflict(f"“{tag}” is being written already; wait until that is done.")


async def _today(session: AsyncSession) -> int:
    return (await need_shop(session)).day(datetime.now(UTC))


async def _promise(session: AsyncSession, tenant_id: UUID, action: UUID) -> None:
    await enqueue(
        session,
        tenant_id=tenant_id,
        kind="segment_tags",
        key=str(action),
        payload={"action": str(action)},
    )


async def _view(session: AsyncSession, row: RowMapping | dict[str, Any]) -> ActionView:
    told: dict[str, Any] = {name: row[name] for name in ActionView.__struct_fields__ if name in row}
    told |= {"day": day_of(row["day"]), "changes": await rows.count_changes(session, row["id"])}
    return ActionView(**told)


def _tag(tag: str | None, segment_id: UUID) -> str:
    if tag is None:
        return tag_of(str(segment_id))
    told = " ".join(tag.split())
    if not 0 < len(told) <= _LONGEST_TAG or "," in told or "\x00" in told:
        raise InvalidInput("tag", f"A tag has 1 to {_LONGEST_TAG} characters and no comma.")
    return told
