"""``/api/v1/tokens*``: API tokens, for programs."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody

from api.actors import actor_of
from api.resources import Wired
from api.rights import Right, rights_of, scopes_of
from api.stores import tenant_of
from xsight_core.services import api_tokens
from xsight_core.services.accounts import Identity
from xsight_core.services.api_tokens import NewToken, TokenView

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
OWN: Final = {"right": Right.TOKENS}


class TokenWish(msgspec.Struct, forbid_unknown_fields=True):
    """What it is called, what it may, and for how many days."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    scopes: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=40)]], msgspec.Meta(max_length=20)
    ]
    days: int = 90


class Tokens(msgspec.Struct):
    """Tokens that can be used now, and the scopes one may give a new one."""

    tokens: list[TokenView]
    scopes: list[str]


@get("/api/v1/tokens", opt=OWN, tags=["Tokens"])
async def token_list(request: UserRequest, resources: Wired) -> Tokens:
    """One's own tokens; who decides about members sees everybody's."""
    found = await api_tokens.list_tokens(
        resources.tenancy, request.user, tenant_of(request), everybodys=_decides(request)
    )
    return Tokens(found, sorted(scopes_of(request.user)))


@post("/api/v1/tokens", opt=OWN, tags=["Tokens"])
async def create_token(
    request: UserRequest, resources: Wired, data: JSONBody[TokenWish]
) -> NewToken:
    """A new token; `secret` is shown this once. Send it as `Authorization: Bearer …` to `/api/v1`."""
    return await api_tokens.create_token(
        resources.tenancy,
        request.user,
        actor_of(request),
        tenant_id=tenant_of(request),
        name=data.name,
        scopes=data.scopes,
        allowed=scopes_of(request.user),
        days=data.days,
    )


@delete("/api/v1/tokens/{token_id:uuid}", opt=OWN, tags=["Tokens"])
async def revoke_token(request: UserRequest, resources: Wired, token_id: FromPath[UUID]) -> None:
    """End a token at once."""
    await api_tokens.revoke_token(
        resources.tenancy,
        request.user,
        actor_of(request),
        tenant_id=tenant_of(request),
        token_id=token_id,
        everybodys=_decides(request),
    )


def _decides(request: UserRequest) -> bool:
    return Right.MEMBERS in rights_of(request.user)


handlers = [token_list, create_token, revoke_token]
