"""Events of the audit log that belong to no other transaction."""

from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection

from api.actors import actor_of
from api.resources import Resources
from xsight_core.services.audit import INSTALLATION, record

__all__ = ["note"]

Connection = ASGIConnection[Any, Any, Any, Any]


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
