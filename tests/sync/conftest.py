"""A tenant connected to the simulated shop."""

import itertools
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import psycopg
import pytest

from shopify_sim.config import ShopConfig, SimConfig
from tests.support.postgres import Cluster, Database
from tests.support.simulator import APP, SHOP, Sim, running_sim
from xsight_core.crypto import Keyring
from xsight_core.db.intake import Webhook, store_webhooks
from xsight_core.services import sync, webhooks
from xsight_core.services.connect import ShopAccess
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.mapping import COLUMNS
from xsight_core.shopify.oauth import App, authorize_url
from xsight_core.sync import runs

KEYRING = Keyring.parse("test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
SCOPES = (
    "read_customers,read_orders,read_all_orders,read_products,read_inventory,read_customer_merge,"
    "read_reports"
)


PLENTY = {"bucket_maximum": 20_000, "bucket_restore_per_s": 1000}
"""A Plus shop's bucket: of most tests, the pace is not the matter."""


@dataclass(frozen=True)
class OneShop(Sim):
    """A simulator of many shops, seen by a test that has one of them for itself."""

    domain: str

    @property
    def shop(self) -> str:
        return self.domain


@pytest.fixture(scope="module")
def many_shops() -> Iterator[Sim]:
    """One simulator a module; a shop of 60 customers is founded when it is first asked for."""
    config = SimConfig(
        shops=(ShopConfig(SHOP, "generated:60"),),
        apps=(APP,),
        auto_approve=True,
        on_demand={"garden-": "generated:60"},
        **PLENTY,
    )
    with running_sim(config) as sim:
        yield sim


@pytest.fixture
def sim(many_shops: Sim) -> Sim:
    """A shop of this test's own."""
    domain = f"garden-{secrets.token_hex(4)}.myshopify.com"
    httpx.get(f"{many_shops.url}/shops/{domain}/_sim/truth").raise_for_status()
    return OneShop(many_shops.url, many_shops.app, domain)


@pytest.fixture(scope="module")
def shared_database(cluster: Cluster) -> Iterator[Database]:
    with cluster.fresh() as database:
        yield database


@pytest.fixture
def database(shared_database: Database) -> Database:
    """One a module: each test has a tenant of its own, and what is not a tenant's is emptied."""
    with psycopg.connect(shared_database.admin_url) as admin:
        admin.execute("DELETE FROM control.jobs")
        admin.execute("DELETE FROM control.inbox")
        admin.execute("DELETE FROM xsight.shop_tokens")
        admin.execute("UPDATE xsight.tenant_state SET connection = 'none'")
    return shared_database


def app_of(sim: Sim, scopes: str = SCOPES) -> App:
    return App(sim.client_id, (sim.client_secret,), scopes, sim.url_template)


async def approve(sim: Sim, shop: str, scopes: str = SCOPES) -> dict[str, str]:
    """What the merchant's browser brings back after the merchant agreed."""
    url = authorize_url(
        app_of(sim, scopes),
        parse_shop_domain(shop),
        state="a-state",
        redirect_uri="http://127.0.0.1:9/auth/callback",
    )
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
    assert answer.is_redirect, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """A shop in trouble is asked again, but sooner."""
    monkeypatch.setattr("xsight_core.shopify.client._FIRST_PAUSE_S", 0.05)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as http:
        yield http


@pytest.fixture
def access(tenancy, http, sim) -> ShopAccess:
    return ShopAccess(tenancy, KEYRING, http, app=app_of(sim), version="2026-10")


@pytest.fixture
async def shop(access, tenant, sim):
    """The tenant, connected."""
    query = await approve(sim, sim.shop)
    await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
    return tenant


class Store:
    """The simulated shop's controls."""

    def __init__(self, sim: Sim) -> None:
        self._url = f"{sim.url}/shops/{sim.shop}/_sim"

    def truth(self) -> dict:
        return httpx.get(f"{self._url}/truth").raise_for_status().json()

    def act(self, name: str, **body) -> dict:
        return httpx.post(f"{self._url}/{name}", json=body).raise_for_status().json()


@pytest.fixture
def store(sim) -> Store:
    return Store(sim)


class Heard:
    """Everything that was published."""

    def __init__(self) -> None:
        self.messages: list[dict] = []

    async def publish(self, tenant_id, message) -> None:
        self.messages.append(message)


async def synced(access, tenant, kind=None, heard=None) -> dict:
    """Ask for a sync, carry it out, end it as the insights would; how it stood before that."""
    state = await sync.request_sync(access.tenancy, tenant.id, kind=kind)
    run = UUID(state["run"])
    await sync.run_sync(
        access,
        heard or Heard(),
        tenant_id=tenant.id,
        run=run,
        public_url="https://xs.example",
    )
    state = await sync.run_state(access.tenancy, tenant.id, run)
    async with access.tenancy.scope(tenant.id) as session:
        await runs.change(session, run, status="completed")
    return state


@pytest.fixture
def rows(tenancy, tenant):
    """Read the tenant's rows."""

    def rows(statement, *values):
        with tenancy.connection(tenant.id) as connection:
            return connection.execute(statement, values).fetchall()

    return rows


def lose_orders(rows, count: int) -> None:
    """The oldest orders vanish from our tables with all their parts, as nothing of ours would do."""
    lost = [row[0] for row in rows("SELECT id FROM xsight.orders ORDER BY id LIMIT %s", count)]
    for table, columns in COLUMNS.items():
        key = "id" if table == "orders" else "order_id"
        if key in columns and (table == "orders" or "order_id" in columns):
            rows(f"DELETE FROM xsight.{table} WHERE {key} = ANY(%s) RETURNING 1", lost)


def named(gid) -> dict:
    """A payload that names an object and says nothing else."""
    return {"id": 1, "admin_graphql_api_id": gid}


@pytest.fixture
async def deliver(access, shop, sim, database):
    """Store webhooks as the API does, and dispatch them."""
    numbers = itertools.count()

    async def deliver(*deliveries, triggered_at=None):
        found = [
            Webhook(
                sim.shop, f"w{next(numbers)}", topic, None, triggered_at, json.dumps(body).encode()
            )
            for topic, body in deliveries
        ]
        async with await psycopg.AsyncConnection.connect(database.ingest_url) as connection:
            await store_webhooks(connection, found)
        return await webhooks.dispatch_webhooks(access, tenant_id=shop.id)

    return deliver
