"""One store for all tests here: an API, a member who is logged in, orders with all that is in them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.api.conftest import Api, Browser, serve
from tests.support.market import MarketOrder, add_market, market
from tests.support.postgres import Cluster, Database
from tests.support.simulator import Sim
from xsight_core.services.insights import compute_insights
from xsight_core.settings import Settings
from xsight_core.tenancy import Tenancy

ZONE = "Europe/Berlin"


@dataclass
class Store:
    api: Api
    database: Database
    home: Path
    tenant_id: UUID
    orders: list[MarketOrder]
    cookies: httpx.Cookies

    def sql(self, query: str, **params: object) -> list[tuple]:
        """What a statement written in a test says of this store's rows."""
        with psycopg.connect(self.database.admin_url) as admin:
            admin.execute("SET search_path TO xsight")
            return admin.execute(query, {"tenant": self.tenant_id} | params).fetchall()


@pytest.fixture(scope="session")
def store(
    cluster: Cluster, valkey: str, sim: Sim, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    home, now = tmp_path_factory.mktemp("home"), datetime.now(UTC)

    async def move_in(api: Api, database: Database) -> Store:
        async with api.member() as ann:
            tenant_id = await ann.tenant_id()
            cookies = ann.http.cookies
        orders = market(7, now=now, zone=ZONE)
        add_market(database.admin_url, tenant_id, orders, zone=ZONE)
        tenancy = Tenancy(database.app_url)
        await compute_insights(tenancy, tenant_id, home, now=now)
        await tenancy.close()
        return Store(api, database, home, tenant_id, orders, cookies)

    with cluster.fresh() as database:
        settings = Settings.model_validate(
            {
                "home": home,
                "database_url": database.app_url,
                "ingest_database_url": database.ingest_url,
                "redis_url": valkey,
                "keyring": "test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
                "shopify_client_id": sim.client_id,
                "shopify_client_secret": sim.client_secret,
                "shopify_url_template": sim.url_template,
            }
        )
        with serve(settings) as api:
            yield asyncio.run(move_in(api, database))


@pytest.fixture
async def ann(store: Store) -> AsyncIterator[Browser]:
    async with store.api.browser() as browser:
        browser.http.cookies = store.cookies
        yield browser
