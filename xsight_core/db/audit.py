"""Statements on the audit log. The database numbers, times and hashes what is added; nothing is ever changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Text, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import AuditEvent, User

__all__ = ["AuditFilter", "add_event", "count_events", "events_after", "list_events"]


@dataclass(frozen=True)
class AuditFilter:
    """Which events; what is None is not asked for."""

    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions. An action that ends with a dot means all that begin so."""
        found: list[ColumnElement[bool]] = []
        if self.action is not None:
            found.append(
                AuditEvent.action.startswith(self.action, autoescape=True)
                if self.action.endswith(".")
                else AuditEvent.action == self.action
            )
        if self.actor is not None:
            found.append(AuditEvent.actor == self.actor)
        if self.since is not None:
            found.append(AuditEvent.at >= self.since)
        if self.until is not None:
            found.append(AuditEvent.at < self.until)
        return found


async def add_event(session: AsyncSession, **values: Any) -> None:
    """Add one; ``tenant_id`` must be the session's."""
    await session.execute(insert(AuditEvent).values(**values))


async def list_events(
    session: AsyncSession, which: AuditFilter, *, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """The newest first, with the person's address where a person acted; one more than asked, if there is one."""
    statement = (
        select(*AuditEvent.__table__.columns, User.email.label("email"))
        .outerjoin(User, cast(User.id, Text) == AuditEvent.actor)
        .where(*which.conditions())
        .order_by(AuditEvent.seq.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(AuditEvent.seq < before)
    return (await session.execute(statement)).mappings().all()


async def count_events(session: AsyncSession, which: AuditFilter) -> int:
    """How many the filter leaves."""
    statement = select(func.count()).select_from(AuditEvent).where(*which.conditions())
    return (await session.execute(statement)).scalar_one()


async def events_after(
    session: AsyncSession, tenant_id: UUID, seq: int, *, limit: int
) -> Sequence[RowMapping]:
    """Events in order, for exports and verification."""
    statement = (
        select(*AuditEvent.__table__.columns)
        .where(AuditEvent.tenant_id == tenant_id, AuditEvent.seq > seq)
        .order_by(AuditEvent.seq)
        .limit(limit)
    )
    return (await session.execute(statement)).mappings().all()
