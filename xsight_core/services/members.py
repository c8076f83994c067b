"""Who belongs to a tenant: invitations, roles, the right to personal data, and leaving.

Owners decide about everybody, admins about everybody but owners; nobody gives a right that they do not have. A tenant
always has an owner.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, get_args
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.crypto import digest, new_secret
from xsight_core.db import accounts as people
from xsight_core.db import members as rows
from xsight_core.db.tables import Membership
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from xsight_core.services.accounts import Identity, Role, parse_address, parse_text
from xsight_core.services.audit import Actor, record
from xsight_core.services.mail import Letter, Post
from xsight_core.services.passwords import check_password, hash_password
from xsight_core.tenancy import Tenancy

__all__ = [
    "Accepted",
    "InvitationView",
    "Invited",
    "MemberView",
    "Offer",
    "accept_as_newcomer",
    "accept_as_user",
    "change_member",
    "invite",
    "list_invitations",
    "list_members",
    "read_offer",
    "remove_member",
    "withdraw_invitation",
]

INVITATION_LIFETIME: Final = timedelta(days=7)
_NO_MEMBER: Final = "There is no such member."
_GONE: Final = "This invitation was used, withdrawn, or is too old. Ask for a new one."


class MemberView(msgspec.Struct, frozen=True):
    """A member. ``you``: whoever asks."""

    id: UUID
    email: str
    name: str
    role: str
    pii: bool
    created_at: datetime
    seen_at: datetime | None
    you: bool


class InvitationView(msgspec.Struct, frozen=True):
    """A place that is offered."""

    id: UUID
    email: str
    role: str
    pii: bool
    created_at: datetime
    expires_at: datetime


class Invited(msgspec.Struct, frozen=True):
    """An invitation just made. ``link`` is there when no mail server is configured: pass it on yourself."""

    invitation: InvitationView
    link: str | None


@dataclass(frozen=True)
class Offer:
    """What an invitation's code stands for. ``has_account``: the address can log in here."""

    tenant_id: UUID
    tenant_name: str
    email: str
    role: str
    has_account: bool


@dataclass(frozen=True)
class Accepted:
    """Who joined which tenant."""

    user_id: UUID
    tenant_id: UUID


async def list_members(tenancy: Tenancy, asker: Identity, tenant_id: UUID) -> list[MemberView]:
    """Everybody in the tenant."""
    async with tenancy.control() as session:
        found = await rows.list_members(session, tenant_id)
    return [MemberView(**row, you=row["id"] == asker.user_id) for row in found]


async def list_invitations(tenancy: Tenancy, tenant_id: UUID) -> list[InvitationView]:
    """Places offered and not taken yet."""
    async with tenancy.control() as session:
        return [InvitationView(**row) for row in await rows.list_invitations(session, tenant_id)]


async def invite(
    tenancy: Tenancy,
    post: Post,
    by: Identity,
    actor: Actor,
    *,
    tenant_id: UUID,
    email: str,
    role: str,
    pii: bool,
    public_url: str,
) -> tuple[Invited, UUID | None]:
    """Offer a place in the tenant, and the mail job to ring for."""
    address = parse_address(email)
    _check_gift(by, role=role, pii=pii)
    if post.sends and not by.verified:
        raise Conflict("Confirm your own e-mail address first; the link is in your mail.")
    code = new_secret()
    link = f"{public_url}/invitation?code={code}"
    async with tenancy.scope(tenant_id) as session:
        if await rows.find_member(session, tenant_id, address) is not None:
            raise InvalidInput("email", "This person is a member already.")
        row = await rows.add_invitation(
            session,
            lifetime=INVITATION_LIFETIME,
            tenant_id=tenant_id,
            email=address,
            role=role,
            pii=pii,
            digest=digest(code),
            invited_by=by.user_id,
        )
        letter = _invitation_letter(by, role, link)
        job = await post.put(session, address, letter, lifetime=INVITATION_LIFETIME)
        about = {"role": role, "pii": pii}
        await record(
            session, tenant_id, actor, "member.invited", object=str(row["id"]), details=about
        )
    return Invited(InvitationView(**row), None if post.sends else link), job


async def withdraw_invitation(
    tenancy: Tenancy, actor: Actor, tenant_id: UUID, invitation_id: UUID
) -> None:
    """Take an offer back."""
    async with tenancy.scope(tenant_id) as session:
        if not await rows.end_invitation(session, tenant_id, invitation_id):
            raise NotFound("There is no such invitation.")
        await record(session, tenant_id, actor, "invitation.withdrawn", object=str(invitation_id))


async def change_member(
    tenancy: Tenancy,
    by: Identity,
    actor: Actor,
    *,
    tenant_id: UUID,
    user_id: UUID,
    role: str | None,
    pii: bool | None,
) -> None:
    """Give a member another role, or give or take the right to personal data."""
    async with tenancy.scope(tenant_id) as session:
        member = await _held(session, by, tenant_id, user_id)
        new_role = member.role if role is None else role
        new_pii = member.pii if pii is None else pii
        gives_pii = new_pii and not member.pii
        _check_gift(by, role=new_role, pii=gives_pii)
        if member.role == "owner" and new_role != "owner":
            await _another_owner(session, tenant_id, user_id)
        before = {"role_before": member.role, "pii_before": member.pii}
        await rows.set_member(session, tenant_id, user_id, role=new_role, pii=new_pii)
        about = before | {"role": new_role, "pii": new_pii}
        await record(
            session, tenant_id, actor, "member.changed", object=str(user_id), details=about
        )


async def remove_member(
    tenancy: Tenancy, by: Identity, actor: Actor, *, tenant_id: UUID, user_id: UUID
) -> None:
    """End a membership, its API tokens, and its log-ins' view of the tenant, in one moment."""
    async with tenancy.scope(tenant_id) as session:
        member = await _held(session, by, tenant_id, user_id)
        if member.role == "owner":
            await _another_owner(session, tenant_id, user_id)
        await rows.remove_member(session, tenant_id, user_id)
        await rows.move_sessions(session, tenant_id, user_id)
        await record(session, tenant_id, actor, "member.removed", object=str(user_id))


async def read_offer(tenancy: Tenancy, code: str) -> Offer:
    """What the code offers, without taking it."""
    async with tenancy.control() as session:
        row = await _offer(session, code)
    has_account = row["user_id"] is not None
    return Offer(row["tenant_id"], row["tenant_name"], row["email"], row["role"], has_account)


async def accept_as_newcomer(
    tenancy: Tenancy, actor: Actor, *, code: str, name: str, password: str, mailed: bool
) -> Accepted:
    """Take the place with a new account. ``mailed``: the code came by mail, so the address is theirs."""
    offer = await read_offer(tenancy, code)
    if offer.has_account:
        raise InvalidInput("email", "There is an account with this address. Log in to join.")
    check_password(password, email=offer.email)
    called = parse_text("name", name)
    password_hash = await hash_password(password)
    async with tenancy.scope(offer.tenant_id) as session:
        row = await _offer(session, code)
        user_id = await people.add_user(
            session, email=row["email"], name=called, password_hash=password_hash
        )
        if user_id is None:
            raise InvalidInput("email", "There is an account with this address. Log in to join.")
        await _join(session, actor, row, user_id, mailed=mailed)
    return Accepted(user_id, offer.tenant_id)


async def accept_as_user(
    tenancy: Tenancy, actor: Actor, *, code: str, user_id: UUID, mailed: bool
) -> Accepted:
    """Take the place with the account of the invited address, after a log-in."""
    offer = await read_offer(tenancy, code)
    async with tenancy.scope(offer.tenant_id) as session:
        row = await _offer(session, code)
        if row["user_id"] != user_id:
            raise Forbidden(f"This invitation is for {row['email']}.")
        await _join(session, actor, row, user_id, mailed=mailed)
    return Accepted(user_id, offer.tenant_id)


async def _offer(session: AsyncSession, code: str) -> RowMapping:
    row = await rows.find_invitation(session, digest(code))
    if row is None:
        raise NotFound(_GONE)
    return row


async def _join(
    session: AsyncSession, actor: Actor, row: RowMapping, user_id: UUID, *, mailed: bool
) -> None:
    tenant_id = row["tenant_id"]
    if mailed:
        await people.set_verified(session, user_id)
    await rows.end_invitation(session, tenant_id, row["id"])
    await people.add_membership(
        session, tenant_id=tenant_id, user_id=user_id, role=row["role"], pii=row["pii"]
    )
    joined = Actor("user", str(user_id), actor.address, actor.request_id)
    await record(session, tenant_id, joined, "member.joined", object=str(row["id"]))


async def _held(session: AsyncSession, by: Identity, tenant_id: UUID, user_id: UUID) -> Membership:
    """The member to change, with all memberships locked; owners are changed by owners only."""
    members = await rows.lock_members(session, tenant_id)
    member, asker = members.get(user_id), members.get(by.user_id)
    if member is None or asker is None:
        raise NotFound(_NO_MEMBER)
    if member.role == "owner" and asker.role != "owner":
        raise Forbidden("Only an owner may change or remove an owner.")
    return member


async def _another_owner(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> None:
    members = await rows.lock_members(session, tenant_id)
    if not any(m.role == "owner" for who, m in members.items() if who != user_id):
        raise Conflict("A store needs an owner. Make somebody else owner first.")


def _check_gift(by: Identity, *, role: str, pii: bool) -> None:
    """Nobody gives what they do not have."""
    if role not in get_args(Role):
        raise InvalidInput("role", f"The role is one of {', '.join(get_args(Role))}.")
    if role == "owner" and by.role != "owner":
        raise Forbidden("Only an owner may make somebody owner.")
    if pii and not by.pii:
        raise Forbidden("You may not give the right to personal data: you do not have it.")


def _invitation_letter(by: Identity, role: str, link: str) -> Letter:
    return Letter(
        subject=f"{by.name} invites you to {by.tenant_name} on XSight",
        greeting="Hello,",
        says=f"{by.name} ({by.email}) invites you to see the customers of {by.tenant_name} on XSight, as {role}.",
        button="Join",
        link=link,
        otherwise="The link works once and for seven days. If you do not know the sender, do nothing.",
    )
