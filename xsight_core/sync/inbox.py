"""Statements on a tenant's stored webhooks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import Cursor
from sqlalchemy import case, delete, func, literal, null, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Inbox, Shop

__all__ = [
    "Waiting",
    "dead",
    "due",
    "mark_dead",
    "mark_done",
    "postpone",
    "prune",
    "replay",
    "stand",
    "stores",
]

_ATTEMPTS: Final = 8
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=15)
# A payload names people. Done, it is kept a day for a replay; Shopify repeats a delivery for four
# hours, so its id is kept longer. What nobody has looked at in a month nobody will.
_KEEP_BODY: Final = timedelta(days=1)
_KEEP_DONE: Final = timedelta(days=7)
_KEEP_DEAD: Final = timedelta(days=30)


class Waiting(msgspec.Struct, frozen=True):
    """A webhook to work on."""

    webhook_id: str
    topic: str
    triggered_at: datetime | None
    received_at: datetime
    due_at: datetime
    body: bytes


async def due(
    session: AsyncSession, tenant_id: UUID, *, limit: int, after: Waiting | None = None
) -> list[Waiting]:
    """Webhooks to work on, oldest first; those ``after`` one."""
    columns = [getattr(Inbox, name) for name in Waiting.__struct_fields__]
    statement = (
        select(*columns)
        .where(
            Inbox.tenant_id == tenant_id,
            Inbox.done_at.is_(None),
            Inbox.dead_at.is_(None),
            Inbox.due_at <= func.clock_timestamp(),
        )
        .order_by(Inbox.due_at, Inbox.webhook_id)
        .limit(limit)
    )
    if after is not None:
        place = tuple_(literal(after.due_at), literal(after.webhook_id))
        statement = statement.where(tuple_(Inbox.due_at, Inbox.webhook_id) > place)
    return [Waiting(*row) for row in await session.execute(statement)]


def mark_done(
    cursor: Cursor[Any], tenant_id: UUID, webhook_ids: Sequence[str], note: str | None = None
) -> None:
    """Their effect is in: in this very transaction."""
    cursor.execute(
        """
        UPDATE control.inbox SET done_at = clock_timestamp(), error = %s
        WHERE tenant_id = %s AND webhook_id = ANY(%s)""",
        (note, tenant_id, list(webhook_ids)),
    )


async def mark_dead(session: AsyncSession, tenant_id: UUID, webhook_id: str, error: str) -> None:
    """Trying again cannot help: keep it to be looked at."""
    await session.execute(
        update(Inbox)
        .where(Inbox.tenant_id == tenant_id, Inbox.webhook_id == webhook_id)
        .values(dead_at=func.clock_timestamp(), error=error)
        .execution_options(synchronize_session=False)
    )


async def postpone(
    session: AsyncSession, tenant_id: UUID, webhook_ids: Sequence[str], error: str, *, dying: bool
) -> None:
    """Try them again later, each time after twice as long. ``dying``: only so many times."""
    last = Inbox.attempts + 1 >= _ATTEMPTS
    pause = func.least(_FIRST_PAUSE * func.power(2, func.least(Inbox.attempts, 20)), _LONGEST_PAUSE)
    await session.execute(
        update(Inbox)
        .where(Inbox.tenant_id == tenant_id, Inbox.webhook_id.in_(webhook_ids))
        .values(
            attempts=Inbox.attempts + 1,
            due_at=func.clock_timestamp() + pause,
            dead_at=case((last, func.clock_timestamp()), else_=null()) if dying else null(),
            error=error,
        )
        .execution_options(synchronize_session=False)
    )


async def dead(session: AsyncSession, tenant_id: UUID, *, limit: int = 100) -> list[dict[str, Any]]:
    """Dead letters without their bodies, newest first."""
    statement = (
        select(Inbox.webhook_id, Inbox.topic, Inbox.received_at, Inbox.attempts, Inbox.error)
        .where(Inbox.tenant_id == tenant_id, Inbox.dead_at.is_not(None))
        .order_by(Inbox.dead_at.desc())
        .limit(limit)
    )
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def stores(session: AsyncSession) -> list[tuple[UUID, str]]:
    """Tenants and the domains that webhooks come under."""
    rows = await session.execute(select(Shop.tenant_id, Shop.domain).order_by(Shop.domain))
    return [(row[0], row[1]) for row in rows]


async def replay(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    webhook_ids: Sequence[str] = (),
    topic: str | None = None,
    done: bool = False,
) -> int:
    """Work on dead letters again; ``done``: also on what was done, as long as its body is kept."""
    ended = Inbox.dead_at.is_not(None)
    if done:
        ended |= Inbox.done_at.is_not(None)
    statement = update(Inbox).where(Inbox.tenant_id == tenant_id, ended, Inbox.body != b"")
    if webhook_ids:
        statement = statement.where(Inbox.webhook_id.in_(webhook_ids))
    if topic is not None:
        statement = statement.where(Inbox.topic == topic)
    result: Any = await session.execute(
        statement.values(
            attempts=0, dead_at=null(), done_at=null(), error=null(), due_at=func.clock_timestamp()
        ).execution_options(synchronize_session=False)
    )
    return result.rowcount


async def stand(session: AsyncSession, tenant_id: UUID) -> dict[str, Any]:
    """How many wait, were done in the last day, are dead; when the newest came and the oldest waits since."""
    waits = Inbox.done_at.is_(None) & Inbox.dead_at.is_(None)
    day = func.clock_timestamp() - timedelta(days=1)
    statement = select(
        func.count().filter(waits).label("waiting"),
        func.count().filter(Inbox.done_at > day).label("done"),
        func.count().filter(Inbox.dead_at.is_not(None)).label("dead"),
        func.max(Inbox.received_at).label("last_received_at"),
        func.min(Inbox.received_at).filter(waits).label("waiting_since"),
    ).where(Inbox.tenant_id == tenant_id)
    found = (await session.execute(statement)).mappings().one()
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
    }


async def prune(session: AsyncSession) -> None:
    """Forget bodies and, later, the rest of webhooks that have ended, of all tenants."""
    now = func.clock_timestamp()
    await session.execute(
        update(Inbox)
        .where(Inbox.done_at < now - _KEEP_BODY, Inbox.body != b"")
        .values(body=b"")
        .execution_options(synchronize_session=False)
    )
    old = (Inbox.done_at < now - _KEEP_DONE) | (Inbox.dead_at < now - _KEEP_DEAD)
    await session.execute(delete(Inbox).where(old).execution_options(synchronize_session=False))
