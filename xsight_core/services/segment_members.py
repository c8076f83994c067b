"""Who is in a segment, now or on a past day."""

import asyncio
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

import msgspec
import numpy as np

from xsight_core.analytics import day_number, day_of
from xsight_core.db import membership as rows
from xsight_core.db.segments import find_segment
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from xsight_core.ledger import read_shop
from xsight_core.segments.bits import unpacked
from xsight_core.segments.columns import Mask
from xsight_core.services.audit import Actor, record
from xsight_core.services.jobs import enqueue
from xsight_core.tenancy import Tenancy

__all__ = ["Members", "Moves", "list_members", "list_moves", "request_refresh"]

REFRESH: Final = "segments"
_NEWEST: Final = 30


class Members(msgspec.Struct, frozen=True):
    """A page of customers' ids, and how many there are in all; names come from ``/api/v1/customers?ids=``."""

    items: list[int]
    total: int
    next_cursor: str | None
    on: date


async def list_members(
    tenancy: Tenancy,
    tenant_id: UUID,
    segment_id: UUID,
    *,
    on: date | None,
    cursor: str | None,
    limit: int,
    personal: bool,
) -> Members:
    """Who is in it, or was at the end of a past day of the shop's."""
    return await asyncio.to_thread(
        _list, tenancy, tenant_id, segment_id, on, cursor, limit, personal
    )


class Day(msgspec.Struct, frozen=True):
    """How many came and left on a day of the shop's."""

    day: date
    entered: int
    left: int


class Move(msgspec.Struct, frozen=True):
    """A customer who came (``entered``) or left."""

    customer: int
    entered: bool
    at: datetime


class Moves(msgspec.Struct, frozen=True):
    """Comings and goings by day, oldest first, and the newest thirty of them."""

    days: list[Day]
    newest: list[Move]


async def list_moves(
    tenancy: Tenancy, tenant_id: UUID, segment_id: UUID, *, days: int, personal: bool
) -> Moves:
    """Who came into a segment and who left it."""
    return await asyncio.to_thread(_moves, tenancy, tenant_id, segment_id, days, personal)


def _moves(
    tenancy: Tenancy,
    tenant_id: UUID,
    segment_id: UUID,
    days: int,
    personal: bool,  # noqa: FBT001
) -> Moves:
    with tenancy.connection(tenant_id) as connection:
        _allowed(rows.read_membership(connection, segment_id), personal=personal)
        by_day, newest = rows.read_moves(connection, segment_id, days, _NEWEST)
    return Moves(
        [Day(day_of(day), entered, left) for day, entered, left in by_day],
        [Move(customer, entered, at) for customer, entered, at in newest],
    )


async def request_refresh(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor | None = None, segment_id: UUID | None = None
) -> UUID:
    """Promise a refresh of all segments; the job."""
    async with tenancy.scope(tenant_id) as session:
        if segment_id is not None and await find_segment(session, segment_id) is None:
            raise NotFound("There is no such segment.")
        if actor is not None:
            await record(
                session, tenant_id, actor, "segment.refreshed", object=str(segment_id or "all")
            )
        return await enqueue(session, tenant_id=tenant_id, kind=REFRESH)


def _list(
    tenancy: Tenancy,
    tenant_id: UUID,
    segment_id: UUID,
    on: date | None,
    cursor: str | None,
    limit: int,
    personal: bool,  # noqa: FBT001
) -> Members:
    after = _position(cursor)
    with tenancy.connection(tenant_id) as connection:
        found = rows.read_membership(connection, segment_id)
        since, bits = _allowed(found, personal=personal)
        if since < 0:
            raise Conflict("Who is in it has not been worked out yet; refresh it first.")
        today = read_shop(connection).day(datetime.now(UTC))
        mask = unpacked(bits, 0)
        if on is not None and day_number(on) < today:
            if day_number(on) < since:
                raise InvalidInput("on", f"Who was in it is known since {day_of(since)}.")
            moved = rows.read_events_after(connection, segment_id, day_number(on))
            mask = _undone(mask, moved, rows.ordinals_of(connection, list(moved)))
        ordinals = np.flatnonzero(mask)
        page = ordinals[np.searchsorted(ordinals, after, side="right") :][: limit + 1].tolist()
        people = rows.people_at(connection, page[:limit])
    return Members(
        [customer for _, customer in people],
        len(ordinals),
        str(page[limit - 1]) if len(page) > limit else None,
        on or day_of(today),
    )


def _allowed(found: tuple[bool, int, bytes] | None, *, personal: bool) -> tuple[int, bytes]:
    """Since when membership is known and who is in it, for whoever may see that."""
    if found is None:
        raise NotFound("There is no such segment.")
    asks, since, bits = found
    if asks and not personal:
        raise Forbidden("Its rule asks what names a person; you may not see who is in it.")
    return since, bits


def _undone(mask: Mask, moved: dict[int, bool], ordinals: dict[int, int]) -> Mask:
    """Before comings and goings: who first came was not there, who first left was."""
    size = max([len(mask), *(ordinal + 1 for ordinal in ordinals.values())])
    before = np.r_[mask, np.zeros(size - len(mask), np.bool_)]
    for customer, entered in moved.items():
        if customer in ordinals:
            before[ordinals[customer]] = not entered
    return before


def _position(cursor: str | None) -> int:
    if cursor is None:
        return -1
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 12):  # noqa: PLR2004 - an ordinal
        raise InvalidInput("cursor", "Use the next_cursor of the page before.")
    return int(cursor)
