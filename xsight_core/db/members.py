"""Statements on who belongs to a tenant, and who is invited to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import ApiToken, Invitation, Membership, Session, Tenant, User

__all__ = [
    "add_invitation",
    "end_invitation",
    "find_invitation",
    "find_member",
    "list_invitations",
    "list_members",
    "lock_members",
    "move_sessions",
    "remove_member",
    "set_member",
]

_SHOWN: Final = (
    Invitation.id,
    Invitation.email,
    Invitation.role,
    Invitation.pii,
    Invitation.created_at,
    Invitation.expires_at,
)


async def list_members(session: AsyncSession, tenant_id: UUID) -> Sequence[RowMapping]:
    """Everybody who belongs to it, the oldest member first, with when they were last seen anywhere."""
    seen = (
        select(func.max(Session.seen_at))
        .where(Session.user_id == User.id)
        .correlate(User)
        .scalar_subquery()
    )
    statement = (
        select(
            User.id,
            User.email,
            User.name,
            Membership.role,
            Membership.pii,
            Membership.created_at,
            seen.label("seen_at"),
        )
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id)
        .order_by(Membership.created_at, User.id)
    )
    return (await session.execute(statement)).mappings().all()


async def lock_members(session: AsyncSession, tenant_id: UUID) -> dict[UUID, Membership]:
    """The memberships, held until the transaction ends: of two owners who leave at once, one stays."""
    statement = select(Membership).where(Membership.tenant_id == tenant_id).with_for_update()
    return {row.user_id: row for row in (await session.execute(statement)).scalars()}


async def find_member(session: AsyncSession, tenant_id: UUID, email: str) -> UUID | None:
    """The member with this address."""
    statement = (
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id, User.email == email)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def set_member(
    session: AsyncSession, tenant_id: UUID, user_id: UUID, *, role: str, pii: bool
) -> None:
    """Change what a member may do."""
    await session.execute(
        update(Membership)
        .where(Membership.tenant_id == tenant_id, Membership.user_id == user_id)
        .values(role=role, pii=pii)
    )


async def remove_member(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> None:
    """End a membership and the API tokens that lived on it."""
    await session.execute(
        update(ApiToken)
        .where(
            ApiToken.tenant_id == tenant_id,
            ApiToken.user_id == user_id,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )
    await session.execute(
        delete(Membership).where(Membership.tenant_id == tenant_id, Membership.user_id == user_id)
    )


async def move_sessions(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> None:
    """Log-ins that looked at this tenant look at another of the person's, or at none."""
    other = (
        select(Membership.tenant_id)
        .join(Tenant, Tenant.id == Membership.tenant_id)
        .where(Membership.user_id == user_id, Tenant.suspended_at.is_(None))
        .order_by(Membership.created_at)
        .limit(1)
        .scalar_subquery()
    )
    await session.execute(
        update(Session)
        .where(Session.user_id == user_id, Session.tenant_id == tenant_id)
        .values(tenant_id=other)
    )


async def add_invitation(
    session: AsyncSession, *, lifetime: timedelta, **values: Any
) -> RowMapping:
    """Offer a place. An earlier offer to the same address is taken back."""
    await session.execute(
        update(Invitation)
        .where(
            Invitation.tenant_id == values["tenant_id"],
            Invitation.email == values["email"],
            Invitation.ended_at.is_(None),
        )
        .values(ended_at=func.now())
    )
    statement = (
        insert(Invitation).values(**values, expires_at=func.now() + lifetime).returning(*_SHOWN)
    )
    return (await session.execute(statement)).mappings().one()


async def list_invitations(session: AsyncSession, tenant_id: UUID) -> Sequence[RowMapping]:
    """Offers that can still be taken."""
    statement = (
        select(*_SHOWN)
        .where(
            Invitation.tenant_id == tenant_id,
            Invitation.ended_at.is_(None),
            Invitation.expires_at > func.now(),
        )
        .order_by(Invitation.created_at)
    )
    return (await session.execute(statement)).mappings().all()


async def find_invitation(session: AsyncSession, digest: bytes) -> RowMapping | None:
    """What a code offers, with the tenant's name and whether the address has an account; held until the end."""
    statement = (
        select(
            *_SHOWN,
            Invitation.tenant_id,
            Tenant.name.label("tenant_name"),
            User.id.label("user_id"),
        )
        .join(Tenant, Tenant.id == Invitation.tenant_id)
        .outerjoin(User, User.email == Invitation.email)
        .where(
            Invitation.digest == digest,
            Invitation.ended_at.is_(None),
            Invitation.expires_at > func.now(),
            Tenant.suspended_at.is_(None),
        )
        .with_for_update(of=Invitation)
    )
    return (await session.execute(statement)).mappings().one_or_none()


async def end_invitation(session: AsyncSession, tenant_id: UUID, invitation_id: UUID) -> bool:
    """It can no longer be taken. False: there is none."""
    statement = (
        update(Invitation)
        .where(
            Invitation.tenant_id == tenant_id,
            Invitation.id == invitation_id,
            Invitation.ended_at.is_(None),
        )
        .values(ended_at=func.now())
        .returning(literal(1))
    )
    return (await session.execute(statement)).one_or_none() is not None
