"""Who acts, as the audit log names it."""

from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection

from api.access import client_address, request_id
from xsight_core.services.accounts import Identity
from xsight_core.services.audit import Actor

__all__ = ["actor_of"]


def actor_of(
    connection: ASGIConnection[Any, Any, Any, Any], *, user_id: UUID | None = None
) -> Actor:
    """The person or token behind a request. ``user_id``: somebody who is just coming in."""
    scope: Any = connection.scope
    where = (client_address(scope) or None, request_id(connection))
    identity: Identity | None = scope.get("user")
    if identity is None:
        return Actor("user", str(user_id) if user_id else None, *where)
    if identity.scopes is not None:
        return Actor("token", str(identity.session_id), *where)
    return Actor("user", str(identity.user_id), *where)
