"""The Admin API over HTTP: tokens, scopes, versions, hosts, throttle, faults, all pages."""

import httpx
import pytest
from shopify_app import ShopifyApp

from shopify_sim.config import AppConfig, ShopConfig, SimConfig
from tests.sim.conftest import APP

NAME = "{ shop { name myshopifyDomain currencyCode ianaTimezone } }"


def test_health_and_truth(sim, client):
    assert client.http.get("/health").json() == {"status": "ok", "shops": [sim.shop]}
    assert client.truth()["currency"] == "EUR"


def test_without_a_good_token(client):
    answer = client.post(NAME, token="shpat_of_nobody")
    assert answer.status_code == 401
    assert "Invalid API key or access token" in answer.json()["errors"]


def test_by_host_header_and_by_path(sim, client):
    by_host = client.http.post(
        "/admin/api/2026-10/graphql.json",
        json={"query": NAME},
        headers={"X-Shopify-Access-Token": client.token, "Host": sim.shop},
    )
    assert by_host.json()["data"] == client.ask(NAME)
    unknown = client.http.get("/admin/oauth/authorize", headers={"Host": "nobody.myshopify.com"})
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("2026-10", "2026-10"),
        ("2026-07", "2026-07"),
        ("2025-01", "2026-07"),
        ("unstable", "unstable"),
    ],
)
def test_an_old_version_falls_forward(client, asked, served):
    answer = client.post("{ shop { id } }", version=asked)
    assert answer.status_code == 200
    assert answer.headers["X-Shopify-API-Version"] == served


@pytest.mark.parametrize("asked", ["2027-01", "nonsense"])
def test_no_such_version(client, asked):
    assert client.post("{ shop { id } }", version=asked).status_code == 404


def test_a_missing_scope(client):
    client.act("scopes", scopes=["read_products"])
    answer = client.post("{ orders(first: 1) { nodes { id } } shop { name } }").json()
    (error,) = answer["errors"]
    assert error["message"].startswith(
        "Access denied for orders field. Required access: `read_orders` access scope"
    )
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["path"] == ["orders"]
    assert answer["data"] is None  # `orders` may not be null, so nothing is left
    assert client.ask("{ products(first: 1) { nodes { id } } }")["products"]["nodes"]


def test_a_search_that_fails_open_is_told(client):
    answer = client.post(
        '{ orders(first: 1, query: "upd4ted_at:>2026-01-01") { nodes { id } } }'
    ).json()
    assert answer["data"]["orders"]["nodes"]
    (entry,) = answer["extensions"]["search"]
    assert entry["warnings"][0]["code"] == "invalid_field"


def test_all_pages_of_all_orders(client):
    query = """query ($after: String) { orders(first: 23, after: $after, sortKey: UPDATED_AT,
      query: "updated_at:>='2020-01-01T00:00:00Z'") { nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }"""
    found, after = [], None
    while True:
        page = client.ask(query, after=after)["orders"]
        found += [(node["updatedAt"], node["id"]) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == sorted(found)
    assert len(set(found)) == len(found) == client.truth()["orders_stored"]


def test_lines_of_a_long_order_come_in_pages(client):
    order = client.act("create_order", lines=[{"amount": "1.00"} for _ in range(60)])["id"]
    query = """query ($id: ID!, $after: String) { order(id: $id) { lineItems(first: 50, after: $after) {
      nodes { id } pageInfo { hasNextPage endCursor } } } }"""
    first = client.ask(query, id=order)["order"]["lineItems"]
    assert first["pageInfo"]["hasNextPage"]
    rest = client.ask(query, id=order, after=first["pageInfo"]["endCursor"])["order"]["lineItems"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert len({node["id"] for node in first["nodes"] + rest["nodes"]}) == 60


def test_a_drained_bucket_throttles(client):
    query = "{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { id } } } } }"
    client.act("faults", drain=True)
    answer = client.post(query)
    assert answer.status_code == 200
    body = answer.json()
    assert "data" not in body
    assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
    cost = body["extensions"]["cost"]
    assert cost["actualQueryCost"] is None
    assert cost["throttleStatus"]["currentlyAvailable"] < cost["requestedQueryCost"]


def test_too_dear(client):
    query = """{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { product { variants(first: 250) {
      nodes { id product { id } } } } } } } } }"""
    (error,) = client.post(query).json()["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_at_most_250_ids(client):
    ids = [f"gid://shopify/Order/{n}" for n in range(251)]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    (error,) = client.post(query, {"ids": ids}).json()["errors"]
    assert error["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


@pytest.mark.parametrize(
    ("fault", "status"), [("server_errors", 500), ("unavailable", 503), ("too_many_requests", 429)]
)
def test_faults_strike_and_pass(client, fault, status):
    client.act("faults", **{fault: 2})
    answers = [client.post("{ shop { id } }") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert ("retry-after" in answers[0].headers) == (status == 429)


def test_an_unknown_fault_or_action_is_named(client):
    answer = client.http.post(f"/shops/{client.shop}/_sim/faults", json={"earthquake": 1})
    assert answer.status_code == 400
    assert "earthquake" in answer.json()["errors"]
    answer = client.http.post(f"/shops/{client.shop}/_sim/explode", json={})
    assert answer.status_code == 404
    assert "create_order" in answer.json()["error"]


def test_the_clock_brings_new_orders(opened):
    config = SimConfig(shops=(ShopConfig("g.myshopify.com", "generated:200"),), apps=(APP,))
    with opened(config) as (_, client):
        before = client.truth()["orders"]
        client.act("clock", days=30)
        assert client.truth()["orders"] > before
        count = client.ask("{ ordersCount(limit: null) { count } }")["ordersCount"]["count"]
        assert count == client.truth()["orders_stored"]


def test_two_shops_keep_apart(opened):
    shops = (
        ShopConfig("a.myshopify.com", "generated:20:1"),
        ShopConfig("b.myshopify.com", "generated:30:2"),
    )
    with opened(SimConfig(shops=shops, apps=(AppConfig("app", "secret", token="t"),))) as (
        _,
        client,
    ):
        first = client.ask(NAME)["shop"]["myshopifyDomain"], client.truth()["customers"]
        client.shop = "b.myshopify.com"
        assert (client.ask(NAME)["shop"]["myshopifyDomain"], client.truth()["customers"]) != first


def test_the_official_client_reads(sim, client):
    def to_simulator(request):
        path = f"/shops/{request.url.host}{request.url.path}"
        return client.http.request(
            request.method,
            path,
            content=request.content,
            headers={**request.headers, "host": "sim"},
        )

    app = ShopifyApp(client_id=sim.client_id, client_secret=sim.client_secret)
    result = app.admin_graphql_request(
        NAME,
        shop=sim.shop.removesuffix(".myshopify.com"),
        access_token=client.token,
        api_version="2026-10",
        http_client=httpx.Client(transport=httpx.MockTransport(to_simulator)),
    )
    assert result.ok
    assert result.data == client.ask(NAME)
