"""How many requests a tenant, a person, a token or, before a log-in, an address may make.

Each may save up ``BURST_S`` seconds' worth. The address is the one a trusted proxy saw (:class:`api.access.Hops`), so a
header cannot make up another.
"""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from api.access import add_header, client_address
from api.errors import TooManyRequests
from api.resources import Resources, resources_of
from api.throttle import Attempt, Limit, Standing
from xsight_core.services.accounts import Identity

__all__ = ["limit_rate", "limit_stranger"]

BURST_S: Final = 10

Connection = ASGIConnection[Any, Any, Any, Any]


async def limit_rate(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard of every route but those for machines (the Hub's) and ``unlimited`` ones (health, assets)."""
    scope: Any = connection.scope
    free = handler.opt.get("unlimited") or handler.opt.get("machine")
    if free or scope.get("method") == "OPTIONS":
        return
    resources = resources_of(connection.app)
    identity: Identity | None = scope.get("user")
    subjects = _subjects(resources, identity) if identity else _address(resources, connection)
    await _count(resources, connection, subjects)


async def limit_stranger(connection: Connection) -> None:
    """For who is about to be told to log in."""
    resources = resources_of(connection.app)
    await _count(resources, connection, _address(resources, connection))


async def _count(resources: Resources, connection: Connection, subjects: list[Attempt]) -> None:
    if not subjects:
        return
    standing = await resources.throttle.count(*subjects)
    _tell(connection, standing)
    if standing.wait_s:
        raise TooManyRequests("Too many requests; wait a moment and try again.", standing.wait_s)


def _subjects(resources: Resources, identity: Identity) -> list[Attempt]:
    settings = resources.settings
    who = "user" if identity.scopes is None else "token"
    whose = identity.user_id if identity.scopes is None else identity.session_id
    found = [(_limit(who, settings.rate_user), str(whose))]
    if identity.tenant_id is not None:
        found.append((_limit("tenant", settings.rate_tenant), str(identity.tenant_id)))
    return [(limit, subject) for limit, subject in found if limit.burst]


def _address(resources: Resources, connection: Connection) -> list[Attempt]:
    """None for our own processes, which come without a proxy."""
    limit = _limit("address", resources.settings.rate_address)
    address = client_address(connection.scope)
    return [(limit, address)] if limit.burst and address else []


def _limit(name: str, per_second: int) -> Limit:
    """``per_second`` 0: none."""
    return Limit(f"rate-{name}", per_second * BURST_S, 1 / per_second if per_second else 0)


def _tell(connection: Connection, standing: Standing) -> None:
    add_header(connection.scope, "RateLimit-Limit", str(standing.limit))
    add_header(connection.scope, "RateLimit-Remaining", str(standing.remaining))
    add_header(connection.scope, "RateLimit-Reset", str(standing.reset_s))
