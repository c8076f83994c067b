"""Tenants: one shop's account each."""

import re
import secrets
import unicodedata
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import tenants as rows
from xsight_core.db.tables import TenantState
from xsight_core.errors import NotFound
from xsight_core.tenancy import Tenancy, TenantId

__all__ = [
    "add_tenant",
    "all_tenants",
    "create_tenant",
    "new_slug",
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


async def tenant_state(tenancy: Tenancy, tenant_id: UUID) -> TenantState:
    """The tenant's shop, connection and versions."""
    async with tenancy.scope(tenant_id) as session:
        state = await rows.find_state(session, tenant_id)
    if state is None:
        raise NotFound("There is no such store.")
    return state
