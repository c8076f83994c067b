"""Webhooks as a receiver sees them: signed, numbered, repeated, lost."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from shopify_app import ShopifyApp

CREATE = """mutation ($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) {
    webhookSubscription { id topic uri } userErrors { field message } } }"""


@contextmanager
def receiving(statuses=()):
    """A receiver on a free port; answers with these statuses first, then 200."""
    got, answers = [], list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append({"headers": dict(self.headers), "body": body})
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks", got
    finally:
        server.shutdown()
        server.server_close()


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "no webhook came"
        time.sleep(0.02)


def subscribe(client, uri, *topics):
    for topic in topics:
        made = client.ask(CREATE, topic=topic, sub={"uri": uri})["webhookSubscriptionCreate"]
        assert made["userErrors"] == []


def test_an_order_is_told_to_those_who_subscribed(sim, client):
    with receiving() as (uri, got):
        subscribe(client, uri, "ORDERS_CREATE", "ORDERS_PAID", "REFUNDS_CREATE")
        order = client.act("create_order", amount="12.50")
        until(lambda: len(got) == 2)
        heads = [hook["headers"] for hook in got]
        assert {head["X-Shopify-Topic"] for head in heads} == {"orders/create", "orders/paid"}
        assert len({head["X-Shopify-Event-Id"] for head in heads}) == 1
        assert len({head["X-Shopify-Webhook-Id"] for head in heads}) == 2
        assert heads[0]["X-Shopify-Shop-Domain"] == client.shop
        assert json.loads(got[0]["body"])["admin_graphql_api_id"] == order["id"]
        app = ShopifyApp(client_id=sim.client_id, client_secret=sim.client_secret)
        for hook in got:
            request = {"method": "POST", "url": uri, **hook}
            assert app.verify_webhook_req(request).ok
            assert not app.verify_webhook_req({**request, "body": hook["body"] + " "}).ok


def test_a_refusal_is_tried_again_with_the_same_id_and_bytes(client):
    with receiving([500, 302]) as (uri, got):
        subscribe(client, uri, "CUSTOMERS_CREATE")
        client.act("create_customer")
        until(lambda: len(got) == 3)
        assert len({hook["body"] for hook in got}) == 1
        assert len({hook["headers"]["X-Shopify-Webhook-Id"] for hook in got}) == 1


@pytest.mark.parametrize(
    ("fault", "times"), [({"webhook_duplicate": 1}, 2), ({"webhook_drop": 1}, 0)]
)
def test_duplicates_and_losses_by_plan(client, fault, times):
    with receiving() as (uri, got):
        subscribe(client, uri, "ORDERS_CREATE", "CUSTOMERS_CREATE")
        client.act("faults", **fault)
        client.act("create_order")
        client.act("faults", **dict.fromkeys(fault, 0))
        client.act("create_customer")

        def came(topic):
            return [hook for hook in got if hook["headers"]["X-Shopify-Topic"] == topic]

        until(lambda: came("customers/create") and len(came("orders/create")) == times)


def test_a_bad_signature_by_plan(sim, client):
    with receiving() as (uri, got):
        subscribe(client, uri, "ORDERS_CREATE")
        client.act("faults", webhook_bad_hmac=1)
        client.act("create_order")
        until(lambda: got)
        app = ShopifyApp(client_id=sim.client_id, client_secret=sim.client_secret)
        assert not app.verify_webhook_req({"method": "POST", "url": uri, **got[0]}).ok


def test_the_end_of_a_bulk_operation_is_told(client):
    with receiving() as (uri, got):
        subscribe(client, uri, "BULK_OPERATIONS_FINISH")
        started = client.start_bulk("{ orders { edges { node { id } } } }")["bulkOperation"]
        until(lambda: got)
        body = json.loads(got[0]["body"])
        assert body["admin_graphql_api_id"] == started["id"]
        assert body["status"] == "completed"


def test_the_future_is_told_when_the_clock_moves(client):
    with receiving() as (uri, got):
        subscribe(client, uri, "ORDERS_CREATE", "REFUNDS_CREATE", "CUSTOMERS_UPDATE")
        told = client.act("clock", days=60)["deliveries"]
        assert told > 0
        until(lambda: len(got) >= told)
        stamps = {hook["headers"]["X-Shopify-Triggered-At"] for hook in got}
        assert len(stamps) > 1


def test_uninstalling_is_told(client):
    with receiving() as (uri, got):
        subscribe(client, uri, "APP_UNINSTALLED")
        client.act("uninstall")
        until(lambda: got)
        assert got[0]["headers"]["X-Shopify-Topic"] == "app/uninstalled"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("http://example.com/a", "Address protocol http:// is not supported"),
        ("ftp://example.com/a", "Address protocol ftp:// is not supported"),
        ("https://", "Address is invalid"),
        ("https://other.myshopify.com/a", "Address cannot be a Shopify or an internal domain"),
    ],
)
def test_addresses_that_are_refused(client, uri, message):
    made = client.ask(CREATE, topic="SHOP_UPDATE", sub={"uri": uri})["webhookSubscriptionCreate"]
    error = {"field": ["webhookSubscription", "callbackUrl"], "message": message}
    assert made == {"webhookSubscription": None, "userErrors": [error]}


def test_subscriptions_are_listed_and_deleted(client):
    subscribe(client, "https://app.example.com/a", "ORDERS_CREATE", "ORDERS_UPDATED")
    twice = client.ask(CREATE, topic="ORDERS_CREATE", sub={"uri": "https://app.example.com/a"})
    (error,) = twice["webhookSubscriptionCreate"]["userErrors"]
    assert error["message"] == "Address for this topic has already been taken"
    listed = "{ webhookSubscriptions(first: 10) { nodes { id topic uri } } }"
    first, second = client.ask(listed)["webhookSubscriptions"]["nodes"]
    assert [first["topic"], second["topic"]] == ["ORDERS_CREATE", "ORDERS_UPDATED"]
    delete = """mutation ($id: ID!) { webhookSubscriptionDelete(id: $id) {
      deletedWebhookSubscriptionId userErrors { message } } }"""
    gone = client.ask(delete, id=first["id"])["webhookSubscriptionDelete"]
    assert gone["deletedWebhookSubscriptionId"] == first["id"]
    assert client.ask(listed)["webhookSubscriptions"]["nodes"] == [second]
    again = client.ask(delete, id=first["id"])["webhookSubscriptionDelete"]
    assert again["userErrors"] == [{"message": "Webhook subscription does not exist"}]
