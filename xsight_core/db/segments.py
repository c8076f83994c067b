"""Statements around segments that are not a rule's own: saved ones, what a store has, sizes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from sqlalchemy import RowMapping, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Segment, SegmentSize

__all__ = [
    "add_segment",
    "change_segment",
    "find_segment",
    "list_segments",
    "missing_data",
    "read_missing",
    "remove_segment",
    "saved_rules",
    "segment_names",
    "sizes",
]

_Connection = psycopg.Connection[tuple[Any, ...]]

_HAS: Final[dict[str, LiteralString]] = {
    "collections": "EXISTS (SELECT FROM xsight.product_collections)",
    "metafields": "EXISTS (SELECT FROM xsight.customer_metafields)",
    "coordinates": "EXISTS (SELECT FROM xsight.customer_places)",
    "traits": "EXISTS (SELECT FROM xsight.customer_traits)",
}
_HAS_ALL: Final[LiteralString] = "SELECT " + ", ".join(_HAS.values())


def saved_rules(connection: _Connection) -> dict[str, dict[str, Any]]:
    """The rules of all saved segments by id, as they are stored."""
    return dict(connection.execute("SELECT id::text, rule FROM xsight.segments").fetchall())


def missing_data(connection: _Connection) -> frozenset[str]:
    """What this store has none of, by the name that fields need it under."""
    return _without(connection.execute(_HAS_ALL).fetchone() or ())


async def read_missing(session: AsyncSession) -> frozenset[str]:
    """The same, where it is asked along with other things."""
    return _without((await session.execute(text(_HAS_ALL))).one())


def _without(has: Sequence[bool]) -> frozenset[str]:
    return frozenset(name for name, there in zip(_HAS, has, strict=True) if not there)


async def segment_names(session: AsyncSession) -> dict[str, str]:
    """What saved segments are called, by id."""
    rows = await session.execute(select(Segment.id, Segment.name))
    return {str(key): name for key, name in rows}


async def list_segments(session: AsyncSession) -> Sequence[Segment]:
    """All saved segments by name."""
    return (
        (await session.execute(select(Segment).order_by(func.lower(Segment.name)))).scalars().all()
    )


async def find_segment(
    session: AsyncSession, segment_id: UUID, *, locked: bool = False
) -> Segment | None:
    """One; ``locked`` against changes until the transaction ends."""
    statement = select(Segment).where(Segment.id == segment_id)
    if locked:
        statement = statement.with_for_update()
    return (await session.execute(statement)).scalar_one_or_none()


async def add_segment(session: AsyncSession, **values: Any) -> UUID:
    """A new one; its id."""
    return (
        await session.execute(insert(Segment).values(**values).returning(Segment.id))
    ).scalar_one()


async def change_segment(
    session: AsyncSession, segment_id: UUID, values: Mapping[str, Any]
) -> None:
    """Write these values."""
    await session.execute(
        update(Segment).where(Segment.id == segment_id).values(**values, updated_at=func.now())
    )


async def remove_segment(session: AsyncSession, segment_id: UUID) -> None:
    """With members, events and sizes."""
    await session.execute(delete(Segment).where(Segment.id == segment_id))


async def sizes(session: AsyncSession, segment_id: UUID, days: int) -> Sequence[RowMapping]:
    """Size and net sales by day: the last so many days there are, oldest first."""
    last = (
        select(SegmentSize.day, SegmentSize.members, SegmentSize.net_minor)
        .where(SegmentSize.segment_id == segment_id)
        .order_by(SegmentSize.day.desc())
        .limit(days)
        .subquery()
    )
    return (await session.execute(select(last).order_by(last.c.day))).mappings().all()
