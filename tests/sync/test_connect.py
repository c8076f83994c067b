"""Connecting a store, and keeping the connection."""

import asyncio

import httpx
import psycopg
import pytest

from tests.support.tenants import add_tenant
from tests.sync.conftest import KEYRING, app_of, approve
from xsight_core.errors import AccessDenied, Conflict, TokenRevoked
from xsight_core.services.connect import ShopAccess, connect_shop
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.sync import shops


async def test_connecting_keeps_the_shop_and_seals_the_tokens(shop, sim, rows):
    [(domain, connection, since, scopes)] = rows(
        "SELECT domain, connection, history_since, scopes FROM xsight.tenant_state"
    )
    assert (domain, connection, since) == (sim.shop, "connected", None)
    assert "read_all_orders" in scopes
    [(access_sealed, refresh_sealed)] = rows(
        "SELECT access_sealed, refresh_sealed FROM xsight.shop_tokens"
    )
    assert "shpat" not in access_sealed
    token = KEYRING.open(access_sealed, tenant_id=shop.id, purpose="shopify access token")
    assert token.startswith("shpat_")
    assert refresh_sealed is not None


async def test_without_all_orders_the_history_is_said_to_begin_somewhere(
    tenancy, tenant, sim, rows
):
    scopes = "read_customers,read_orders,read_products"
    async with httpx.AsyncClient() as http:
        access = ShopAccess(tenancy, KEYRING, http, app=app_of(sim, scopes), version="2026-10")
        query = await approve(sim, sim.shop, scopes)
        await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
    assert rows("SELECT history_since < current_date - 58 FROM xsight.tenant_state") == [(True,)]


async def test_a_store_that_grants_too_little_is_not_connected(tenancy, tenant, sim, rows):
    scopes = "read_products"
    async with httpx.AsyncClient() as http:
        access = ShopAccess(tenancy, KEYRING, http, app=app_of(sim, scopes), version="2026-10")
        query = await approve(sim, sim.shop, scopes)
        with pytest.raises(AccessDenied, match="read_customers, read_orders"):
            await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
    assert rows("SELECT connection FROM xsight.tenant_state") == [("none",)]


async def test_a_shop_belongs_to_one_tenant(access, shop, sim, database):
    other = add_tenant(database.admin_url, "other")
    query = await approve(sim, sim.shop)
    with pytest.raises(Conflict, match="connected to another account"):
        await access.connect(other.id, parse_shop_domain(sim.shop), query["code"])


async def test_of_two_tenants_that_connect_a_shop_at_once_one_gets_it(
    tenancy, tenant, other_tenant, database
):
    domain = parse_shop_domain("garden.myshopify.com")

    async def attach(who):
        async with tenancy.scope(who.id) as session:
            return await shops.attach(session, tenant_id=who.id, domain=domain, shop_gid="gid")

    async with tenancy.scope(tenant.id) as session:
        given = {"tenant_id": tenant.id, "domain": domain, "shop_gid": "gid"}
        assert await shops.attach(session, **given) == tenant.id
        second = asyncio.create_task(attach(other_tenant))
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            async with asyncio.timeout(60):  # it has seen no owner, and waits for this transaction
                while not admin.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
                    await asyncio.sleep(0.02)
    assert await second == tenant.id
    assert await attach(tenant) == tenant.id


async def test_a_code_works_once(settings, tenancy, tenant, sim):
    query = await approve(sim, sim.shop)
    arguments = {"tenant_id": tenant.id, "shop": parse_shop_domain(sim.shop), "code": query["code"]}
    assert await connect_shop(tenancy, settings, **arguments)
    with pytest.raises(TokenRevoked):
        await connect_shop(tenancy, settings, **arguments)
