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

__all__ = ["Members", "list_members", "request_refresh"]

REFRESH: Final = "segments"


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
        if found is None:
            raise NotFound("There is no such segment.")
        asks, since, bits = found
        if asks and not personal:
            raise Forbidden("Its rule asks what names a person; you may not see who is in it.")
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
