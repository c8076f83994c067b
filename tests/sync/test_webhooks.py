"""Stored webhooks: whatever their order and number, the shop's state is ours."""

import itertools

from tests.sync.conftest import named, synced
from tests.sync.test_sync import check
from xsight_core.services import webhooks


async def test_a_new_order_is_fetched_whatever_its_payload_says(access, shop, store, rows, deliver):
    await synced(access, shop)
    order = store.act("create_order", lines=[{"amount": "12.34", "quantity": 2}])["id"]
    done = await deliver(("orders/updated", named(order)), ("orders/create", named(order)))
    assert done == 2
    key = int(order.rsplit("/", 1)[1])
    assert rows("SELECT net_minor FROM xsight.orders WHERE id = %s", key) == [(2468,)]
    check(rows, store.truth())


async def test_any_order_and_number_of_webhooks_ends_in_one_state(
    access, shop, store, rows, deliver
):
    await synced(access, shop)
    for arrival in itertools.permutations(range(3)):
        order = store.act("create_order", lines=[{"amount": "20.00"}])["id"]
        store.act("refund", order=order)
        gone = store.act("create_order", lines=[{"amount": "7.00"}])["id"]
        store.act("clock", seconds=1)
        store.act("delete_order", order=gone)
        deliveries = [
            ("orders/create", named(order)),
            ("refunds/create", {"id": 5, "order_id": int(order.rsplit("/", 1)[1])}),
            ("orders/updated", named(gone)),  # late: it is gone already
        ]
        for place in arrival:
            await deliver(deliveries[place])
            await deliver(deliveries[place], deliveries[arrival[0]])
        check(rows, store.truth())
        key = int(gone.rsplit("/", 1)[1])
        buried = rows("SELECT deleted_at IS NOT NULL FROM xsight.orders WHERE id = %s", key)
        assert buried == [(True,)]


async def test_a_payload_that_says_nothing_is_kept_among_the_dead(access, shop, rows, deliver):
    done = await deliver(
        ("orders/create", {}), ("nobody/knows", {"id": 1}), ("orders/delete", {"id": 9})
    )
    assert done == 1
    dead = rows("SELECT topic, error FROM control.inbox WHERE dead_at IS NOT NULL ORDER BY topic")
    assert [topic for topic, _ in dead] == ["nobody/knows", "orders/create"]
    assert "not what Shopify documents" in dead[1][1]


async def test_a_shop_that_is_down_is_asked_again_later(access, shop, store, rows, deliver):
    store.act("faults", server_errors=99)
    assert await deliver(("orders/updated", named("gid://shopify/Order/32768"))) == 0
    [(attempts, waits)] = rows("SELECT attempts, due_at > now() FROM control.inbox")
    assert (attempts, waits) == (1, True)


async def test_a_late_uninstall_does_not_disconnect_a_store_connected_since(
    access, shop, rows, deliver
):
    [(connected_at,)] = rows("SELECT connected_at FROM xsight.tenant_state")
    early = connected_at.replace(year=connected_at.year - 1)
    await deliver(("app/uninstalled", {"id": 1}), triggered_at=early)
    assert rows("SELECT connection FROM xsight.tenant_state") == [("connected",)]
    late = connected_at.replace(year=connected_at.year + 1)
    await deliver(("app/uninstalled", {"id": 1}), triggered_at=late)
    assert rows("SELECT connection FROM xsight.tenant_state") == [("disconnected",)]


async def test_one_job_serves_many_announcements(access, shop, tenancy, rows):
    for _ in range(3):
        await webhooks.announce(tenancy, shop.id)
    assert rows("SELECT count(*) FROM control.jobs WHERE kind = 'webhooks'") == [(1,)]
