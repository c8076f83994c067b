"""Statements on outgoing webhooks: addresses, and messages that wait, were delivered or are dead."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import RowMapping, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.jobs import promise_soon
from xsight_core.db.tables import SegmentDelivery, SegmentHook

__all__ = [
    "JOB",
    "add_hook",
    "due_deliveries",
    "list_deliveries",
    "list_hooks",
    "note_delivery",
    "promise_rest",
    "remove_hook",
    "revive",
    "tell_hooks",
]

JOB: Final = "segment_hooks"
_AT_ONCE: Final = 500  # customers a message

_REST = text(f"""
    INSERT INTO control.jobs (id, tenant_id, kind, key, status, due_at)
    SELECT gen_random_uuid(), d.tenant_id, '{JOB}', 'rest ' || extract(epoch FROM min(d.due_at))::bigint, 'queued',
           min(d.due_at)
    FROM xsight.segment_deliveries d WHERE d.state = 'waiting' GROUP BY d.tenant_id
    ON CONFLICT (tenant_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING""")  # noqa: S608


def tell_hooks(
    connection: psycopg.Connection[tuple[Any, ...]],
    tenant_id: UUID,
    events: Sequence[tuple[UUID, Sequence[int], bool]],
    *,
    at: datetime,
) -> None:
    """One message for each hook, segment, direction and 500 customers; in the caller's transaction."""
    hooks = connection.execute("SELECT id FROM xsight.segment_hooks").fetchall()
    if not hooks or not events:
        return
    with connection.cursor() as cursor:
        for segment, customers, entered in events:
            event = "segment.entered" if entered else "segment.left"
            for first in range(0, len(customers), _AT_ONCE):
                body = {
                    "type": event,
                    "segment": str(segment),
                    "at": at.isoformat(),
                    "customers": list(customers[first : first + _AT_ONCE]),
                }
                cursor.executemany(
                    "INSERT INTO xsight.segment_deliveries (tenant_id, hook_id, segment_id, event, body) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    [(tenant_id, hook, segment, event, json.dumps(body)) for (hook,) in hooks],
                )
        promise_soon(cursor, tenant_id=tenant_id, kind=JOB, every=timedelta(seconds=1))


async def add_hook(session: AsyncSession, **values: Any) -> RowMapping:
    """A new address."""
    statement = insert(SegmentHook).values(**values)
    shown = (SegmentHook.id, SegmentHook.url, SegmentHook.created_at)
    return (await session.execute(statement.returning(*shown))).mappings().one()


async def list_hooks(session: AsyncSession) -> Sequence[RowMapping]:
    """All of them, with how many messages wait and are dead."""
    of = SegmentDelivery
    counts = (
        select(
            of.hook_id,
            func.count().filter(of.state == "waiting").label("waiting"),
            func.count().filter(of.state == "dead").label("dead"),
        )
        .group_by(of.hook_id)
        .subquery()
    )
    statement = (
        select(
            SegmentHook.id,
            SegmentHook.url,
            SegmentHook.created_at,
            func.coalesce(counts.c.waiting, 0).label("waiting"),
            func.coalesce(counts.c.dead, 0).label("dead"),
        )
        .outerjoin(counts, counts.c.hook_id == SegmentHook.id)
        .order_by(SegmentHook.created_at)
    )
    return (await session.execute(statement)).mappings().all()


async def remove_hook(session: AsyncSession, hook_id: UUID) -> bool:
    """With its messages; whether there was one."""
    statement = delete(SegmentHook).where(SegmentHook.id == hook_id).returning(SegmentHook.id)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def list_deliveries(session: AsyncSession, hook_id: UUID, limit: int) -> Sequence[RowMapping]:
    """The newest messages of a hook, without what is in them."""
    of = SegmentDelivery
    columns = (
        of.id,
        of.event,
        of.segment_id,
        of.state,
        of.attempts,
        of.due_at,
        of.error,
        of.created_at,
    )
    statement = select(*columns).where(of.hook_id == hook_id).order_by(of.id.desc()).limit(limit)
    return (await session.execute(statement)).mappings().all()


async def due_deliveries(session: AsyncSession, limit: int) -> Sequence[RowMapping]:
    """Messages to send now, the oldest first, each with its hook."""
    of = SegmentDelivery
    statement = (
        select(of.id, of.body, of.attempts, SegmentHook.url, SegmentHook.secret_sealed)
        .join(SegmentHook, SegmentHook.id == of.hook_id)
        .where(of.state == "waiting", of.due_at <= func.now())
        .order_by(of.id)
        .limit(limit)
    )
    return (await session.execute(statement)).mappings().all()


async def note_delivery(
    session: AsyncSession,
    delivery: int,
    *,
    state: str,
    error: str | None = None,
    delay: timedelta = timedelta(),
) -> None:
    """How a try ended."""
    of = SegmentDelivery
    values: dict[str, Any] = {"state": state, "error": error, "due_at": func.now() + delay}
    statement = update(of).where(of.id == delivery).values(**values, attempts=of.attempts + 1)
    await session.execute(statement)


async def revive(session: AsyncSession, hook_id: UUID) -> int:
    """Try the dead messages of a hook once more; how many."""
    of = SegmentDelivery
    statement = (
        update(of)
        .where(of.hook_id == hook_id, of.state == "dead")
        .values(state="waiting", attempts=0, due_at=func.now())
        .returning(of.id)
    )
    return len((await session.execute(statement)).all())


async def promise_rest(session: AsyncSession) -> None:
    """A job for the messages that still wait, when the first of them is due."""
    await session.execute(_REST)
