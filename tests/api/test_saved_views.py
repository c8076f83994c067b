"""Views that people keep, search, and what the lists of customers and orders can be asked besides."""

from decimal import Decimal

import psycopg
import pytest

from tests.api.accounts.test_members import joined
from tests.api.shops import fill_store
from tests.api.test_records import ids


@pytest.fixture
async def ann(api, tenancy, database):
    async with api.member() as ann:
        home = api.settings.home
        orders = await fill_store(database.admin_url, tenancy, await ann.tenant_id(), home)
        ann.orders = [order for order in orders if not order.deleted]
        yield ann


def execute(database, statement, values=()) -> None:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(statement, values)


async def test_views_are_ones_own_or_shared(ann, api) -> None:
    wish = {"page": "customers", "name": "Dutch", "query": "country=NL&sort=-clv"}
    mine = await ann.post("/api/v1/views", json=wish)
    assert mine.status_code == 201, mine.text
    again = await ann.post("/api/v1/views", json=wish | {"name": "dutch"})
    assert again.status_code == 409
    assert "already" in again.json()["detail"]
    shared = (await ann.post("/api/v1/views", json=wish | {"name": "All", "shared": True})).json()
    async with joined(api, ann, "vic@example.com") as vic:
        seen = (await vic.get("/api/v1/views?page=customers")).json()["items"]
        assert [(view["name"], view["own"]) for view in seen] == [("All", False)]
        assert (await vic.get("/api/v1/views?page=orders")).json()["items"] == []
        token = (await vic.me())["csrf"]
        path = f"/api/v1/views/{shared['id']}"
        assert (await vic.http.delete(path, headers={"X-CSRF-Token": token})).status_code == 404
    token = (await ann.me())["csrf"]
    assert (await ann.http.delete(path, headers={"X-CSRF-Token": token})).status_code == 204
    left = (await ann.get("/api/v1/views?page=customers")).json()["items"]
    assert [view["name"] for view in left] == ["Dutch"]


async def test_search_by_number_and_by_name(ann, api, database) -> None:
    customer = max(order.customer for order in ann.orders if order.customer)

    async def found(browser, text):
        answer = await browser.get("/api/v1/search", params={"q": text})
        assert answer.status_code == 200, answer.text
        return answer.json()

    execute(
        database,
        "UPDATE xsight.customer_pii SET first_name = 'Zoë', last_name = 'Ångström-Łuk' WHERE customer_id = %s",
        [customer],
    )
    for text in ("zoë", "Ångs", "ångström", "Zoë Ång", f"C{customer}@EX", str(customer)):
        people = (await found(ann, text))["customers"]
        assert customer in [person["id"] for person in people], text
    assert (await found(ann, "gström"))["customers"] == []
    execute(database, "UPDATE xsight.orders SET name = '#' || id")
    order = (await ann.get("/api/v1/orders?limit=1&sort=-id")).json()["items"][0]
    for text in (order["name"], order["name"].lstrip("#")):
        assert order["id"] in [one["id"] for one in (await found(ann, text))["orders"]]
    rule = {"combinator": "and", "rules": [{"field": "orders_count", "operator": ">=", "value": 2}]}
    saved = await ann.post("/api/v1/segments", json={"name": "100 % of Zoë", "rule": rule})
    assert saved.status_code in {200, 201}, saved.text
    for text in ("zoë", "% of"):
        named = (await found(ann, text))["segments"]
        assert [(one["id"], one["name"]) for one in named] == [(saved.json()["id"], "100 % of Zoë")]
    assert (await found(ann, "100_%"))["segments"] == []
    async with joined(api, ann, "vic@example.com") as vic:
        assert (await found(vic, "zoë"))["customers"] == []
        masked = (await found(vic, str(customer)))["customers"]
        assert masked == [{"id": customer, "name": None, "email": None}]
    assert (await ann.get("/api/v1/search", params={"q": "  "})).status_code == 422


async def test_totals_of_orders_are_those_of_the_list(ann) -> None:
    for query in ({}, {"since": "2026-01-01", "until": "2026-09-30"}, {"cancelled": "false"}):
        page = (await ann.get("/api/v1/orders", params={**query, "totals": "true"})).json()
        listed = []
        cursor = {}
        while True:
            part = (
                await ann.get("/api/v1/orders", params={**query, **cursor, "limit": 250})
            ).json()
            listed += part["items"]
            if not part["next_cursor"]:
                break
            cursor = {"cursor": part["next_cursor"]}
        counted = [row for row in listed if not row["test"] and not row["cancelled_at"]]
        assert page["totals"]["orders"] == len(listed) == page["total"]
        assert page["totals"]["counted"] == len(counted)
        assert page["totals"]["net_minor"] == sum(row["net_minor"] for row in counted)
        gross = sum((Decimal(row["gross"]) for row in counted), Decimal(0))
        assert page["totals"]["gross_minor"] == gross * 100
    assert (await ann.get("/api/v1/orders")).json().get("totals") is None


async def test_customers_of_a_product(ann, database) -> None:
    tenant = await ann.tenant_id()
    orders = [one for one in ann.orders if one.customer and one.counts]
    for one in orders[:3]:
        execute(
            database,
            "INSERT INTO xsight.order_lines (tenant_id, order_id, id, product_id, quantity, current_quantity,"
            " gift_card, unit_price, gross, discounts, net, tax) VALUES (%s, %s, %s, 77, 1, 1, false, 1, 1, 0, 1, 0)",
            [tenant, one.id, one.id + 900_000_000],
        )
    buyers = await ids(ann, "customers", product_id=77)
    assert sorted(buyers) == sorted({one.customer for one in orders[:3]})
