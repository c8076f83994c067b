"""Statements on reports that members get by mail: schedules, and what became of each mail."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import CustomerPii, Membership, ReportDelivery, ReportSchedule, User

__all__ = [
    "add_delivery",
    "add_schedule",
    "change_schedule",
    "due_schedules",
    "find_delivery",
    "find_reader",
    "list_deliveries",
    "list_schedules",
    "names_of",
    "note_delivery",
    "remove_schedule",
]


async def add_schedule(session: AsyncSession, **values: Any) -> UUID:
    """A new one; its id."""
    statement = insert(ReportSchedule).values(**values).returning(ReportSchedule.id)
    return (await session.execute(statement)).scalar_one()


async def list_schedules(
    session: AsyncSession, tenant_id: UUID, *, user_id: UUID | None = None
) -> Sequence[RowMapping]:
    """All, or one reader's, each with its reader's address and the newest mail's state."""
    newest = (
        select(ReportDelivery.state, ReportDelivery.due_at, ReportDelivery.error)
        .where(ReportDelivery.schedule_id == ReportSchedule.id)
        .order_by(ReportDelivery.due_at.desc())
        .limit(1)
        .lateral()
    )
    statement = (
        select(
            ReportSchedule,
            User.email,
            newest.c.state.label("last_state"),
            newest.c.due_at.label("last_at"),
            newest.c.error.label("last_error"),
        )
        .join(User, User.id == ReportSchedule.user_id)
        .outerjoin(newest, ReportSchedule.tenant_id == tenant_id)
        .order_by(ReportSchedule.created_at)
    )
    if user_id is not None:
        statement = statement.where(ReportSchedule.user_id == user_id)
    return (await session.execute(statement)).mappings().all()


async def change_schedule(session: AsyncSession, schedule_id: UUID, **values: Any) -> bool:
    """Set these; whether there is such a schedule."""
    statement = update(ReportSchedule).where(ReportSchedule.id == schedule_id).values(**values)
    found = await session.execute(statement.returning(ReportSchedule.id))
    return found.scalar_one_or_none() is not None


async def remove_schedule(session: AsyncSession, schedule_id: UUID) -> bool:
    """With its history; whether there was one."""
    statement = delete(ReportSchedule).where(ReportSchedule.id == schedule_id)
    found = await session.execute(statement.returning(ReportSchedule.id))
    return found.scalar_one_or_none() is not None


async def due_schedules(session: AsyncSession, now: datetime) -> Sequence[ReportSchedule]:
    """Whose time has come, for this transaction alone."""
    statement = (
        select(ReportSchedule)
        .where(ReportSchedule.next_at <= now)
        .order_by(ReportSchedule.next_at)
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement)).scalars().all()


async def add_delivery(session: AsyncSession, **values: Any) -> UUID | None:
    """One mail of a schedule; None where that time has its mail already."""
    statement = upsert(ReportDelivery).values(**values)
    statement = statement.on_conflict_do_nothing(
        index_elements=[
            ReportDelivery.tenant_id,
            ReportDelivery.schedule_id,
            ReportDelivery.due_at,
        ]
    )
    return (await session.execute(statement.returning(ReportDelivery.id))).scalar_one_or_none()


async def find_delivery(
    session: AsyncSession, delivery_id: UUID
) -> tuple[ReportDelivery, ReportSchedule] | None:
    """A mail and what it is one of."""
    statement = (
        select(ReportDelivery, ReportSchedule)
        .join(ReportSchedule, ReportSchedule.id == ReportDelivery.schedule_id)
        .where(ReportDelivery.id == delivery_id)
    )
    row = (await session.execute(statement)).one_or_none()
    return row and (row[0], row[1])


async def list_deliveries(
    session: AsyncSession, schedule_id: UUID, limit: int
) -> Sequence[ReportDelivery]:
    """The newest first."""
    statement = (
        select(ReportDelivery)
        .where(ReportDelivery.schedule_id == schedule_id)
        .order_by(ReportDelivery.due_at.desc())
        .limit(limit)
    )
    return (await session.execute(statement)).scalars().all()


async def note_delivery(session: AsyncSession, delivery_id: UUID, **values: Any) -> None:
    """What became of it."""
    if values.get("state") == "sent":
        values["sent_at"] = func.now()
    statement = update(ReportDelivery).where(ReportDelivery.id == delivery_id)
    await session.execute(statement.values(**values))


async def find_reader(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> RowMapping | None:
    """Name, address and rights of a member who may log in; None for anybody else."""
    statement = (
        select(User.name, User.email, User.email_verified_at, Membership.role, Membership.pii)
        .join(Membership, Membership.user_id == User.id)
        .where(User.id == user_id, Membership.tenant_id == tenant_id, User.disabled_at.is_(None))
    )
    return (await session.execute(statement)).mappings().one_or_none()


async def names_of(session: AsyncSession, customers: Collection[int]) -> dict[int, str]:
    """Names by customer, of those who have one."""
    statement = select(
        CustomerPii.customer_id, func.concat_ws(" ", CustomerPii.first_name, CustomerPii.last_name)
    ).where(CustomerPii.customer_id.in_(customers))
    return {who: name for who, name in await session.execute(statement) if name}
