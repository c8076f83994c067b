"""Shops without a server: the fixtures ask the simulator's own functions."""

from datetime import UTC, datetime

import pytest

from shopify_sim.config import AppConfig, ShopConfig, SimConfig
from shopify_sim.graphql import answer
from shopify_sim.schema import LATEST
from shopify_sim.shop import Shop, open_shop

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
APP = AppConfig("app", "secret", token="token")


def shop_of(source: str, **config) -> Shop:
    return open_shop(
        SimConfig(shops=(), apps=(APP,), now=NOW, bucket_maximum=1e9, **config),
        ShopConfig("unit.myshopify.com", source),
    )


@pytest.fixture
def shop() -> Shop:
    """A generated shop of its own, to be changed at will."""
    return shop_of("generated:150:3")


@pytest.fixture(scope="session")
def still_shop() -> Shop:
    """A generated shop that no test changes."""
    return shop_of("generated:400:5")


@pytest.fixture
def ask(shop):
    """Ask the shop something; the answer's whole body."""

    def ask(query, /, version=LATEST, shop=shop, **variables):
        body = {"query": query, "variables": variables}
        return answer(shop, shop.installations["app"], version, body, "http://sim")

    return ask
