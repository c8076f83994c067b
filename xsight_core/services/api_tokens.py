"""API tokens: a program's way in, as one member in one tenant.

A token may at most what its person may at that moment, and of that what its scopes name. It is shown once and kept as a
digest; it ends by itself.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from xsight_core.crypto import digest, new_secret
from xsight_core.db import api_tokens as rows
from xsight_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from xsight_core.services.accounts import Identity, parse_text
from xsight_core.services.audit import Actor, record
from xsight_core.tenancy import Tenancy

__all__ = [
    "PERSONAL_DATA",
    "PREFIX",
    "NewToken",
    "TokenView",
    "create_token",
    "identify_token",
    "list_tokens",
    "revoke_token",
]

PREFIX: Final = "xs_"  # lets scanners of repositories recognise a leaked one
PERSONAL_DATA: Final = "pii"
_LONGEST_DAYS: Final = 366
_MOST: Final = 50


class TokenView(msgspec.Struct, frozen=True):
    """A token without its secret; ``hint`` is how it ends."""

    id: UUID
    user_id: UUID
    email: str
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class NewToken(msgspec.Struct, frozen=True):
    """A token just made. ``secret`` is shown now and never again."""

    token: TokenView
    secret: str


async def create_token(
    tenancy: Tenancy,
    by: Identity,
    actor: Actor,
    *,
    tenant_id: UUID,
    name: str,
    scopes: Collection[str],
    allowed: Collection[str],
    days: int,
) -> NewToken:
    """A token of this person. ``allowed`` are the scopes that they themselves have."""
    called, chosen = parse_text("name", name), sorted(set(scopes))
    if not chosen:
        raise InvalidInput("scopes", f"Choose at least one of {', '.join(sorted(allowed))}.")
    if foreign := set(chosen) - set(allowed):
        raise Forbidden(f"Your role in this store does not include {', '.join(sorted(foreign))}.")
    if not 1 <= days <= _LONGEST_DAYS:
        raise InvalidInput("days", f"A token lives for 1 to {_LONGEST_DAYS} days.")
    secret = PREFIX + new_secret()
    async with tenancy.scope(tenant_id) as session:
        if len(await rows.list_tokens(session, tenant_id, user_id=by.user_id)) >= _MOST:
            raise Conflict(f"There are {_MOST} tokens already; revoke one first.")
        row = await rows.add_token(
            session,
            lifetime=timedelta(days=days),
            tenant_id=tenant_id,
            user_id=by.user_id,
            name=called,
            digest=digest(secret),
            hint=secret[-4:],
            scopes=chosen,
        )
        about = {"scopes": chosen, "days": days}
        await record(
            session, tenant_id, actor, "token.created", object=str(row["id"]), details=about
        )
    return NewToken(TokenView(**row, email=by.email), secret)


async def list_tokens(
    tenancy: Tenancy, by: Identity, tenant_id: UUID, *, everybodys: bool
) -> list[TokenView]:
    """One's own tokens, or for who decides about members, everybody's."""
    async with tenancy.control() as session:
        whose = None if everybodys else by.user_id
        return [
            TokenView(**row) for row in await rows.list_tokens(session, tenant_id, user_id=whose)
        ]


async def revoke_token(
    tenancy: Tenancy,
    by: Identity,
    actor: Actor,
    *,
    tenant_id: UUID,
    token_id: UUID,
    everybodys: bool,
) -> None:
    """End a token at once."""
    async with tenancy.scope(tenant_id) as session:
        whose = None if everybodys else by.user_id
        if not await rows.revoke_token(session, tenant_id, token_id, user_id=whose):
            raise NotFound("There is no such token.")
        await record(session, tenant_id, actor, "token.revoked", object=str(token_id))


async def identify_token(tenancy: Tenancy, secret: str) -> Identity | None:
    """Whose token this is and what it may, asked anew each time: a lost role counts at once."""
    if not secret.startswith(PREFIX):
        return None
    async with tenancy.control() as session:
        row = await rows.find_token(session, digest(secret))
        if row is None:
            return None
        if row["stale"]:
            await rows.touch_token(session, row["session_id"])
    scopes = frozenset(row["scopes"])
    known = {name: row[name] for name in row if name not in {"stale", "scopes", "pii"}}
    return Identity(**known, pii=row["pii"] and PERSONAL_DATA in scopes, scopes=scopes)
