"""Tenants: one shop's account each."""

import asyncio
import re
import secrets
import unicodedata
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import erasure
from xsight_core.db import tenants as rows
from xsight_core.db.tables import TenantState
from xsight_core.errors import Conflict, NotFound
from xsight_core.services.audit import SYSTEM, record
from xsight_core.services.belongings import Belongings
from xsight_core.tenancy import Tenancy, TenantId

__all__ = [
    "add_tenant",
    "all_tenants",
    "create_tenant",
    "delete_tenant",
    "new_slug",
    "remove_tenant",
    "suspend",
    "tenant_state",
]

_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that are read as another
_SUFFIX_LENGTH: Final = 6
_LONGEST: Final = 20


def new_slug(name: str) -> str:
    """A short name for links, DNS labels and Hub users: the company's letters and six random ones.

    Never changes, says nothing secret, cannot be guessed from the company alone.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    letters = re.sub(r"[^a-z0-9]", "", plain).lstrip("0123456789")[: _LONGEST - _SUFFIX_LENGTH]
    return (letters or "s") + "".join(secrets.choice(_ALPHABET) for _ in range(_SUFFIX_LENGTH))


async def create_tenant(tenancy: Tenancy, *, name: str) -> TenantId:
    """A tenant without members or shop."""
    tenant_id = uuid4()
    async with tenancy.scope(tenant_id) as session:
        await add_tenant(session, tenant_id, name=name)
    return TenantId(tenant_id)


async def add_tenant(session: AsyncSession, tenant_id: UUID, *, name: str) -> str:
    """The same inside a transaction in the new tenant's scope. Its slug."""
    slug = new_slug(name)
    await rows.add_tenant(session, tenant_id=tenant_id, slug=slug, name=name)
    return slug


async def all_tenants(tenancy: Tenancy) -> dict[str, UUID]:
    """Ids by short name, for the operator's commands."""
    async with tenancy.control() as session:
        return await rows.list_tenants(session)


async def suspend(tenancy: Tenancy, tenant_id: UUID, *, suspended: bool) -> None:
    """Nobody gets in, no notebook server starts, nothing is synced; all data stay. Or the end of it."""
    async with tenancy.scope(tenant_id) as session:
        if await rows.set_suspended(session, tenant_id, suspended=suspended):
            action = "tenant.suspended" if suspended else "tenant.resumed"
            await record(session, tenant_id, SYSTEM, action)


async def delete_tenant(tenancy: Tenancy, tenant_id: UUID, *, home: Path) -> dict[str, int]:
    """A suspended store goes for good: rows, files, keys. The record of who did what stays; rows by table."""
    async with tenancy.control() as session:
        found = await rows.find_tenant(session, tenant_id)
    if found is None:
        raise NotFound("There is no such store.")
    slug, suspended_at = found
    if suspended_at is None:
        raise Conflict("A store is suspended first and deleted then.")
    async with tenancy.scope(tenant_id) as session:
        await record(session, tenant_id, SYSTEM, "tenant.deleted")
    return await asyncio.to_thread(remove_tenant, tenancy, tenant_id, slug, home)


def remove_tenant(tenancy: Tenancy, tenant_id: UUID, slug: str, home: Path) -> dict[str, int]:
    """Rows in one transaction, then files. Blocks."""
    with tenancy.connection(tenant_id) as connection:
        done = erasure.remove_tenant(connection)
    Belongings(home, tenant_id, slug).remove()
    return done


async def tenant_state(tenancy: Tenancy, tenant_id: UUID) -> TenantState:
    """The tenant's shop, connection and versions."""
    async with tenancy.scope(tenant_id) as session:
        state = await rows.find_state(session, tenant_id)
    if state is None:
        raise NotFound("There is no such store.")
    return state
