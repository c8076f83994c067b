"""Cases of changes: what webhooks tell, what they do not, and what becomes of a shop's connection."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from shopify_sim.config import ShopConfig, SimConfig
from tests.support.simulator import APP, SHOP, running_sim
from tests.sync.conftest import KEYRING, PLENTY, app_of, approve, lose_orders, named, synced
from tests.sync.test_sync import check
from xsight_core.errors import SchemaChanged
from xsight_core.services import sync
from xsight_core.services.connect import ShopAccess
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.topics import TOPICS


def key(gid) -> int:
    return int(gid.rsplit("/", 1)[1])


async def cursor_of(access, tenant, run):
    async with access.tenancy.scope(tenant.id) as session:
        return (await sync.runs.find(session, run)).cursor


async def test_case_01_missed_late_duplicate_reordered_webhooks(access, shop, store, rows, deliver):
    await synced(access, shop)
    told = []
    for _ in range(4):
        order = store.act("create_order", lines=[{"amount": "9.99", "quantity": 3}])["id"]
        store.act("refund", order=order, units=[[0, 1]])
        refund = {"id": 5, "order_id": key(order)}
        told += [("orders/create", named(order)), ("refunds/create", refund)]
    dice = random.Random(1)
    told = dice.sample(told, 5)  # three are lost
    await deliver(*told[:3])
    await deliver(*dice.choices(told, k=8))  # twice, thrice, in any order
    await synced(access, shop, "delta")
    check(rows, store.truth())


async def test_case_02_a_subscription_deleted_or_fallen_behind(
    access, shop, sim, store, monkeypatch
):
    await synced(access, shop)
    store.act("unsubscribe", topic="orders/create")
    installation = next(iter(sim.app.shops[sim.shop].installations.values()))
    stale = next(s for s in installation.subscriptions.values() if s["topic"] == "SHOP_UPDATE")
    stale["version"] = "2026-07"
    monkeypatch.setattr(sync, "_TELLING", timedelta(seconds=-60))
    store.act("create_order")
    state = await synced(access, shop, "delta")
    ours = {topic.graphql for topic in TOPICS.values() if topic.subscribed}
    assert {s["topic"] for s in installation.subscriptions.values()} == ours
    assert {s["version"] for s in installation.subscriptions.values()} == {"2026-10"}
    # and it is said that nobody told of the order
    assert (await cursor_of(access, shop, state["run"]))["untold"]["orders"] == 1


async def test_case_03_deleted_customers_orders_and_products(
    access, shop, sim, store, rows, deliver
):
    await synced(access, shop)
    orders = [store.act("create_order")["id"] for _ in range(3)]
    people = [store.act("create_customer")["id"] for _ in range(3)]
    products = [store.act("create_product")["id"] for _ in range(3)]
    await synced(access, shop, "delta")
    rows("UPDATE xsight.tenant_state SET ids_swept_at = now() RETURNING 1")

    def delete(place):
        store.act("delete_order", order=orders[place])
        store.act("delete_customer", customer=people[place])
        store.act("delete_product", product=products[place])

    def buried():
        return [
            rows(f"SELECT deleted_at IS NOT NULL FROM xsight.{table} WHERE id = %s", key(gid))
            == [(True,)]
            for table, gids in (("orders", orders), ("customers", people), ("products", products))
            for gid in gids
        ]

    delete(0)
    await deliver(
        ("orders/delete", {"id": key(orders[0])}),
        ("customers/delete", {"id": key(people[0])}),
        ("products/delete", {"id": key(products[0])}),
    )
    assert buried() == [True, False, False] * 3
    delete(1)
    await synced(access, shop, "delta")  # by the shop's events
    assert buried() == [True, True, False] * 3
    delete(2)
    sim.app.shops[sim.shop].store.deletions.clear()  # nobody tells
    rows("UPDATE xsight.customers SET created_at = '2020-01-01' RETURNING 1")
    rows("UPDATE xsight.orders SET created_at = '2020-01-01' RETURNING 1")
    rows("UPDATE xsight.products SET created_at = '2020-01-01' RETURNING 1")
    lose_orders(rows, 1)
    rows("UPDATE xsight.tenant_state SET ids_swept_at = NULL RETURNING 1")
    await synced(access, shop, "delta")  # by every id
    assert buried() == [True, True, True] * 3
    check(rows, store.truth())  # and the row that was lost is back
    await deliver(("orders/updated", named(orders[0])))
    assert all(buried())  # no late copy revives it


async def test_case_04_merged_customers(access, shop, store, rows, deliver):
    await synced(access, shop)
    first, second, third = (store.act("create_customer")["id"] for _ in range(3))
    orders = [store.act("create_order", customer=who)["id"] for who in (first, second, third)]
    await synced(access, shop, "delta")

    def told(kept, absorbed, status="success"):
        return "customers/merge", {
            "admin_graphql_api_customer_kept_id": kept,
            "admin_graphql_api_customer_deleted_id": absorbed,
            "status": status,
        }

    await deliver(told(second, first, "failed"))
    assert rows("SELECT count(*) FROM xsight.customers WHERE merged_into IS NOT NULL") == [(0,)]
    store.act("merge_customers", kept=second, absorbed=first)
    store.act("merge_customers", kept=third, absorbed=second)
    await deliver(told(third, second))  # the later one comes first
    await deliver(told(second, first))
    await deliver(told(second, first))
    owners = "SELECT DISTINCT customer_id FROM xsight.orders WHERE id = ANY(%s)"
    assert rows(owners, [key(order) for order in orders]) == [(key(third),)]
    aliases = rows("SELECT id, merged_into FROM xsight.customers WHERE merged_into IS NOT NULL")
    assert sorted(aliases) == sorted([(key(first), key(third)), (key(second), key(third))])
    check(rows, store.truth())


async def test_case_04_a_merge_that_nobody_told(access, shop, store, rows):
    await synced(access, shop)
    kept, absorbed = (store.act("create_customer")["id"] for _ in range(2))
    order = store.act("create_order", customer=absorbed)["id"]
    await synced(access, shop, "delta")
    store.act("clock", seconds=2)
    store.act("merge_customers", kept=kept, absorbed=absorbed)
    await synced(access, shop, "delta")
    owner = rows("SELECT customer_id FROM xsight.orders WHERE id = %s", key(order))
    assert owner == [(key(kept),)]
    check(rows, store.truth())


async def test_case_21_the_sixty_days_of_an_app_without_all_orders(
    tenancy, tenant, sim, store, rows, http
):
    scopes = "read_customers,read_orders,read_products"
    access = ShopAccess(tenancy, KEYRING, http, app=app_of(sim, scopes), version="2026-10")
    query = await approve(sim, sim.shop, scopes)
    await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
    await synced(access, tenant)
    shown = rows("SELECT count(*) FROM xsight.orders")
    assert 0 < shown[0][0] < store.truth()["orders_stored"]
    window = (datetime.now(UTC) - timedelta(days=60)).date()
    assert rows("SELECT history_since FROM xsight.tenant_state") == [(window,)]
    # what leaves the window is neither gone nor forgotten, whoever looks for it
    store.act("clock", days=30)
    rows("UPDATE xsight.tenant_state SET ids_swept_at = NULL RETURNING 1")
    await synced(access, tenant, "delta")
    assert rows("SELECT count(*) FROM xsight.orders WHERE deleted_at IS NOT NULL") == [(0,)]
    assert rows("SELECT count(*) FROM xsight.orders")[0][0] >= shown[0][0]


async def test_case_25_uninstalled_late_twice_and_connected_again(
    access, shop, sim, store, rows, deliver
):
    await synced(access, shop)
    left = datetime.now(UTC) - timedelta(days=3)
    store.act("uninstall")
    gone, redact = ("app/uninstalled", {"id": 1}), ("shop/redact", {"shop_id": 1})
    await deliver(gone, gone, triggered_at=datetime.now(UTC))
    assert rows("SELECT connection FROM xsight.tenant_state") == [("disconnected",)]
    await deliver(redact, triggered_at=datetime.now(UTC))
    query = await approve(sim, sim.shop)
    await access.connect(shop.id, parse_shop_domain(sim.shop), query["code"])
    await deliver(gone, redact, triggered_at=left)  # late: of the time before
    assert rows("SELECT connection FROM xsight.tenant_state") == [("connected",)]
    asked = "SELECT status, due_at - received_at FROM xsight.privacy_requests ORDER BY received_at"
    assert rows(asked) == [("open", timedelta(days=30)), ("void", timedelta(days=30))]
    await synced(access, shop)
    check(rows, store.truth())


async def test_case_26_search_that_fails_open(access, shop):
    client = await access.client(shop.id)
    with pytest.raises(SchemaChanged, match="ignored the filter"):
        async for _ in client.pages("orders_page", "orders", query="updated_att:>1", first=5):
            pass


class TestRenamed:
    """A shop under another name is the same shop."""

    @pytest.fixture
    def sim(self):
        shops = (ShopConfig(SHOP, "generated:5"),)
        config = SimConfig(shops, (APP,), auto_approve=True, **PLENTY)
        with running_sim(config) as sim:
            yield sim

    async def test_case_27_a_shop_renamed(self, access, shop, store, rows):
        await synced(access, shop)
        store.act("rename", domain="orchard.myshopify.com")
        await synced(access, shop, "delta")
        state = "SELECT domain, connection FROM xsight.tenant_state"
        assert rows(state) == [("orchard.myshopify.com", "connected")]
        mapped = "SELECT domain FROM control.shops WHERE tenant_id = %s"
        assert rows(mapped, shop.id) == [("orchard.myshopify.com",)]
        check(rows, store.truth())
