"""Statements on tenants, their state and the look-up of shops."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Shop, Tenant, TenantState
from xsight_core.errors import NO_SHOP, NotFound

__all__ = [
    "add_shop",
    "add_tenant",
    "find_state",
    "find_tenant",
    "list_tenants",
    "need_state",
    "set_suspended",
]


async def add_tenant(session: AsyncSession, *, tenant_id: UUID, slug: str, name: str) -> None:
    """A tenant and its state; the session's scope has to be this tenant's."""
    await session.execute(insert(Tenant).values(id=tenant_id, slug=slug, name=name))
    await session.execute(insert(TenantState).values(tenant_id=tenant_id))


async def list_tenants(session: AsyncSession) -> dict[str, UUID]:
    """Every tenant's id by its short name."""
    found = await session.execute(select(Tenant.slug, Tenant.id))
    return {row.slug: row.id for row in found}


async def find_tenant(session: AsyncSession, tenant_id: UUID) -> tuple[str, datetime | None] | None:
    """Short name, and since when it is suspended."""
    query = select(Tenant.slug, Tenant.suspended_at).where(Tenant.id == tenant_id)
    row = (await session.execute(query)).one_or_none()
    return (row.slug, row.suspended_at) if row else None


async def set_suspended(session: AsyncSession, tenant_id: UUID, *, suspended: bool) -> bool:
    """Whether that is news."""
    changed = await session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id, Tenant.suspended_at.is_(None) == suspended)
        .values(suspended_at=func.now() if suspended else None)
        .returning(Tenant.id)
    )
    return changed.scalar_one_or_none() is not None


async def find_state(session: AsyncSession, tenant_id: UUID) -> TenantState | None:
    """The tenant's row of state."""
    return await session.get(TenantState, tenant_id)


async def need_state(session: AsyncSession, tenant_id: UUID) -> TenantState:
    """The same, or ``NotFound``."""
    found = await find_state(session, tenant_id)
    if found is None:
        raise NotFound(NO_SHOP)
    return found


async def add_shop(session: AsyncSession, *, tenant_id: UUID, domain: str, shop_gid: str) -> UUID:
    """Map a shop's domain to the tenant unless it is mapped. The tenant it is mapped to."""
    statement = upsert(Shop).values(domain=domain, tenant_id=tenant_id, shop_gid=shop_gid)
    mapped = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Shop.domain],
            set_={"shop_gid": shop_gid},
            where=Shop.tenant_id == tenant_id,  # another tenant's row is only locked
        ).returning(Shop.tenant_id)
    )
    owner = mapped.scalar_one_or_none()
    if owner is not None:
        return owner
    return (await session.execute(select(Shop.tenant_id).where(Shop.domain == domain))).scalar_one()
