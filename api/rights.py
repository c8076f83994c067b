"""Who may do what. A route states its right; one that states none keeps the application from starting."""

from enum import StrEnum
from typing import Any, Final, cast

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from api.access import add_header
from api.cookies import audience_of, cookie_name, renewed_cookie
from api.errors import NotLoggedIn
from api.limits import limit_stranger
from api.resources import Resources, resources_of
from xsight_core.crypto import digest
from xsight_core.errors import Forbidden
from xsight_core.services.accounts import Audience, Identity, enter
from xsight_core.services.api_tokens import PERSONAL_DATA, identify_token

__all__ = [
    "RIGHTS",
    "SCOPES",
    "Right",
    "check_rights_stated",
    "identify_caller",
    "require_right",
    "rights_of",
    "scopes_of",
]

Connection = ASGIConnection[Any, Any, Any, Any]


class Right(StrEnum):
    """What a route asks for."""

    PUBLIC = "public"  # anybody, also without a session
    USER = "user"  # logged in
    READ = "read"  # a member of the current tenant
    SYNC = "sync"
    EXPORT = "export"
    SEGMENTS = "segments"  # save them, act on them
    CONNECT = "connect"
    STORE = "store"  # its looks, alerts and reports
    LAB = "lab"
    PUBLISH = "publish"  # hand notebooks in; run them again
    DECIDE = "decide"  # what is published
    TOKENS = "tokens"  # API tokens of one's own
    MEMBERS = "members"  # invite, change, remove
    AUDIT = "audit"
    PRIVACY = "privacy"  # requests of customers about their data
    OPERATOR = "operator"  # the installation's, of no store


_EVERYBODY: Final = frozenset({Right.USER, Right.READ})
_DECIDES: Final = frozenset(
    {
        Right.CONNECT,
        Right.STORE,
        Right.MEMBERS,
        Right.AUDIT,
        Right.PRIVACY,
        Right.DECIDE,
        Right.PUBLISH,
    }
)
RIGHTS: Final[dict[str, frozenset[Right]]] = {
    "owner": _EVERYBODY
    | {Right.SYNC, Right.EXPORT, Right.SEGMENTS, Right.LAB, Right.TOKENS}
    | _DECIDES,
    "admin": _EVERYBODY
    | {Right.SYNC, Right.EXPORT, Right.SEGMENTS, Right.LAB, Right.TOKENS}
    | _DECIDES,
    "analyst": _EVERYBODY
    | {Right.SYNC, Right.EXPORT, Right.SEGMENTS, Right.LAB, Right.TOKENS, Right.PUBLISH},
    "marketer": _EVERYBODY | {Right.SYNC, Right.EXPORT, Right.SEGMENTS, Right.TOKENS},
    "viewer": _EVERYBODY,
}
"""Personal data is no role's: each membership says whether it comes with it."""

_PERSONS_ONLY: Final = frozenset(
    {Right.USER, Right.CONNECT, Right.LAB, Right.TOKENS, Right.OPERATOR}
)
SCOPES: Final = frozenset({*Right} - _PERSONS_ONLY - {Right.PUBLIC}) | {PERSONAL_DATA}
"""What a token can be given: no token makes tokens, log-ins or connections."""


def rights_of(identity: Identity) -> frozenset[Right]:
    """The rights of a person in the tenant they look at; of a token, those of them that its scopes name."""
    if identity.scopes is None:
        return RIGHTS.get(identity.role or "", frozenset({Right.USER}))
    return RIGHTS.get(identity.role or "", frozenset()) & identity.scopes & SCOPES


def scopes_of(identity: Identity) -> frozenset[str]:
    """What this person may give a token."""
    own = frozenset[str](rights_of(identity)) & SCOPES
    return own | {PERSONAL_DATA} if identity.pii else own


async def identify_caller(connection: Connection, handler: BaseRouteHandler) -> None:
    """Make whoever asks ``request.user``; routes for anybody do not look."""
    right, scope = Right(handler.opt["right"]), cast("Any", connection.scope)
    if scope.get("method") == "OPTIONS" or right is Right.PUBLIC:
        return  # OPTIONS is Litestar's own answer: which methods there are
    identity = await _identity(connection)
    if identity is None:
        await limit_stranger(connection)
        raise NotLoggedIn("Log in first.")
    connection.scope["user"] = identity


async def require_right(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let through whoever has the right that the route states."""
    right, scope = Right(handler.opt["right"]), cast("Any", connection.scope)
    if scope.get("method") == "OPTIONS" or right is Right.PUBLIC:
        return
    identity: Identity = connection.user
    if right is Right.OPERATOR:
        if _operates(connection, identity):
            return
        raise Forbidden("XSIGHT_OPERATORS does not name your address, or it is not confirmed.")
    if right in rights_of(identity):
        return
    if identity.scopes is not None:
        raise Forbidden(f"This token does not include “{right}”.")
    raise Forbidden(
        f"Your role in this store ({identity.role or 'none'}) does not include “{right}”."
    )


def _operates(connection: Connection, identity: Identity) -> bool:
    """An address counts once it was confirmed: anybody may sign up with any."""
    named = resources_of(connection.app).settings.operator_addresses
    return identity.scopes is None and identity.verified and identity.email.lower() in named


async def _identity(connection: Connection) -> Identity | None:
    """Who the token belongs to or, without one, the cookie of this path's audience."""
    resources = resources_of(connection.app)
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and connection.scope["path"].startswith("/api/v1/"):
        return await identify_token(resources.tenancy, token.strip())
    audience = audience_of(connection.scope["path"])
    if audience is None:
        return None
    secret = connection.cookies.get(cookie_name(audience, secure=resources.settings.secure))
    return await _by_cookie(connection, resources, audience, secret) if secret else None


async def _by_cookie(
    connection: Connection, resources: Resources, audience: Audience, secret: str
) -> Identity | None:
    """An old secret is exchanged on the way: the answer brings its successor."""
    known = await resources.callers.ask((audience, digest(secret)))
    if known is not None:
        return known
    entered = await enter(resources.tenancy, audience, secret)
    if entered is None:
        return None
    identity, renewed = entered
    if renewed is not None:
        cookie = renewed_cookie(audience, renewed, secure=resources.settings.secure)
        add_header(connection.scope, "Set-Cookie", cookie.to_header(header=""))
    return identity


def check_rights_stated(app: Litestar) -> None:
    """Default deny: refuse to start when a route says nothing about who may use it."""
    silent = [
        f"{route.path} ({handler})"
        for route in app.routes
        for handler in _handlers(route)
        if handler.opt.get("right") not in set(Right)
    ]
    if silent:
        raise RuntimeError(f"no right stated by: {', '.join(silent)}")


def _handlers(route: BaseRoute) -> list[BaseRouteHandler]:
    """A route's own handlers, without the one that Litestar adds for OPTIONS."""
    if isinstance(route, HTTPRoute):
        return [
            handler
            for method, (handler, _) in route.route_handler_map.items()
            if method != "OPTIONS"
        ]
    return [cast("Any", route).route_handler]
