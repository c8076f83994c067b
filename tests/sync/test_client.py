"""The client against the simulated shop: search, nested overflow, a small bucket."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from shopify_sim.config import ShopConfig, SimConfig
from tests.support.simulator import APP, SHOP, running_sim
from tests.sync.conftest import synced
from xsight_core.errors import AccessDenied, SchemaChanged
from xsight_core.sync.pages import deletions, fetch_ids, sweep


async def collect(pages):
    return [node async for nodes in pages for node in nodes]


async def test_a_filter_the_shop_ignores_is_an_error(access, shop):
    client = await access.client(shop.id)
    with pytest.raises(SchemaChanged, match="ignored the filter 'updated'"):
        await collect(client.pages("orders_page", "orders", query="updated:>1", first=5))


async def test_a_scope_that_is_gone_is_named(access, shop, store):
    store.act("scopes", scopes=["read_products", "read_orders"])
    client = await access.client(shop.id)
    with pytest.raises(AccessDenied, match="read_customers"):
        await collect(client.pages("customers_page", "customers", query=None, first=5))


async def test_a_sweep_has_every_record_once_and_in_order(access, shop, store):
    client = await access.client(shop.id)
    since = datetime(2000, 1, 1, tzinfo=UTC)
    nodes = await collect(sweep(client, "orders", since=since))
    assert len({node["id"] for node in nodes}) == len(nodes) == store.truth()["orders_stored"]
    changes = [node["updatedAt"] for node in nodes]
    assert changes == sorted(changes)
    middle = datetime.fromisoformat(changes[len(changes) // 2])
    later = await collect(sweep(client, "orders", since=middle))
    assert len(later) == sum(datetime.fromisoformat(at) >= middle for at in changes)


async def test_an_order_with_more_lines_than_a_page_keeps_them_all(access, shop, store, rows):
    await synced(access, shop)
    lines = [{"amount": "1.00", "quantity": 1} for _ in range(130)]
    order = store.act("create_order", lines=lines)["id"]
    key = int(order.rsplit("/", 1)[1])
    client = await access.client(shop.id)
    [node] = await fetch_ids(client, "orders", [key])
    assert len({line["id"] for line in node["lineItems"]["nodes"]}) == 130
    await synced(access, shop, "delta")
    assert rows("SELECT count(*) FROM xsight.order_lines WHERE order_id = %s", key) == [(130,)]
    assert rows("SELECT net_minor FROM xsight.orders WHERE id = %s", key) == [(13000,)]


async def test_deletions_are_found_by_kind(access, shop, store):
    client = await access.client(shop.id)
    before = datetime.fromtimestamp(store.truth()["now"], UTC) - timedelta(minutes=1)
    assert await deletions(client, since=before) == {}
    order = store.act("create_order")["id"]
    store.act("delete_order", order=order)
    assert await deletions(client, since=before) == {"orders": [int(order.rsplit("/", 1)[1])]}


class TestSmallBucket:
    """Of 700 points, restored at 200 a second."""

    @pytest.fixture
    def sim(self):
        config = SimConfig(
            shops=(ShopConfig(SHOP, "generated:60"),),
            apps=(APP,),
            auto_approve=True,
            bucket_maximum=700,
            bucket_restore_per_s=200,
        )
        with running_sim(config) as sim:
            yield sim

    async def test_the_client_waits_for_it_and_is_gets_everything(self, access, shop):
        client = await access.client(shop.id)
        started, nodes = time.monotonic(), []
        pages = client.pages("orders_page", "orders", query=None, first=12)
        async for page in pages:
            nodes += page
        spent_s = time.monotonic() - started
        assert len(nodes) > 100
        assert client.cost_points > 1000  # more than the bucket ever held
        assert spent_s > (client.cost_points - 700) / 200 - 1
