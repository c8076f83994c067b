"""Statements on the shop behind a tenant: its state, its tokens, the look-up of its domain."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Shop, ShopToken, TenantState
from xsight_core.db.tenants import add_shop

__all__ = [
    "attach",
    "change_state",
    "drop_tokens",
    "lock_tokens",
    "save_tokens",
    "state",
    "tokens",
]


async def attach(session: AsyncSession, *, tenant_id: UUID, domain: str, shop_gid: str) -> UUID:
    """Point the domain at the tenant; the tenant it belongs to, which may be another one.

    A shop is known by its gid: when its domain has changed, the old one is let go.
    """
    owner = await session.scalar(
        select(Shop.tenant_id).where((Shop.domain == domain) | (Shop.shop_gid == shop_gid))
    )
    if owner is not None and owner != tenant_id:
        return owner
    await session.execute(delete(Shop).where(Shop.shop_gid == shop_gid, Shop.domain != domain))
    # another tenant may have been first meanwhile
    return await add_shop(session, tenant_id=tenant_id, domain=domain, shop_gid=shop_gid)


async def state(session: AsyncSession) -> TenantState:
    """The tenant's one row of state."""
    return (await session.scalars(select(TenantState))).one()


async def change_state(session: AsyncSession, **values: Any) -> None:
    """Change the tenant's state (the scope's tenant: row-level security sees no other)."""
    await session.execute(update(TenantState).values(**values))


async def tokens(session: AsyncSession) -> ShopToken | None:
    """The sealed pair."""
    return (await session.scalars(select(ShopToken))).one_or_none()


async def lock_tokens(session: AsyncSession) -> ShopToken | None:
    """The sealed pair, locked: one refresher per shop, the others wait and read the new pair."""
    statement = select(ShopToken).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(statement)).one_or_none()


async def save_tokens(
    session: AsyncSession,
    *,
    tenant_id: UUID,
    access_sealed: str,
    refresh_sealed: str | None,
    access_expires_at: datetime | None,
    refresh_expires_at: datetime | None,
) -> None:
    """Store a pair as a whole."""
    values: dict[str, Any] = {
        "access_sealed": access_sealed,
        "refresh_sealed": refresh_sealed,
        "access_expires_at": access_expires_at,
        "refresh_expires_at": refresh_expires_at,
        "updated_at": func.now(),
    }
    statement = insert(ShopToken).values(tenant_id=tenant_id, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[ShopToken.tenant_id], set_=values)
    )


async def drop_tokens(session: AsyncSession) -> None:
    """Forget the pair: the shop has revoked it."""
    await session.execute(delete(ShopToken))
