"""What can be exported, as statements; and the exports that were asked for.

A kind is data: columns over a FROM clause, filters, an order. Rows are read through the tenant's scope, so a kind says
nothing of tenants, and what names a person stands in columns of its own that are left out unless they are asked for.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, LiteralString, get_args
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Export, Job

__all__ = [
    "FORMATS",
    "Column",
    "Condition",
    "ExportKind",
    "Format",
    "ValueKind",
    "add_export",
    "count_live",
    "due_at",
    "end_export",
    "expire_exports",
    "find_export",
    "list_exports",
    "read_rows",
    "remove_export",
    "start_export",
]

Format = Literal["csv", "jsonl", "parquet", "xlsx"]
FORMATS: Final[tuple[str, ...]] = get_args(Format)
ValueKind = Literal["text", "integer", "number", "decimal", "date", "time", "boolean", "list"]
Condition = tuple[LiteralString, Mapping[str, Any]]
"""A condition over a kind's rows, with its named parameters."""

_LIVE: Final = ("queued", "running")
_BLOCK: Final = 5_000


@dataclass(frozen=True)
class Column:
    """A column of the file. ``personal``: it names a person."""

    name: str
    kind: ValueKind
    sql: LiteralString
    personal: bool = False


@dataclass(frozen=True)
class ExportKind:
    """What may be asked for by ``name``.

    ``where`` makes conditions of the filters; they may also name ``%(export)s``, the export's own id. ``prepare`` runs
    in the transaction that promises the export: to refuse it, or to write what belongs to it.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: LiteralString
    order: LiteralString
    filters: type[msgspec.Struct]
    where: Callable[[Any], Sequence[Condition]] = lambda _: ()
    prepare: Callable[[AsyncSession, UUID, UUID, Any], Awaitable[None]] | None = None


def read_rows(
    connection: psycopg.Connection[tuple[Any, ...]],
    kind: ExportKind,
    columns: Sequence[Column],
    conditions: Sequence[Condition],
    export_id: UUID,
) -> Generator[list[tuple[Any, ...]]]:
    """The rows in blocks, all as of one moment; never more than a block of them in memory."""
    parameters: dict[str, Any] = {"export": export_id}
    for _, values in conditions:
        parameters |= values
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY {}").format(
        sql.SQL(", ").join(sql.SQL(column.sql) for column in columns),
        sql.SQL(kind.rows),
        sql.SQL(" AND ").join([sql.SQL("true"), *(sql.SQL(text) for text, _ in conditions)]),
        sql.SQL(kind.order),
    )
    connection.execute("SET LOCAL cursor_tuple_fraction = 1")  # all of them are read
    with connection.cursor(name="export") as cursor:
        cursor.execute(query, parameters)
        while block := cursor.fetchmany(_BLOCK):
            yield block


async def add_export(session: AsyncSession, export: Export) -> Export:
    """Keep that it was asked for; the row as it is now."""
    session.add(export)
    await session.flush()
    await session.refresh(export)
    return export


async def count_live(session: AsyncSession) -> int:
    """How many of the tenant's wait or run."""
    query = select(func.count()).select_from(Export).where(Export.status.in_(_LIVE))
    return (await session.execute(query)).scalar_one()


async def find_export(session: AsyncSession, export_id: UUID) -> Export | None:
    """One of the tenant's."""
    return await session.scalar(select(Export).where(Export.id == export_id))


async def list_exports(session: AsyncSession, *, limit: int) -> Sequence[Export]:
    """The newest first."""
    query = select(Export).order_by(Export.created_at.desc(), Export.id).limit(limit)
    return (await session.scalars(query)).all()


async def start_export(session: AsyncSession, export_id: UUID) -> Export | None:
    """Mark it as running; none when it was taken back or has ended."""
    statement = (
        update(Export)
        .where(Export.id == export_id, Export.status.in_(_LIVE))
        .values(status="running")
        .returning(Export)
    )
    return (await session.scalars(statement)).one_or_none()


async def end_export(
    session: AsyncSession,
    export_id: UUID,
    *,
    lifetime: timedelta,
    rows: int | None = None,
    size: int | None = None,
    error: Mapping[str, Any] | None = None,
) -> datetime | None:
    """It is there, or it failed; when it will be removed. None when it was taken back meanwhile."""
    statement = (
        update(Export)
        .where(Export.id == export_id, Export.status.in_(_LIVE))
        .values(
            status="failed" if error else "done",
            finished_at=func.now(),
            expires_at=func.now() + lifetime,
            rows=rows,
            bytes=size,
            error=dict(error) if error else None,
        )
        .returning(Export.expires_at)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def expire_exports(
    session: AsyncSession, *, export_id: UUID | None = None, personal_only: bool = False
) -> Sequence[Export]:
    """Mark one, or all of the tenant's, as gone, what it was asked with too; which they are."""
    statement = update(Export).where(Export.status != "expired")
    if export_id is not None:
        statement = statement.where(Export.id == export_id)
    if personal_only:
        statement = statement.where(Export.personal)
    return (
        await session.scalars(statement.values(status="expired", filters={}).returning(Export))
    ).all()


async def remove_export(session: AsyncSession, export_id: UUID) -> Export | None:
    """Forget one; it as it was."""
    return (
        await session.scalars(delete(Export).where(Export.id == export_id).returning(Export))
    ).one_or_none()


async def due_at(session: AsyncSession, job_id: UUID, when: datetime) -> None:
    """Let a job that waits wait until then."""
    await session.execute(
        update(Job).where(Job.id == job_id, Job.status == "queued").values(due_at=when)
    )
