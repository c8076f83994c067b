"""Who acts, as the audit log names it, and events that belong to no other transaction."""

from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection

from api.access import client_address, request_id
from api.resources import Resources
from xsight_core.services.accounts import Identity
from xsight_core.services.audit import INSTALLATION, Actor, record

__all__ = ["actor_of", "note"]

Connection = ASGIConnection[Any, Any, Any, Any]


def actor_of(connection: Connection, *, user_id: UUID | None = None) -> Actor:
    """The person or token behind a request. ``user_id``: somebody who is just coming in."""
    scope: Any = connection.scope
    where = (client_address(scope) or None, request_id(connection))
    identity: Identity | None = scope.get("user")
    if identity is None:
        return Actor("user", str(user_id) if user_id else None, *where)
    if identity.scopes is not None:
        return Actor("token", str(identity.session_id), *where)
    return Actor("user", str(identity.user_id), *where)


async def note(
    connection: Connection,
    resources: Resources,
    action: str,
    *,
    tenant_id: UUID | None = None,
    user_id: UUID | None = None,
    **event: Any,
) -> None:
    """Write an event by itself; without a tenant into the installation's chain."""
    chain = tenant_id or INSTALLATION
    async with resources.tenancy.scope(chain) as session:
        await record(session, chain, actor_of(connection, user_id=user_id), action, **event)
