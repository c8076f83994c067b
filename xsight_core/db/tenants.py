"""Statements on tenants, their state and the look-up of shops."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Shop, Tenant, TenantState

__all__ = [
    "add_shop",
    "add_tenant",
    "bump_data_version",
    "find_state",
    "find_tenant_of_shop",
    "remove_shops",
    "set_state",
]


async def add_tenant(session: AsyncSession, *, tenant_id: UUID, slug: str, name: str) -> None:
    """A tenant and its state; the session's scope has to be this tenant's."""
    await session.execute(insert(Tenant).values(id=tenant_id, slug=slug, name=name))
    await session.execute(insert(TenantState).values(tenant_id=tenant_id))


async def find_state(session: AsyncSession, tenant_id: UUID) -> TenantState | None:
    """The tenant's row of state."""
    return await session.get(TenantState, tenant_id)


async def set_state(session: AsyncSession, tenant_id: UUID, **values: Any) -> None:
    """Change columns of the tenant's state."""
    await session.execute(
        update(TenantState).where(TenantState.tenant_id == tenant_id).values(**values)
    )


async def bump_data_version(session: AsyncSession, tenant_id: UUID) -> int | None:
    """Say that the tenant's rows changed. The new version."""
    statement = (
        update(TenantState)
        .where(TenantState.tenant_id == tenant_id)
        .values(data_version=TenantState.data_version + 1)
        .returning(TenantState.data_version)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def add_shop(
    session: AsyncSession, *, tenant_id: UUID, domain: str, shop_gid: str | None
) -> UUID:
    """Map a shop's domain to the tenant unless it is mapped. The tenant it is mapped to."""
    statement = upsert(Shop).values(domain=domain, tenant_id=tenant_id, shop_gid=shop_gid)
    mapped = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Shop.domain],
            # a no-op for another tenant's row: it is only locked and read
            set_={"shop_gid": func.coalesce(statement.excluded.shop_gid, Shop.shop_gid)},
            where=Shop.tenant_id == tenant_id,
        ).returning(Shop.tenant_id)
    )
    owner = mapped.scalar_one_or_none()
    if owner is not None:
        return owner
    return (await session.execute(select(Shop.tenant_id).where(Shop.domain == domain))).scalar_one()


async def remove_shops(session: AsyncSession, tenant_id: UUID, *, shop_gid: str, but: str) -> None:
    """Forget domains that a shop has left behind."""
    shops = await session.scalars(
        select(Shop).where(
            Shop.tenant_id == tenant_id, Shop.shop_gid == shop_gid, Shop.domain != but
        )
    )
    for shop in shops:
        await session.delete(shop)
    await session.flush()


async def find_tenant_of_shop(session: AsyncSession, domain: str) -> UUID | None:
    """Whose shop it is."""
    return (
        await session.execute(select(Shop.tenant_id).where(Shop.domain == domain))
    ).scalar_one_or_none()
