"""A customer's story: orders, refunds, deliveries of webhooks, segments entered and left, changes of the score."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from xsight_core.db import timeline as rows
from xsight_core.db.customers import find_customer
from xsight_core.errors import InvalidInput, NotFound
from xsight_core.tenancy import Tenancy

__all__ = ["Timeline", "TimelineEvent", "read_timeline"]


class TimelineEvent(msgspec.Struct, frozen=True):
    """Something that happened.

    ``facts`` of an order: ``order_id name total currency cancelled test``; of a refund: ``order_id name total
    currency``; of a webhook: ``topic state``; of a segment: ``segment_id name entered``; of a score: ``as_of segment
    was r f m churn_90``.
    """

    at: datetime
    kind: str
    id: str
    facts: dict[str, Any]


class Timeline(msgspec.Struct, frozen=True):
    """A page of events, the newest first, and where the next page begins."""

    items: list[TimelineEvent]
    next_cursor: str | None


async def read_timeline(
    tenancy: Tenancy,
    tenant_id: UUID,
    customer_id: int,
    *,
    kinds: Sequence[str] | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Timeline:
    """One page, or ``NotFound`` where there is no such customer."""
    asked = list(rows.KINDS) if kinds is None else list(dict.fromkeys(kinds))
    if not asked or not set(asked) <= set(rows.KINDS):
        raise InvalidInput("kinds", f"Kinds are {', '.join(rows.KINDS)}, with commas between them.")
    before = _place(cursor) if cursor is not None else None
    async with tenancy.scope(tenant_id) as session:
        if await find_customer(session, customer_id) is None:
            raise NotFound("There is no such customer.")
        found = await rows.find_events(
            session, customer_id, kinds=asked, before=before, limit=limit + 1
        )
    page = [TimelineEvent(**row) for row in found[:limit]]
    return Timeline(page, _cursor(page[-1]) if len(found) > limit else None)


def _cursor(event: TimelineEvent) -> str:
    place = msgspec.json.encode((event.at, event.kind, event.id))
    return urlsafe_b64encode(place).rstrip(b"=").decode()


def _place(cursor: str) -> tuple[datetime, str, str]:
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        at, kind, row_id = msgspec.json.decode(raw, type=tuple[datetime, str, str])
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise InvalidInput("cursor", "The cursor is not one of ours; begin without it.") from None
    if at.tzinfo is None or "\x00" in kind + row_id:
        raise InvalidInput("cursor", "The cursor is not one of ours; begin without it.")
    return at, kind, row_id
