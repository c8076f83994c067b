"""Statements on mail that is on its way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Mail

__all__ = ["add_mail", "find_mail", "list_unsent", "set_sent"]

_KEEP: Final = timedelta(days=30)


async def add_mail(
    session: AsyncSession,
    mail_id: UUID,
    *,
    recipient: str,
    subject: str,
    sealed: str,
    lifetime: timedelta,
) -> None:
    """Keep it until it is sent. Old ones go."""
    await session.execute(delete(Mail).where(Mail.created_at < func.now() - _KEEP))
    await session.execute(
        insert(Mail).values(
            id=mail_id,
            recipient=recipient,
            subject=subject,
            sealed=sealed,
            expires_at=func.now() + lifetime,
        )
    )


async def find_mail(session: AsyncSession, mail_id: UUID) -> Mail | None:
    """One that is still to be sent."""
    statement = select(Mail).where(
        Mail.id == mail_id, Mail.sent_at.is_(None), Mail.expires_at > func.now()
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def set_sent(session: AsyncSession, mail_id: UUID) -> None:
    """It is out; its text is forgotten."""
    await session.execute(
        update(Mail).where(Mail.id == mail_id).values(sent_at=func.now(), sealed=None)
    )


async def list_unsent(session: AsyncSession) -> Sequence[RowMapping]:
    """What still waits and is of use, the newest first."""
    statement = (
        select(Mail.id, Mail.recipient, Mail.subject, Mail.sealed, Mail.created_at, Mail.expires_at)
        .where(Mail.sent_at.is_(None), Mail.sealed.is_not(None), Mail.expires_at > func.now())
        .order_by(Mail.created_at.desc())
    )
    return (await session.execute(statement)).mappings().all()
