"""Reports: a page of the product that a member gets by mail, at the shop's own hour, with that member's rights.

The mail is made when it is due, of what is stored then; it names customers only to who may see their names at that
moment. Every mail has a way out that needs no log-in.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.crypto import Keyring
from xsight_core.db import reports as rows
from xsight_core.db.tenants import find_state
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound, XsightError
from xsight_core.services.audit import SYSTEM, Actor, record
from xsight_core.services.jobs import enqueue
from xsight_core.services.report_times import next_time
from xsight_core.tenancy import Tenancy

__all__ = [
    "DeliveryView",
    "ReportView",
    "ReportWish",
    "add_report",
    "list_reports",
    "promise_reports",
    "remove_report",
    "report_history",
    "send_now",
    "unsubscribe",
    "unsubscribe_code",
]

_PURPOSE: Final = "unsubscribe"
_MOST: Final = 200
_LAST_DAY: Final = 31
_LAST_WEEKDAY: Final = 6
_LAST_HOUR: Final = 23

log = structlog.get_logger()


class ReportWish(msgspec.Struct, frozen=True, kw_only=True):
    """A page for a member. ``on``: a weekday (0: Monday) or a day of the month; ``hour``: of the shop's day."""

    page: str
    format: str
    every: str
    on: int
    hour: int
    user: UUID


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule; ``next_at`` null: stopped, and ``stopped`` says why. ``last_state``: of its newest mail."""

    id: UUID
    page: str
    format: str
    every: str
    on: int
    hour: int
    user: UUID
    email: str
    next_at: datetime | None
    stopped: str | None
    last_state: str | None
    last_at: datetime | None
    last_error: str | None


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """A mail: waiting, sent, skipped or failed. ``personal``: it named customers."""

    due_at: datetime
    state: str
    attempts: int
    error: str | None
    sent_at: datetime | None
    personal: bool | None
    bytes: int | None


async def list_reports(
    tenancy: Tenancy, tenant_id: UUID, *, user_id: UUID | None = None
) -> list[ReportView]:
    """Everybody's, or one person's."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.list_schedules(session, tenant_id, user_id=user_id)
    return [
        ReportView(
            id=one["ReportSchedule"].id,
            page=one["ReportSchedule"].page,
            format=one["ReportSchedule"].format,
            every=one["ReportSchedule"].every,
            on=one["ReportSchedule"].on,
            hour=one["ReportSchedule"].hour,
            user=one["ReportSchedule"].user_id,
            email=one["email"],
            next_at=one["ReportSchedule"].next_at,
            stopped=one["ReportSchedule"].stopped,
            last_state=one["last_state"],
            last_at=one["last_at"],
            last_error=one["last_error"],
        )
        for one in found
    ]


async def add_report(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, wish: ReportWish, *, by: UUID, decides: bool
) -> UUID:
    """A new schedule. ``decides``: may choose other readers than themselves."""
    if wish.user != by and not decides:
        raise Forbidden("Owners and admins choose who else gets reports.")
    _check(wish)
    async with tenancy.scope(tenant_id) as session:
        reader = await rows.find_reader(session, tenant_id, wish.user)
        if reader is None:
            raise InvalidInput("user", "Only members of the store get its reports.")
        if len(await rows.list_schedules(session, tenant_id)) >= _MOST:
            raise Conflict(f"A store has at most {_MOST} reports; remove one first.")
        timezone = await _zone(session, tenant_id)
        schedule = await rows.add_schedule(
            session,
            tenant_id=tenant_id,
            page=wish.page,
            format=wish.format,
            every=wish.every,
            on=wish.on,
            hour=wish.hour,
            user_id=wish.user,
            created_by=by,
            next_at=next_time(wish.every, wish.on, wish.hour, timezone, datetime.now(UTC)),
        )
        details = {"page": wish.page, "every": wish.every, "reader": str(wish.user)}
        await record(
            session, tenant_id, actor, "report.created", object=str(schedule), details=details
        )
    return schedule


async def remove_report(
    tenancy: Tenancy, tenant_id: UUID, actor: Actor, schedule_id: UUID, *, by: UUID, decides: bool
) -> None:
    """No more of it."""
    async with tenancy.scope(tenant_id) as session:
        await _own(session, tenant_id, schedule_id, by=by, decides=decides)
        await rows.remove_schedule(session, schedule_id)
        await record(session, tenant_id, actor, "report.removed", object=str(schedule_id))


async def send_now(
    tenancy: Tenancy, tenant_id: UUID, schedule_id: UUID, *, by: UUID, decides: bool
) -> UUID | None:
    """One more mail of it at once; the job."""
    async with tenancy.scope(tenant_id) as session:
        await _own(session, tenant_id, schedule_id, by=by, decides=decides)
        return await _promise(session, tenant_id, schedule_id, datetime.now(UTC))


async def report_history(
    tenancy: Tenancy, tenant_id: UUID, schedule_id: UUID, *, by: UUID, decides: bool, limit: int
) -> list[DeliveryView]:
    """Its mails, the newest first."""
    async with tenancy.scope(tenant_id) as session:
        await _own(session, tenant_id, schedule_id, by=by, decides=decides)
        return [
            DeliveryView(
                due_at=one.due_at,
                state=one.state,
                attempts=one.attempts,
                error=one.error,
                sent_at=one.sent_at,
                personal=one.personal,
                bytes=one.bytes,
            )
            for one in await rows.list_deliveries(session, schedule_id, limit)
        ]


async def promise_reports(session: AsyncSession, tenant_id: UUID, now: datetime) -> int:
    """A mail for each schedule that is due, one however many times were missed; how many."""
    due = await rows.due_schedules(session, now)
    timezone = await _zone(session, tenant_id) if due else "UTC"
    for schedule in due:
        assert schedule.next_at is not None  # noqa: S101 - the statement asks for it
        await _promise(session, tenant_id, schedule.id, schedule.next_at)
        schedule.next_at = next_time(
            schedule.every, schedule.on, schedule.hour, timezone, max(now, schedule.next_at)
        )
    await session.flush()
    return len(due)


def unsubscribe_code(keyring: Keyring, tenant_id: UUID, schedule_id: UUID) -> str:
    """What a mail's way out carries."""
    sealed = keyring.seal(str(schedule_id), tenant_id=tenant_id, purpose=_PURPOSE)
    return base64.urlsafe_b64encode(f"{tenant_id}.{sealed}".encode()).decode()


async def unsubscribe(tenancy: Tenancy, keyring: Keyring, code: str) -> None:
    """Stop the schedule that the code names. Also when it was stopped or removed before."""
    tenant_id, schedule_id = _opened(keyring, code)
    async with tenancy.scope(tenant_id) as session:
        stopped = {"next_at": None, "stopped": "Its reader does not want it any more."}
        if await rows.change_schedule(session, schedule_id, **stopped):
            await record(session, tenant_id, SYSTEM, "report.unsubscribed", object=str(schedule_id))


def _opened(keyring: Keyring, code: str) -> tuple[UUID, UUID]:
    try:
        tenant, _, sealed = base64.urlsafe_b64decode(code.encode()).decode().partition(".")
        tenant_id = UUID(tenant)
        return tenant_id, UUID(keyring.open(sealed, tenant_id=tenant_id, purpose=_PURPOSE))
    except (ValueError, binascii.Error, XsightError):
        raise NotFound("This link is damaged. Stop the report under Settings.") from None


async def _promise(
    session: AsyncSession, tenant_id: UUID, schedule_id: UUID, due_at: datetime
) -> UUID | None:
    delivery = await rows.add_delivery(
        session, tenant_id=tenant_id, schedule_id=schedule_id, due_at=due_at
    )
    if delivery is None:
        return None
    payload = {"delivery": str(delivery)}
    return await enqueue(
        session, tenant_id=tenant_id, kind="report", key=str(delivery), payload=payload
    )


async def _own(
    session: AsyncSession, tenant_id: UUID, schedule_id: UUID, *, by: UUID, decides: bool
) -> None:
    """``NotFound`` for what is not theirs to see."""
    mine = await rows.list_schedules(session, tenant_id, user_id=None if decides else by)
    if all(one["ReportSchedule"].id != schedule_id for one in mine):
        raise NotFound("There is no such report.")


async def _zone(session: AsyncSession, tenant_id: UUID) -> str:
    state = await find_state(session, tenant_id)
    return state.timezone if state else "UTC"


def _check(wish: ReportWish) -> None:
    first, last = {"week": (0, _LAST_WEEKDAY), "month": (1, _LAST_DAY)}.get(wish.every, (0, 0))
    faults = {
        "format": (wish.format in {"html", "pdf"}, "Choose html or pdf."),
        "every": (wish.every in {"day", "week", "month"}, "Choose day, week or month."),
        "on": (first <= wish.on <= last, f"Between {first} and {last}."),
        "hour": (0 <= wish.hour <= _LAST_HOUR, f"Between 0 and {_LAST_HOUR}."),
    }
    for field, (right, advice) in faults.items():
        if not right:
            raise InvalidInput(field, advice)
