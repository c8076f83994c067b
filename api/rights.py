"""Who may do what. A route states its right; one that states none keeps the application from starting."""

from enum import StrEnum
from typing import Any, Final, cast

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import BaseRoute, HTTPRoute

from api.cookies import audience_of, cookie_name
from api.errors import NotLoggedIn
from api.resources import resources_of
from xsight_core.errors import Forbidden
from xsight_core.services.accounts import Identity, identify

__all__ = ["RIGHTS", "Right", "check_rights_stated", "require_right", "rights_of"]

Connection = ASGIConnection[Any, Any, Any, Any]


class Right(StrEnum):
    """What a route asks for."""

    PUBLIC = "public"  # anybody, also without a session
    USER = "user"  # logged in
    READ = "read"  # a member of the current tenant
    SYNC = "sync"
    CONNECT = "connect"
    LAB = "lab"


_EVERYBODY: Final = frozenset({Right.USER, Right.READ})
RIGHTS: Final[dict[str, frozenset[Right]]] = {
    "owner": _EVERYBODY | {Right.SYNC, Right.CONNECT, Right.LAB},
    "admin": _EVERYBODY | {Right.SYNC, Right.CONNECT, Right.LAB},
    "analyst": _EVERYBODY | {Right.SYNC, Right.LAB},
    "marketer": _EVERYBODY | {Right.SYNC},
    "viewer": _EVERYBODY,
}


def rights_of(identity: Identity) -> frozenset[Right]:
    """The rights of a person in the tenant they look at."""
    return RIGHTS.get(identity.role or "", frozenset({Right.USER}))


async def require_right(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let through whoever has the right that the route states, and make them ``request.user``."""
    scope: Any = connection.scope
    if scope.get("method") == "OPTIONS":
        return  # Litestar's own answer: which methods there are
    right = Right(handler.opt["right"])
    if right is Right.PUBLIC:
        return
    identity = await _identity(connection)
    if identity is None:
        raise NotLoggedIn("Log in first.")
    scope["user"] = identity
    if right not in rights_of(identity):
        raise Forbidden(
            f"Your role in this store ({identity.role or 'none'}) does not include “{right}”."
        )


async def _identity(connection: Connection) -> Identity | None:
    """Who the cookie of this path's audience belongs to."""
    audience = audience_of(connection.scope["path"])
    if audience is None:
        return None
    resources = resources_of(connection.app)
    secret = connection.cookies.get(cookie_name(audience, secure=resources.settings.secure))
    return await identify(resources.tenancy, audience, secret) if secret else None


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
