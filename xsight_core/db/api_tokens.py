"""Statements on API tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import ApiToken, Membership, Tenant, User

__all__ = ["add_token", "find_token", "list_tokens", "revoke_token", "touch_token"]

_SEEN_EVERY: Final = timedelta(minutes=1)
_SHOWN: Final = (
    ApiToken.id,
    ApiToken.user_id,
    ApiToken.name,
    ApiToken.hint,
    ApiToken.scopes,
    ApiToken.created_at,
    ApiToken.expires_at,
    ApiToken.used_at,
)


async def add_token(session: AsyncSession, *, lifetime: timedelta, **values: Any) -> RowMapping:
    """A new token."""
    statement = (
        insert(ApiToken).values(**values, expires_at=func.now() + lifetime).returning(*_SHOWN)
    )
    return (await session.execute(statement)).mappings().one()


async def list_tokens(
    session: AsyncSession, tenant_id: UUID, *, user_id: UUID | None
) -> Sequence[RowMapping]:
    """Tokens that can still be used, the newest first: one person's, or the whole tenant's."""
    statement = (
        select(*_SHOWN, User.email)
        .join(User, User.id == ApiToken.user_id)
        .where(
            ApiToken.tenant_id == tenant_id,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > func.now(),
        )
        .order_by(ApiToken.created_at.desc())
    )
    if user_id is not None:
        statement = statement.where(ApiToken.user_id == user_id)
    return (await session.execute(statement)).mappings().all()


async def find_token(session: AsyncSession, digest: bytes) -> RowMapping | None:
    """A live token with its person, tenant, and what the person may do there now."""
    statement = (
        select(
            ApiToken.id.label("session_id"),
            ApiToken.scopes,
            func.coalesce(ApiToken.used_at < func.now() - _SEEN_EVERY, True).label("stale"),
            User.id.label("user_id"),
            User.email,
            User.name,
            User.email_verified_at.is_not(None).label("verified"),
            Tenant.id.label("tenant_id"),
            Tenant.slug,
            Tenant.name.label("tenant_name"),
            Membership.role,
            Membership.pii,
        )
        .join(User, User.id == ApiToken.user_id)
        .join(Tenant, Tenant.id == ApiToken.tenant_id)
        .join(
            Membership,
            (Membership.user_id == ApiToken.user_id) & (Membership.tenant_id == ApiToken.tenant_id),
        )
        .where(
            ApiToken.digest == digest,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > func.now(),
            User.disabled_at.is_(None),
            Tenant.suspended_at.is_(None),
        )
    )
    return (await session.execute(statement)).mappings().one_or_none()


async def touch_token(session: AsyncSession, token_id: UUID) -> None:
    """Remember that it was used."""
    await session.execute(
        update(ApiToken).where(ApiToken.id == token_id).values(used_at=func.now())
    )


async def revoke_token(
    session: AsyncSession, tenant_id: UUID, token_id: UUID, *, user_id: UUID | None
) -> bool:
    """End it; one person's only, or anybody's in the tenant. False: there is none."""
    statement = (
        update(ApiToken)
        .where(
            ApiToken.tenant_id == tenant_id,
            ApiToken.id == token_id,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
        .returning(literal(1))
    )
    if user_id is not None:
        statement = statement.where(ApiToken.user_id == user_id)
    return (await session.execute(statement)).one_or_none() is not None
