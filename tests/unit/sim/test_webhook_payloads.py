"""Webhooks made of the same facts are the same, byte for byte; of different facts, different."""

import json

from shopify_sim.deeds import DEEDS
from shopify_sim.webhooks import deliveries
from tests.unit.sim.conftest import shop_of

TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_EDITED",
    "REFUNDS_CREATE",
    "CUSTOMERS_UPDATE",
    "CUSTOMERS_MERGE",
)
SUBSCRIPTIONS = [
    {
        "id": f"s{n}",
        "topic": topic,
        "includeFields": [],
        "version": "2026-10",
        "name": None,
        "uri": "x",
    }
    for n, topic in enumerate(TOPICS)
]


def told(seconds):
    """Deliveries of two months and one deed, ``seconds`` after the shop was opened."""
    shop = shop_of("generated:150:3")
    now = shop.clock.move(seconds * 1_000_000)
    shop.wind()
    order = DEEDS["create_order"](shop.store, now, {"customer": 1})["id"]
    DEEDS["refund"](shop.store, now, {"order": order})
    shop.clock.move(60 * 86_400_000_000)
    shop.wind()
    made = [
        delivery
        for change in shop.store.changes
        for delivery in deliveries(shop.store, shop.domain, "secret", change, SUBSCRIPTIONS)
    ]
    return [(delivery.headers, delivery.body) for delivery in made]


def test_the_same_moves_tell_the_same():
    first, again = told(10), told(10)
    assert len(first) > 20
    assert first == again


def test_a_webhook_id_is_never_used_for_another_fact():
    ids = [headers["X-Shopify-Webhook-Id"] for headers, _ in told(10)]
    assert len(set(ids)) == len(ids)
    deed, later = told(10)[0][0], told(11)[0][0]
    assert deed["X-Shopify-Webhook-Id"] != later["X-Shopify-Webhook-Id"]


def test_only_the_fields_that_were_asked_for():
    shop = shop_of("generated:20")
    now = shop.clock.move(1_000_000)
    shop.wind()
    DEEDS["create_order"](shop.store, now, {})
    asked = [{**SUBSCRIPTIONS[0], "includeFields": ["id", "updated_at"]}]
    (change,) = [c for c in shop.store.changes if c.kind == "orders/create"][-1:]
    (delivery,) = deliveries(shop.store, shop.domain, "secret", change, asked)
    assert set(json.loads(delivery.body)) == {"id", "updated_at"}
