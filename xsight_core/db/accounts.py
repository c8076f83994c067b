"""Statements on people, memberships, sessions and one-time codes (schema ``control``)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    LargeBinary,
    RowMapping,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Membership, OneTimeCode, Session, SessionSecret, Tenant, User

__all__ = [
    "add_code",
    "add_membership",
    "add_secret",
    "add_session",
    "add_user",
    "exchange_secret",
    "find_code",
    "find_identities",
    "find_identity",
    "find_password",
    "find_user",
    "list_sessions",
    "memberships",
    "revoke_sessions",
    "set_password",
    "set_session_tenant",
    "set_verified",
    "settle_secret",
    "take_code",
    "touch_session",
]

_SEEN_EVERY: Final = timedelta(minutes=1)
_GRACE: Final = timedelta(seconds=30)
"""For requests under way while a secret is exchanged, and before an exchange that never arrived is made anew."""
_KEEP_RETIRED: Final = timedelta(days=1)


async def add_user(
    session: AsyncSession, *, email: str, name: str, password_hash: str | None
) -> UUID | None:
    """The new user's id; None when the address is taken."""
    statement = (
        upsert(User)
        .values(email=email, name=name, password_hash=password_hash)
        .on_conflict_do_nothing(index_elements=[User.email])
        .returning(User.id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def find_password(session: AsyncSession, email: str) -> tuple[UUID, str | None] | None:
    """Id and password hash of an active user."""
    statement = select(User.id, User.password_hash).where(
        User.email == email, User.disabled_at.is_(None)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row.id, row.password_hash)


async def find_user(
    session: AsyncSession, *, user_id: UUID | None = None, email: str | None = None
) -> User | None:
    """An active user by id or address."""
    chosen = User.email == email if user_id is None else User.id == user_id
    statement = select(User).where(chosen, User.disabled_at.is_(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def set_verified(session: AsyncSession, user_id: UUID) -> None:
    """The address is the person's: they used a link that was sent there."""
    await session.execute(
        update(User)
        .where(User.id == user_id, User.email_verified_at.is_(None))
        .values(email_verified_at=func.now())
    )


async def set_password(session: AsyncSession, user_id: UUID, password_hash: str) -> None:
    """Replace the password hash."""
    await session.execute(
        update(User).where(User.id == user_id).values(password_hash=password_hash)
    )


async def add_membership(
    session: AsyncSession, *, tenant_id: UUID, user_id: UUID, role: str, pii: bool
) -> None:
    """Make a user a member, or change what a member may do."""
    statement = upsert(Membership).values(tenant_id=tenant_id, user_id=user_id, role=role, pii=pii)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Membership.tenant_id, Membership.user_id],
            set_={"role": role, "pii": pii},
        )
    )


async def memberships(session: AsyncSession, user_id: UUID) -> Sequence[RowMapping]:
    """The user's active tenants (id, slug, name, role, pii), the oldest membership first."""
    statement = (
        select(Tenant.id, Tenant.slug, Tenant.name, Membership.role, Membership.pii)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .where(Membership.user_id == user_id, Tenant.suspended_at.is_(None))
        .order_by(Membership.created_at, Tenant.id)
    )
    return (await session.execute(statement)).mappings().all()


async def add_session(
    session: AsyncSession,
    *,
    user_id: UUID,
    tenant_id: UUID | None,
    digests: Mapping[str, bytes],
    lifetime: timedelta,
    user_agent: str | None,
) -> UUID:
    """A log-in with one secret's digest for each audience. The person's log-ins that have expired go."""
    await session.execute(
        delete(Session).where(Session.user_id == user_id, Session.expires_at < func.now())
    )
    statement = (
        insert(Session)
        .values(
            user_id=user_id,
            tenant_id=tenant_id,
            expires_at=func.now() + lifetime,
            user_agent=user_agent,
        )
        .returning(Session.id)
    )
    session_id = (await session.execute(statement)).scalar_one()
    await session.execute(
        insert(SessionSecret),
        [
            {"digest": value, "session_id": session_id, "audience": audience}
            for audience, value in digests.items()
        ],
    )
    return session_id


async def find_identity(
    session: AsyncSession,
    *,
    session_id: UUID | None = None,
    digest: bytes | None = None,
    audience: str | None = None,
) -> RowMapping | None:
    """Who a live session belongs to, and what they may do in its current tenant.

    Found by a secret, the row also has what is to be done about the secret: ``age``, ``exchanging``, ``reused``,
    ``follows``.
    """
    statement = _live_sessions()
    if digest is None:
        statement = statement.where(Session.id == session_id)
    else:
        statement = _by_secret(statement).where(
            SessionSecret.digest == digest, SessionSecret.audience == audience
        )
    return (await session.execute(statement)).mappings().one_or_none()


async def find_identities(session: AsyncSession, digests: Sequence[bytes]) -> Sequence[RowMapping]:
    """As :func:`find_identity` for many secrets; each row says whose ``digest`` and ``audience`` it is."""
    return (await session.execute(_by_secrets(), {"digests": list(digests)})).mappings().all()


@cache
def _by_secrets() -> Select[*tuple[Any, ...]]:
    """Made once: every request asks it, and to put it together takes longer than to send it."""
    digests = bindparam("digests", type_=ARRAY(LargeBinary))
    return (
        _by_secret(_live_sessions())
        .where(SessionSecret.digest == func.any(digests))
        .add_columns(SessionSecret.digest, SessionSecret.audience)
    )


def _live_sessions() -> Select[*tuple[Any, ...]]:
    """Live sessions with their people, and what these may do in the tenant they look at."""
    return (
        select(
            Session.id.label("session_id"),
            User.id.label("user_id"),
            User.email,
            User.name,
            User.email_verified_at.is_not(None).label("verified"),
            Tenant.id.label("tenant_id"),
            Tenant.slug,
            Tenant.name.label("tenant_name"),
            Membership.role,
            Membership.pii,
            (Session.seen_at < func.now() - _SEEN_EVERY).label("stale"),
        )
        .join(User, User.id == Session.user_id)
        .outerjoin(
            Membership,
            (Membership.user_id == Session.user_id) & (Membership.tenant_id == Session.tenant_id),
        )
        .outerjoin(Tenant, (Tenant.id == Membership.tenant_id) & Tenant.suspended_at.is_(None))
        .where(
            Session.revoked_at.is_(None),
            Session.expires_at > func.now(),
            User.disabled_at.is_(None),
        )
    )


def _by_secret(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Found by a secret, with what is to be done about it."""
    return statement.join(SessionSecret, SessionSecret.session_id == Session.id).add_columns(
        (func.now() - SessionSecret.issued_at).label("age"),
        SessionSecret.follows,
        func.coalesce(SessionSecret.exchanged_at > func.now() - _GRACE, False).label("exchanging"),
        func.coalesce(SessionSecret.retired_at < func.now() - _GRACE, False).label("reused"),
        SessionSecret.retired_at.is_not(None).label("retired"),
    )


async def touch_session(session: AsyncSession, session_id: UUID) -> None:
    """Remember that it was used."""
    await session.execute(
        update(Session).where(Session.id == session_id).values(seen_at=func.now())
    )


async def add_secret(session: AsyncSession, session_id: UUID, audience: str, digest: bytes) -> None:
    """One more secret of a log-in."""
    await session.execute(
        insert(SessionSecret).values(digest=digest, session_id=session_id, audience=audience)
    )


async def exchange_secret(
    session: AsyncSession, *, session_id: UUID, audience: str, old: bytes, new: bytes
) -> bool:
    """Give out a successor. False: another request has just done so.

    A successor that was given out earlier and never used did not arrive: it is forgotten.
    """
    recently = SessionSecret.exchanged_at > func.now() - _GRACE
    won = await session.execute(
        update(SessionSecret)
        .where(
            SessionSecret.digest == old,
            SessionSecret.retired_at.is_(None),
            func.coalesce(recently, False).is_(False),
        )
        .values(exchanged_at=func.now())
        .returning(literal(1))
    )
    if won.one_or_none() is None:
        return False
    await session.execute(
        delete(SessionSecret).where(
            SessionSecret.session_id == session_id,
            (SessionSecret.follows == old)
            | (SessionSecret.retired_at < func.now() - _KEEP_RETIRED),
        )
    )
    await session.execute(
        insert(SessionSecret).values(
            digest=new, session_id=session_id, audience=audience, follows=old
        )
    )
    return True


async def settle_secret(session: AsyncSession, *, digest: bytes, follows: bytes) -> None:
    """The successor has arrived: what it follows is retired."""
    await session.execute(
        update(SessionSecret)
        .where(SessionSecret.digest == follows, SessionSecret.retired_at.is_(None))
        .values(retired_at=func.now())
    )
    await session.execute(
        update(SessionSecret).where(SessionSecret.digest == digest).values(follows=None)
    )


async def list_sessions(session: AsyncSession, user_id: UUID) -> Sequence[RowMapping]:
    """The person's live log-ins, the newest first."""
    statement = (
        select(
            Session.id, Session.created_at, Session.seen_at, Session.expires_at, Session.user_agent
        )
        .where(
            Session.user_id == user_id,
            Session.revoked_at.is_(None),
            Session.expires_at > func.now(),
        )
        .order_by(Session.created_at.desc())
    )
    return (await session.execute(statement)).mappings().all()


async def set_session_tenant(session: AsyncSession, session_id: UUID, tenant_id: UUID) -> bool:
    """Look at another tenant; False when the session's user is no member of it."""
    member = exists().where(
        Membership.user_id == Session.user_id,
        Membership.tenant_id == tenant_id,
        Tenant.id == Membership.tenant_id,
        Tenant.suspended_at.is_(None),
    )
    statement = (
        update(Session)
        .where(Session.id == session_id, Session.revoked_at.is_(None), member)
        .values(tenant_id=tenant_id)
        .returning(literal(1))
    )
    return (await session.execute(statement)).one_or_none() is not None


async def revoke_sessions(
    session: AsyncSession, *, session_id: UUID | None = None, user_id: UUID | None = None
) -> None:
    """End one session, or all of a user's. Their secrets are forgotten."""
    chosen = Session.id == session_id if user_id is None else Session.user_id == user_id
    await session.execute(
        update(Session).where(chosen, Session.revoked_at.is_(None)).values(revoked_at=func.now())
    )
    await session.execute(
        delete(SessionSecret).where(SessionSecret.session_id.in_(select(Session.id).where(chosen)))
    )


async def add_code(
    session: AsyncSession,
    *,
    digest: bytes,
    purpose: str,
    payload: Mapping[str, Any],
    lifetime: timedelta,
) -> None:
    """Store a code's digest; codes that have expired go."""
    await session.execute(delete(OneTimeCode).where(OneTimeCode.expires_at < func.now()))
    await session.execute(
        insert(OneTimeCode).values(
            digest=digest, purpose=purpose, payload=dict(payload), expires_at=func.now() + lifetime
        )
    )


async def find_code(session: AsyncSession, *, digest: bytes, purpose: str) -> dict[str, Any] | None:
    """A code's payload, without using it up."""
    statement = select(OneTimeCode.payload).where(
        OneTimeCode.digest == digest,
        OneTimeCode.purpose == purpose,
        OneTimeCode.used_at.is_(None),
        OneTimeCode.expires_at > func.now(),
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def take_code(session: AsyncSession, *, digest: bytes, purpose: str) -> dict[str, Any] | None:
    """A code's payload, for the first who asks in time."""
    statement = (
        update(OneTimeCode)
        .where(
            OneTimeCode.digest == digest,
            OneTimeCode.purpose == purpose,
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(OneTimeCode.payload)
    )
    return (await session.execute(statement)).scalar_one_or_none()
