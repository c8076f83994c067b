"""A tenant connected to the simulated shop."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.simulator import Sim
from xsight_core.crypto import Keyring
from xsight_core.services.connect import ShopAccess
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.oauth import App, authorize_url

KEYRING = Keyring.parse("test:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
SCOPES = (
    "read_customers,read_orders,read_all_orders,read_products,read_inventory,read_customer_merge"
)


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
