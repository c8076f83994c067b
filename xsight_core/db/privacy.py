"""Statements on requests of Shopify's on personal data."""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from psycopg import Cursor
from psycopg.types.json import Jsonb
from sqlalchemy import RowMapping, case, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.erasure import subject_of
from xsight_core.db.scoped import TENANT, trusted
from xsight_core.db.tables import AuditEvent, Customer, PrivacyRequest, TenantState

__all__ = [
    "add_request",
    "close_request",
    "events_about",
    "find_request",
    "forget_expired",
    "is_customer",
    "list_requests",
    "open_erasures",
    "reopen",
    "shop_is_back",
]
_SHOWN = (
    PrivacyRequest.webhook_id,
    PrivacyRequest.topic,
    PrivacyRequest.customer_id,
    PrivacyRequest.status,
    PrivacyRequest.received_at,
    PrivacyRequest.due_at,
    PrivacyRequest.finished_at,
    PrivacyRequest.report,
    PrivacyRequest.request,
)


async def list_requests(session: AsyncSession, *, limit: int) -> Sequence[RowMapping]:
    """The open ones first, the most urgent on top; then what was done, the newest first."""
    is_open = PrivacyRequest.status == "open"
    statement = (
        select(*_SHOWN, (is_open & (PrivacyRequest.due_at < func.now())).label("overdue"))
        .order_by(
            is_open.desc(),
            case((is_open, PrivacyRequest.due_at)),
            PrivacyRequest.finished_at.desc(),
        )
        .limit(limit)
    )
    return (await session.execute(statement)).mappings().all()


async def is_customer(session: AsyncSession, customer_id: int) -> bool:
    """Whether the shop has, or had, this customer."""
    return await session.scalar(select(Customer.id).where(Customer.id == customer_id)) is not None


async def add_request(session: AsyncSession, **values: Any) -> None:
    """A new one."""
    await session.execute(insert(PrivacyRequest).values(**values))


async def find_request(session: AsyncSession, webhook_id: str) -> RowMapping | None:
    """One."""
    statement = select(*_SHOWN).where(PrivacyRequest.webhook_id == webhook_id)
    return (await session.execute(statement)).mappings().one_or_none()


async def open_erasures(session: AsyncSession) -> Sequence[str]:
    """Erasures that are still to be done, or that left a trace when they were tried."""
    statement = select(PrivacyRequest.webhook_id).where(
        PrivacyRequest.status == "open", PrivacyRequest.topic != "customers/data_request"
    )
    return (await session.execute(statement)).scalars().all()


async def shop_is_back(session: AsyncSession, webhook_id: str) -> bool:
    """Whether the shop was connected again after this was asked."""
    statement = select(
        (TenantState.connection == "connected")
        & (TenantState.connected_at > PrivacyRequest.received_at)
    ).where(
        PrivacyRequest.webhook_id == webhook_id, PrivacyRequest.tenant_id == TenantState.tenant_id
    )
    return bool(await session.scalar(statement))


async def events_about(session: AsyncSession, customer_id: int) -> Sequence[RowMapping]:
    """Who looked at or changed this customer's record, as far as the audit log names them."""
    statement = (
        select(AuditEvent.at, AuditEvent.actor_kind, AuditEvent.actor, AuditEvent.action)
        .where(AuditEvent.object == str(customer_id))
        .where(AuditEvent.action.startswith("customer"))
        .order_by(AuditEvent.seq)
    )
    return (await session.execute(statement)).mappings().all()


def reopen(
    cursor: Cursor[Any], webhook_id: str, *, customer_id: int, request: dict[str, Any]
) -> None:
    """Until nothing is found any more, an erasure has to know whom to look for."""
    cursor.execute(
        f"""
        UPDATE xsight.privacy_requests
        SET customer_id = %s, request = %s, status = 'open', finished_at = NULL
        WHERE tenant_id = {TENANT} AND webhook_id = %s""",
        [customer_id, Jsonb(request), webhook_id],
    )


def close_request(
    cursor: Cursor[Any], webhook_id: str, *, status: str, report: dict[str, Any], erased: bool
) -> None:
    """Keep how it stands. An erased person's request says no more of them than a digest.

    ``status`` open: tried, and to be tried again.
    """
    forget = (
        f"subject = coalesce(subject, {subject_of.format(id='customer_id')}), customer_id = NULL,"
        " request = '{}',"
        if erased
        else ""
    )
    cursor.execute(
        trusted(f"""
        UPDATE xsight.privacy_requests SET {forget} status = %(status)s, report = %(report)s,
          finished_at = CASE WHEN %(status)s <> 'open' THEN now() END
        WHERE tenant_id = {TENANT} AND webhook_id = %(webhook_id)s"""),
        {"status": status, "report": Jsonb(report), "webhook_id": webhook_id},
    )


def forget_expired(cursor: Cursor[Any], *, evidence: timedelta, quarantine: timedelta) -> int:
    """Remove proofs and quarantined records that are older than this; how many."""
    removed = cursor.execute(
        trusted(
            f"DELETE FROM xsight.privacy_requests WHERE tenant_id = {TENANT} AND finished_at < now() - %s"
        ),
        [evidence],
    ).rowcount
    return (
        removed
        + cursor.execute(
            trusted(
                f"DELETE FROM xsight.quarantine WHERE tenant_id = {TENANT} AND created_at < now() - %s"
            ),
            [quarantine],
        ).rowcount
    )
