"""People: sign-up, log-in, sessions, memberships, one-time codes.

A secret that a browser or client holds (a cookie, a state, a code) is random and stored as a digest; the text
itself is given out once and never kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID, uuid4

from sqlalchemy import RowMapping

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
    "SESSION_LIFETIME",
    "Audience",
    "Identity",
    "Role",
    "TenantView",
    "add_member",
    "add_person",
    "authenticate",
    "change_password",
    "close_session",
    "close_sessions",
    "identify",
    "identify_session",
    "issue_code",
    "open_session",
    "redeem_code",
    "sign_up",
    "switch_tenant",
    "tenants_of",
]

Audience = Literal["api", "auth", "ws", "app", "connect"]
Role = Literal["owner", "admin", "analyst", "marketer", "viewer"]

SESSION_LIFETIME: Final = timedelta(days=14)

_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")
_SEES_PERSONAL_DATA: Final = frozenset({"owner", "admin"})


@dataclass(frozen=True)
class Identity:
    """Who is asking, and what they may do in the tenant they look at (None: they look at none)."""

    session_id: UUID
    user_id: UUID
    email: str
    name: str
    tenant_id: UUID | None
    slug: str | None
    tenant_name: str | None
    role: str | None
    pii: bool


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
    address = _address(email)
    check_password(password, email=address)
    name, company = _text("name", name), _text("company", company)
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
        await add_tenant(session, tenant_id, name=company)
        await rows.add_membership(
            session, tenant_id=tenant_id, user_id=user_id, role="owner", pii=True
        )
    return user_id


async def add_person(tenancy: Tenancy, *, email: str, password: str, name: str) -> UUID:
    """A new person who belongs to no tenant yet."""
    address = _address(email)
    check_password(password, email=address)
    password_hash = await hash_password(password)
    async with tenancy.control() as session:
        user_id = await rows.add_user(
            session, email=address, name=_text("name", name), password_hash=password_hash
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
    if (
        not await verify_password(password, password_hash)
        or user_id is None
        or password_hash is None
    ):
        raise Forbidden("E-mail address or password is wrong.")
    if needs_rehash(password_hash):
        renewed = await hash_password(password)
        async with tenancy.control() as session:
            await rows.set_password(session, user_id, renewed)
    return user_id


async def change_password(tenancy: Tenancy, user_id: UUID, *, email: str, password: str) -> None:
    """Set a new password and end every session: whoever had the old one is out."""
    check_password(password, email=_address(email))
    password_hash = await hash_password(password)
    async with tenancy.control() as session:
        await rows.set_password(session, user_id, password_hash)
        await rows.revoke_sessions(session, user_id=user_id)


async def open_session(
    tenancy: Tenancy, user_id: UUID, *, user_agent: str | None = None
) -> dict[Audience, str]:
    """A new log-in, looking at the person's first tenant. One secret a cookie, given out only here."""
    secrets: dict[Audience, str] = {audience: new_secret() for audience in get_args(Audience)}
    async with tenancy.control() as session:
        tenants = await rows.memberships(session, user_id)
        await rows.add_session(
            session,
            user_id=user_id,
            tenant_id=tenants[0]["id"] if tenants else None,
            digests={audience: digest(secret) for audience, secret in secrets.items()},
            lifetime=SESSION_LIFETIME,
            user_agent=user_agent[:300] if user_agent else None,
        )
    return secrets


async def identify(tenancy: Tenancy, audience: Audience, secret: str) -> Identity | None:
    """Who holds this audience's secret; None for a secret of another audience, ended or never given out."""
    async with tenancy.control() as session:
        row = await rows.find_identity(session, digest=digest(secret), audience=audience)
        if row is not None and row["stale"]:
            await rows.touch_session(session, row["session_id"])
    return _identity(row)


async def identify_session(tenancy: Tenancy, session_id: UUID) -> Identity | None:
    """Who a session belongs to, as long as it lives: for tokens and sockets that outlast a request."""
    async with tenancy.control() as session:
        row = await rows.find_identity(session, session_id=session_id)
    return _identity(row)


async def close_session(tenancy: Tenancy, session_id: UUID) -> None:
    """Log out here."""
    async with tenancy.control() as session:
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


async def redeem_code(tenancy: Tenancy, purpose: str, code: str) -> dict[str, Any] | None:
    """The payload, for the first who asks; None ever after."""
    async with tenancy.control() as session:
        return await rows.take_code(session, digest=digest(code), purpose=purpose)


def _identity(row: RowMapping | None) -> Identity | None:
    if row is None:
        return None
    active = row["tenant_id"] is not None  # a suspended tenant gives no right
    known = {name: row[name] for name in row if name not in {"stale", "role", "pii"}}
    return Identity(**known, role=row["role"] if active else None, pii=active and bool(row["pii"]))


def _address(email: str) -> str:
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise InvalidInput("email", "Enter an e-mail address, like name@example.com.")
    return address


def _text(field: str, value: str) -> str:
    text = " ".join(value.split())
    if not 0 < len(text) <= 120 or "\x00" in text:  # noqa: PLR2004 - said in the message
        raise InvalidInput(field, f"Enter a {field} of 1 to 120 characters.")
    return text
