"""Proof that an address is a person's: a link by mail confirms it, another lets them choose a new password."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.crypto import digest, new_secret
from xsight_core.db import accounts as rows
from xsight_core.db.tables import User
from xsight_core.errors import NotFound
from xsight_core.services.accounts import peek_code, redeem_code
from xsight_core.services.audit import INSTALLATION, Actor, record
from xsight_core.services.mail import Letter, Post
from xsight_core.services.passwords import check_password, hash_password
from xsight_core.tenancy import Tenancy

__all__ = ["ask_for_proof", "ask_for_reset", "confirm_address", "reset_password"]


@dataclass(frozen=True)
class _Link:
    """A link that proves an address, and the letter it comes in. ``purpose`` is the page it opens, too."""

    purpose: str
    lifetime: timedelta
    subject: str
    says: str
    button: str
    otherwise: str


_RESET: Final = _Link(
    "reset",
    timedelta(hours=1),
    "Choose a new password for XSight",
    "somebody, hopefully you, asked for a new password for your account on XSight.",
    "Choose a new password",
    "The link works once and for an hour. If it was not you, do nothing: your password stays.",
)
_VERIFY: Final = _Link(
    "verify",
    timedelta(days=3),
    "Confirm your e-mail address for XSight",
    "please confirm that this is your address. Invitations and new passwords are then sent to it.",
    "Confirm",
    "The link works once and for three days. If you have no account on XSight, do nothing.",
)
_GONE: Final = "This link was used or is too old. Ask for a new one."


async def ask_for_reset(
    tenancy: Tenancy, post: Post, actor: Actor, *, email: str, public_url: str
) -> UUID | None:
    """Send a link to the address if somebody has it; nobody is told whether. The job to ring for."""
    async with tenancy.scope(INSTALLATION) as session:
        user = await rows.find_user(session, email=email.strip().lower())
        if user is None:
            return None
        job = await _send_link(session, post, user, _RESET, public_url)
        await record(session, INSTALLATION, actor, "password.reset_asked", object=str(user.id))
    return job


async def reset_password(tenancy: Tenancy, actor: Actor, *, code: str, password: str) -> UUID:
    """Set the new password and end every log-in. The code is used up only by a password that will do."""
    payload = await peek_code(tenancy, _RESET.purpose, code)
    if payload is None:
        raise NotFound(_GONE)
    check_password(password, email=payload["email"])
    password_hash = await hash_password(password)
    user_id = UUID(payload["user"])
    async with tenancy.scope(INSTALLATION) as session:
        if await rows.take_code(session, digest=digest(code), purpose=_RESET.purpose) is None:
            raise NotFound(_GONE)
        await rows.set_password(session, user_id, password_hash)
        await rows.set_verified(session, user_id)
        await rows.revoke_sessions(session, user_id=user_id)
        await record(session, INSTALLATION, actor, "password.reset", object=str(user_id))
    return user_id


async def ask_for_proof(
    tenancy: Tenancy, post: Post, *, user_id: UUID, public_url: str
) -> UUID | None:
    """Send a link that confirms the address, unless it is confirmed. The job to ring for."""
    async with tenancy.control() as session:
        user = await rows.find_user(session, user_id=user_id)
        if user is None or user.email_verified_at is not None:
            return None
        return await _send_link(session, post, user, _VERIFY, public_url)


async def confirm_address(tenancy: Tenancy, actor: Actor, *, code: str) -> None:
    """The link was used."""
    payload = await redeem_code(tenancy, _VERIFY.purpose, code)
    if payload is None:
        raise NotFound(_GONE)
    async with tenancy.scope(INSTALLATION) as session:
        await rows.set_verified(session, UUID(payload["user"]))
        await record(session, INSTALLATION, actor, "address.confirmed", object=payload["user"])


async def _send_link(
    session: AsyncSession, post: Post, user: User, link: _Link, public_url: str
) -> UUID | None:
    """A code, and the letter that alone holds it. The job to ring for, where mail is sent."""
    code = new_secret()
    await rows.add_code(
        session,
        digest=digest(code),
        purpose=link.purpose,
        payload={"user": str(user.id), "email": user.email},
        lifetime=link.lifetime,
    )
    letter = Letter(
        subject=link.subject,
        greeting=f"Hello {user.name},",
        says=link.says,
        button=link.button,
        link=f"{public_url}/{link.purpose}?code={code}",
        otherwise=link.otherwise,
    )
    return await post.put(session, user.email, letter, lifetime=link.lifetime)
