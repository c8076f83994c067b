"""People: sign-up, log-in, sessions, memberships, one-time codes.

A secret that a browser or client holds (a cookie, a state, a code) is random and stored as a digest; the text
itself is given out once and never kept.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID, uuid4

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.crypto import digest, new_secret
from xsight_core.db import accounts as rows
from xsight_core.errors import Forbidden, InvalidInput, NotFound
from xsight_core.services.passwords import (
    check_password,
    hash_password,
    needs_rehash,
    verify_password,
)
from xsight_core.services.tenants import add_tenant
from xsight_core.tenancy import Tenancy

__all__ = [
    "SECRET_LIFETIME",
    "SESSION_LIFETIME",
    "Audience",
    "Identity",
    "Role",
    "SessionView",
    "TenantView",
    "add_member",
    "add_person",
    "authenticate",
    "change_password",
    "close_own_session",
    "close_session",
    "close_sessions",
    "enter",
    "enter_by_address",
    "identify",
    "identify_session",
    "issue_code",
    "new_hub_secret",
    "open_session",
    "open_sessions",
    "parse_address",
    "parse_text",
    "peek_code",
    "recognise",
    "redeem_code",
    "sign_up",
    "switch_tenant",
    "tenants_of",
]

log = structlog.get_logger()

Audience = Literal["api", "auth", "ws", "app", "connect"]
Role = Literal["owner", "admin", "analyst", "marketer", "viewer"]

SESSION_LIFETIME: Final = timedelta(days=14)
SECRET_LIFETIME: Final = timedelta(minutes=15)

# ASCII only: two addresses that look alike must not be two people. An international domain has an xn-- form.
_EMAIL: Final = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@"
    r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_LONGEST_ADDRESS: Final = 254
_SEES_PERSONAL_DATA: Final = frozenset({"owner", "admin"})
_KNOWN: Final = (
    *("session_id", "user_id", "email", "name", "verified"),
    *("tenant_id", "slug", "tenant_name"),
)


@dataclass(frozen=True)
class Identity:
    """Who is asking, and what they may do in the tenant they look at (None: they look at none).

    A program comes with an API token: ``session_id`` is then the token's, and ``scopes`` bounds what it may.
    """

    session_id: UUID
    user_id: UUID
    email: str
    name: str
    tenant_id: UUID | None
    slug: str | None
    tenant_name: str | None
    role: str | None
    pii: bool
    verified: bool = False
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class SessionView:
    """A log-in as the person sees it."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    user_agent: str | None


@dataclass(frozen=True)
class TenantView:
    """A tenant as one of its members sees it."""

    id: UUID
    slug: str
    name: str
    role: str
    pii: bool


async def sign_up(tenancy: Tenancy, *, email: str, password: str, name: str, company: str) -> UUID:
    """A new person with a first tenant, which they own. The user's id."""
    address = parse_address(email)
    check_password(password, email=address)
    name, company = parse_text("name", name), parse_text("company", company)
    password_hash = await hash_password(password)
    tenant_id = uuid4()
    async with tenancy.scope(tenant_id) as session:
        user_id = await rows.add_user(
            session, email=address, name=name, password_hash=password_hash
        )
        if user_id is None:
            raise InvalidInput(
                "email", "There is an account with this e-mail address. Log in instead."
            )
        await _found(session, tenant_id, user_id, company)
    return user_id


async def enter_by_address(tenancy: Tenancy, *, email: str, name: str) -> UUID:
    """The person with this address, which somebody else has confirmed; a new one gets a first tenant to own."""
    address, called = parse_address(email), parse_text("name", name)
    tenant_id = uuid4()
    async with tenancy.scope(tenant_id) as session:
        user = await rows.find_user(session, email=address)
        if user is not None:
            await rows.set_verified(session, user.id)
            return user.id
        user_id = await rows.add_user(session, email=address, name=called, password_hash=None)
        if user_id is None:
            raise Forbidden("This account is closed.")
        await rows.set_verified(session, user_id)
        await _found(session, tenant_id, user_id, "My store")
    return user_id


async def add_person(tenancy: Tenancy, *, email: str, password: str, name: str) -> UUID:
    """A new person who belongs to no tenant yet."""
    address = parse_address(email)
    check_password(password, email=address)
    password_hash = await hash_password(password)
    async with tenancy.control() as session:
        user_id = await rows.add_user(
            session, email=address, name=parse_text("name", name), password_hash=password_hash
        )
    if user_id is None:
        raise InvalidInput("email", "There is an account with this e-mail address.")
    return user_id


async def add_member(
    tenancy: Tenancy, *, tenant_id: UUID, user_id: UUID, role: Role, pii: bool | None = None
) -> None:
    """Make a person a member, or change their role. Owners and admins see personal data unless told otherwise."""
    if role not in get_args(Role):
        raise InvalidInput("role", f"The role is one of {', '.join(get_args(Role))}.")
    right = role in _SEES_PERSONAL_DATA if pii is None else pii
    async with tenancy.control() as session:
        await rows.add_membership(
            session, tenant_id=tenant_id, user_id=user_id, role=role, pii=right
        )


async def authenticate(tenancy: Tenancy, *, email: str, password: str) -> UUID:
    """The user with this address and password. A wrong one and an unknown one take the same time and words."""
    async with tenancy.control() as session:
        found = await rows.find_password(session, email.strip().lower())
    user_id, password_hash = found or (None, None)
    matches = await verify_password(password, password_hash)
    if not matches or user_id is None or password_hash is None:
        raise Forbidden("E-mail address or password is wrong.")
    if needs_rehash(password_hash):
        renewed = await hash_password(password)
        async with tenancy.control() as session:
            await rows.set_password(session, user_id, renewed)
    return user_id


async def change_password(tenancy: Tenancy, user_id: UUID, *, email: str, password: str) -> None:
    """Set a new password and end every session: whoever had the old one is out."""
    check_password(password, email=parse_address(email))
    password_hash = await hash_password(password)
    async with tenancy.control() as session:
        await rows.set_password(session, user_id, password_hash)
        await rows.revoke_sessions(session, user_id=user_id)


async def open_session(
    tenancy: Tenancy,
    user_id: UUID,
    *,
    tenant_id: UUID | None = None,
    user_agent: str | None = None,
) -> dict[Audience, str]:
    """A new log-in, looking at this tenant or at the person's first. One secret a cookie, given out only here."""
    secrets: dict[Audience, str] = {audience: new_secret() for audience in get_args(Audience)}
    async with tenancy.control() as session:
        own = [row["id"] for row in await rows.memberships(session, user_id)]
        await rows.add_session(
            session,
            user_id=user_id,
            tenant_id=tenant_id if tenant_id in own else next(iter(own), None),
            digests={audience: digest(secret) for audience, secret in secrets.items()},
            lifetime=SESSION_LIFETIME,
            user_agent=user_agent[:300] if user_agent else None,
        )
    return secrets


async def new_hub_secret(tenancy: Tenancy, session_id: UUID) -> str:
    """A secret with which the Hub goes on asking about this log-in: its refresh token."""
    secret = new_secret()
    async with tenancy.control() as session:
        await rows.add_secret(session, session_id, "hub", digest(secret))
    return secret


async def identify(tenancy: Tenancy, audience: Audience, secret: str) -> Identity | None:
    """Who holds this audience's secret; None for a secret of another audience, ended or never given out."""
    found = await enter(tenancy, audience, secret, lifetime=None)
    return found[0] if found else None


async def enter(
    tenancy: Tenancy,
    audience: Audience | Literal["hub"],
    secret: str,
    *,
    lifetime: timedelta | None = SECRET_LIFETIME,
) -> tuple[Identity, str | None] | None:
    """Who holds this secret and, where it is older than ``lifetime``, the one to use from now on.

    The old one stays good until the new one is used, so an answer that was lost locks nobody out. After that it was
    stolen, or its successor was: whoever brings it ends the log-in for both.
    """
    known = digest(secret)
    async with tenancy.control() as session:
        row = await rows.find_identity(session, digest=known, audience=audience)
        if row is None:
            return None
        if row["reused"]:
            log.warning("session.secret_reused", session_id=str(row["session_id"]))
            await rows.revoke_sessions(session, session_id=row["session_id"])
            return None
        if row["stale"]:
            await rows.touch_session(session, row["session_id"])
        if row["follows"] is not None:
            await rows.settle_secret(session, digest=known, follows=row["follows"])
        renewed = None
        due = lifetime is not None and row["age"] >= lifetime
        if due and not row["retired"] and not row["exchanging"]:
            renewed = await _exchange(session, row["session_id"], audience, known)
    identity = _identity(row)
    return (identity, renewed) if identity else None


async def recognise(
    tenancy: Tenancy, secrets: Sequence[tuple[Audience, bytes]]
) -> dict[tuple[Audience, bytes], Identity]:
    """Who holds each of these, where nothing is to be done about the secret; for the others ask :func:`enter`."""
    asked = set(secrets)
    async with tenancy.control() as session:
        found = await rows.find_identities(session, [digest for _, digest in secrets])
    settled: dict[tuple[Audience, bytes], Identity] = {}
    for row in found:
        key = (row["audience"], bytes(row["digest"]))
        due = row["age"] >= SECRET_LIFETIME or row["follows"] is not None
        plain = not (due or row["reused"] or row["stale"] or row["retired"])
        if plain and key in asked and (identity := _identity(row)):
            settled[key] = identity
    return settled


async def _exchange(
    session: AsyncSession, session_id: UUID, audience: str, known: bytes
) -> str | None:
    successor = new_secret()
    won = await rows.exchange_secret(
        session, session_id=session_id, audience=audience, old=known, new=digest(successor)
    )
    return successor if won else None


async def identify_session(tenancy: Tenancy, session_id: UUID) -> Identity | None:
    """Who a session belongs to, as long as it lives: for tokens and sockets that outlast a request."""
    async with tenancy.control() as session:
        row = await rows.find_identity(session, session_id=session_id)
    return _identity(row)


async def close_session(tenancy: Tenancy, session_id: UUID) -> None:
    """Log out here."""
    async with tenancy.control() as session:
        await rows.revoke_sessions(session, session_id=session_id)


async def open_sessions(tenancy: Tenancy, user_id: UUID) -> list[SessionView]:
    """The person's log-ins, the newest first."""
    async with tenancy.control() as session:
        return [SessionView(**row) for row in await rows.list_sessions(session, user_id)]


async def close_own_session(tenancy: Tenancy, user_id: UUID, session_id: UUID) -> None:
    """End one of the person's log-ins; ``NotFound`` for anybody else's."""
    async with tenancy.control() as session:
        if session_id not in {row["id"] for row in await rows.list_sessions(session, user_id)}:
            raise NotFound("There is no such log-in of yours.")
        await rows.revoke_sessions(session, session_id=session_id)


async def close_sessions(tenancy: Tenancy, user_id: UUID) -> None:
    """Log out everywhere."""
    async with tenancy.control() as session:
        await rows.revoke_sessions(session, user_id=user_id)


async def switch_tenant(tenancy: Tenancy, session_id: UUID, tenant_id: UUID) -> None:
    """Look at another of the person's tenants."""
    async with tenancy.control() as session:
        if not await rows.set_session_tenant(session, session_id, tenant_id):
            raise NotFound("There is no such store among yours.")


async def tenants_of(tenancy: Tenancy, user_id: UUID) -> list[TenantView]:
    """The person's tenants, oldest membership first."""
    async with tenancy.control() as session:
        return [TenantView(**row) for row in await rows.memberships(session, user_id)]


async def issue_code(
    tenancy: Tenancy, purpose: str, payload: Mapping[str, Any], *, ttl_s: float
) -> str:
    """A code that gives ``payload`` (JSON) back once, for this purpose, within ``ttl_s``."""
    code = new_secret()
    async with tenancy.control() as session:
        await rows.add_code(
            session,
            digest=digest(code),
            purpose=purpose,
            payload=payload,
            lifetime=timedelta(seconds=ttl_s),
        )
    return code


async def peek_code(tenancy: Tenancy, purpose: str, code: str) -> dict[str, Any] | None:
    """The payload, without using the code up: to ask before acting on it."""
    async with tenancy.control() as session:
        return await rows.find_code(session, digest=digest(code), purpose=purpose)


async def redeem_code(tenancy: Tenancy, purpose: str, code: str) -> dict[str, Any] | None:
    """The payload, for the first who asks; None ever after."""
    async with tenancy.control() as session:
        return await rows.take_code(session, digest=digest(code), purpose=purpose)


async def _found(session: AsyncSession, tenant_id: UUID, user_id: UUID, company: str) -> None:
    """A first tenant, in its own scope, and its owner."""
    await add_tenant(session, tenant_id, name=company)
    await rows.add_membership(session, tenant_id=tenant_id, user_id=user_id, role="owner", pii=True)


def _identity(row: RowMapping | None) -> Identity | None:
    if row is None:
        return None
    active = row["tenant_id"] is not None  # a suspended tenant gives no right
    known = {name: row[name] for name in _KNOWN}
    return Identity(**known, role=row["role"] if active else None, pii=active and bool(row["pii"]))


def parse_address(email: str) -> str:
    """The address as it is stored, or ``InvalidInput``."""
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address) or len(address) > _LONGEST_ADDRESS:
        raise InvalidInput(
            "email",
            "Enter an e-mail address, like name@example.com; an international domain in its xn-- form.",
        )
    return address


def parse_text(field: str, value: str) -> str:
    """A name as it is stored, or ``InvalidInput``."""
    text = " ".join(value.split())
    if not 0 < len(text) <= 120 or "\x00" in text:  # noqa: PLR2004 - said in the message
        raise InvalidInput(field, f"Enter a {field} of 1 to 120 characters.")
    return text
