"""Every topic of the registry, delivered: twice is once, old after new is new, more is fine, less is a dead letter."""

import pytest

from tests.sync.conftest import synced
from xsight_core.services import webhooks
from xsight_core.shopify.topics import TOPICS

KEPT, GONE = "gid://shopify/Customer/1", "gid://shopify/Customer/2"


@pytest.fixture
async def payloads(access, shop, store):
    """A payload for each topic; the objects that it names are the shop's own, or gone."""
    await synced(access, shop)
    order, customer = store.act("create_order")["id"], store.act("create_customer")["id"]
    product = store.act("create_product")["id"]
    gone = {"id": 77}

    def named(gid):
        return {"id": int(gid.rsplit("/", 1)[1]), "admin_graphql_api_id": gid}

    return {
        "customers/create": named(customer),
        "customers/update": named(customer),
        "customers/delete": gone,
        "customers/merge": {
            "admin_graphql_api_customer_kept_id": KEPT,
            "admin_graphql_api_customer_deleted_id": GONE,
        },
        "orders/create": named(order),
        "orders/updated": named(order),
        "orders/delete": gone,
        "refunds/create": {"order_id": named(order)["id"]},
        "products/create": named(product),
        "products/update": named(product),
        "products/delete": gone,
        "shop/update": {"id": 1},
        "app/scopes_update": {"current": []},
        "app/uninstalled": {"id": 1},
        "bulk_operations/finish": {"admin_graphql_api_id": "gid://shopify/BulkOperation/1"},
        "customers/data_request": {"shop_id": 1, "customer": {"id": 191167}},
        "customers/redact": {"shop_id": 1, "customer": {"id": 191167}},
        "shop/redact": {"shop_id": 1},
    }


def dump(rows):
    """What webhooks may change."""
    tables = "orders", "customers", "products", "privacy_requests"
    found = [
        rows(f"SELECT to_jsonb(t) - 'changed_in' FROM xsight.{t} t ORDER BY 1") for t in tables
    ]
    [(state,)] = rows("SELECT to_jsonb(t) FROM xsight.tenant_state t")
    return found, {key: state[key] for key in ("connection", "domain", "timezone", "data_version")}


async def test_every_topic_conforms(access, shop, store, rows, deliver, payloads):
    assert set(payloads) == set(TOPICS)
    last = "app/uninstalled"  # after it nothing is fetched
    for name in [*(set(payloads) - {last}), last]:
        body = payloads[name]
        count = rows("SELECT count(*) FROM control.inbox WHERE done_at IS NOT NULL")[0][0]
        await deliver((name, body | {"new": {"field": [1]}}))
        once = dump(rows)
        await deliver((name, body), (name, body))
        twice = dump(rows)
        if TOPICS[name].effect(body).privacy is not None:  # each delivery is a request of its own
            assert len(twice[0].pop()) == len(once[0].pop()) + 2
        assert twice == once, name
        assert await deliver((name, {})) == 0
        dead = rows(
            "SELECT count(*) FROM control.inbox WHERE dead_at IS NOT NULL AND topic = %s", name
        )
        assert dead == [(1,)], name
        done = rows("SELECT count(*) FROM control.inbox WHERE done_at IS NOT NULL")[0][0]
        assert done == count + 3, name


async def test_what_webhooks_bring_is_computed_soon_and_once(
    access, shop, store, rows, deliver, payloads
):
    rows("DELETE FROM control.jobs RETURNING 1")
    for _ in range(3):
        store.act(
            "update_customer",
            customer=payloads["customers/create"]["admin_graphql_api_id"],
            profile={"note": "x"},
        )
        await deliver(
            ("orders/create", payloads["orders/create"]),
            ("customers/update", payloads["customers/update"]),
        )
    soon = (
        "SELECT count(*) BETWEEN 1 AND 2, bool_and(due_at < now() + interval '31 s')"
        " FROM control.jobs WHERE kind = 'insights'"
    )
    assert rows(soon) == [(True, True)]
    jobs, version = (
        rows("SELECT count(*) FROM control.jobs"),
        rows("SELECT data_version FROM xsight.tenant_state"),
    )
    await deliver(("orders/updated", payloads["orders/updated"]))  # nothing new
    assert rows("SELECT count(*) FROM control.jobs") == jobs
    assert rows("SELECT data_version FROM xsight.tenant_state") == version


async def test_dead_letters_are_replayed_and_what_has_ended_is_forgotten(
    access, shop, tenancy, rows, deliver, payloads
):
    await deliver(("orders/delete", {}), ("products/delete", {"id": 9}))
    assert await webhooks.replay_webhooks(tenancy, shop.id, topic="orders/delete") == 1
    assert await webhooks.dispatch_webhooks(access, tenant_id=shop.id) == 0  # dead once more
    assert await webhooks.replay_webhooks(tenancy, shop.id, done=True) == 2
    assert await webhooks.dispatch_webhooks(access, tenant_id=shop.id) == 1
    health = await webhooks.webhook_health(tenancy, shop.id)
    assert (health["waiting"], health["done"], health["dead"]) == (0, 1, 1)
    age = "UPDATE control.inbox SET done_at = done_at - %s::interval, dead_at = dead_at - %s::interval RETURNING 1"
    rows(age, "25 h", "25 h")
    await webhooks.prune_webhooks(tenancy)
    kept = "SELECT done_at IS NULL, length(body) > 0 FROM control.inbox ORDER BY 1"
    assert rows(kept) == [(False, False), (True, True)]
    rows(age, "7 d", "30 d")
    await webhooks.prune_webhooks(tenancy)
    assert rows("SELECT count(*) FROM control.inbox") == [(0,)]


async def test_what_may_not_be_read_holds_nothing_else_up(
    access, shop, store, rows, deliver, payloads
):
    store.act("scopes", scopes=["read_orders", "read_all_orders", "read_products"])
    product, customer = payloads["products/create"], payloads["customers/create"]
    assert await deliver(("products/create", product), ("customers/update", customer)) == 1
    [(topic, attempts, error)] = rows(
        "SELECT topic, attempts, error FROM control.inbox WHERE done_at IS NULL"
    )
    assert (topic, attempts) == ("customers/update", 1)
    assert "read_customers" in error


async def test_a_delivery_that_cannot_be_stored_does_not_take_others_along(
    access, shop, sim, store, rows, deliver, payloads
):
    broken = store.act("create_order")["id"]
    store.act(
        "spoil",
        id=broken,
        values={"name": "x" * 10, "totalPriceSet.shopMoney.amount": "1" + "0" * 30},
    )
    key = int(broken.rsplit("/", 1)[1])
    await deliver(("orders/create", payloads["orders/create"]), ("orders/create", {"id": key}))
    good = payloads["orders/create"]["id"]
    assert rows("SELECT count(*) FROM xsight.orders WHERE id = %s", good) == [(1,)]
    assert rows("SELECT count(*) FROM xsight.orders WHERE id = %s", key) == [(0,)]
    waiting = rows("SELECT count(*) FROM control.inbox WHERE done_at IS NULL AND dead_at IS NULL")
    aside = rows("SELECT count(*) FROM xsight.quarantine")
    assert waiting[0][0] + aside[0][0] == 1
