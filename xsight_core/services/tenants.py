"""Tenants: one shop's account each."""

import re
import secrets
import unicodedata
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db import tenants as rows
from xsight_core.db.tables import TenantState
from xsight_core.errors import Conflict, NotFound
from xsight_core.tenancy import Tenancy, TenantId

__all__ = [
    "add_tenant",
    "bump_data_version",
    "create_tenant",
    "map_shop",
    "new_slug",
    "tenant_of_shop",
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


async def tenant_state(tenancy: Tenancy, tenant_id: UUID) -> TenantState:
    """The tenant's shop, connection and versions."""
    async with tenancy.scope(tenant_id) as session:
        state = await rows.find_state(session, tenant_id)
    if state is None:
        raise NotFound("There is no such store.")
    return state


async def map_shop(
    session: AsyncSession, tenant_id: UUID, *, domain: str, shop_gid: str | None = None
) -> None:
    """From now on webhooks and log-ins of this shop belong to the tenant. One shop belongs to one tenant."""
    owner = await rows.add_shop(session, tenant_id=tenant_id, domain=domain, shop_gid=shop_gid)
    if owner != tenant_id:
        raise Conflict(f"{domain} is connected to another account. Disconnect it there first.")
    if shop_gid is not None:  # the shop's gid stays when its domain changes
        await rows.remove_shops(session, tenant_id, shop_gid=shop_gid, but=domain)


async def tenant_of_shop(tenancy: Tenancy, domain: str) -> TenantId | None:
    """Whose shop it is."""
    async with tenancy.control() as session:
        found = await rows.find_tenant_of_shop(session, domain)
    return None if found is None else TenantId(found)


async def bump_data_version(session: AsyncSession, tenant_id: UUID) -> int:
    """Say, in the transaction that changed them, that the tenant's rows changed. The new version."""
    version = await rows.bump_data_version(session, tenant_id)
    if version is None:
        raise NotFound("There is no such store.")
    return version
