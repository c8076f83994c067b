"""Reading customers, orders and analyses; and that nobody reads another store's."""

from collections import Counter
from uuid import uuid4

import psycopg
import pytest

from tests.api.shops import fill_store


@pytest.fixture
async def ann(api, tenancy, database, tmp_path):
    async with api.member() as ann:
        ann.orders = await fill_store(database.admin_url, tenancy, await ann.tenant_id(), tmp_path)
        yield ann


async def read_all(browser, path: str, **query) -> list[dict]:
    items, cursor = [], {}
    while True:
        page = (await browser.get(path, params=query | cursor)).json()
        items += page["items"]
        assert page["total"] >= len(items)
        if page["next_cursor"] is None:
            assert page["total"] == len(items)
            return items
        cursor = {"cursor": page["next_cursor"]}


async def test_pages_hold_every_customer_once_in_order(ann) -> None:
    people = {o.customer for o in ann.orders if o.customer is not None}
    for sort in ("id", "-id", "-net", "-orders", "-last_order", "-created_at", "-churn", "-clv"):
        items = await read_all(ann, "/api/v1/customers", sort=sort, limit=7)
        assert Counter(i["id"] for i in items) == Counter(people), sort
    nets = [
        i["scores"]["net_minor"] if i["scores"] else 0
        for i in await read_all(ann, "/api/v1/customers")
    ]
    assert nets == sorted(nets, reverse=True)


async def test_scores_are_sums_of_the_orders(ann) -> None:
    counted = [o for o in ann.orders if o.counts and o.customer is not None]
    spent, orders = Counter(), Counter()
    for order in counted:
        spent[order.customer] += order.net
        orders[order.customer] += 1
    for item in await read_all(ann, "/api/v1/customers", limit=250):
        if item["scores"] is not None:
            assert item["scores"]["net_minor"] == spent[item["id"]]
            assert item["scores"]["orders"] == orders[item["id"]]
        else:
            assert orders[item["id"]] == 0


async def test_customers_by_ids_and_segment(ann) -> None:
    everybody = await read_all(ann, "/api/v1/customers", limit=250)
    two = [everybody[3]["id"], everybody[5]["id"]]
    page = (await ann.get(f"/api/v1/customers?ids={two[0]},%20{two[1]},999999")).json()
    assert sorted(i["id"] for i in page["items"]) == sorted(two)
    sizes = Counter(i["scores"]["segment"] for i in everybody if i["scores"])
    for segment, size in sizes.items():
        assert len(await read_all(ann, "/api/v1/customers", segment=segment, limit=250)) == size
    assert (await ann.get("/api/v1/customers?ids=")).json()["items"] == []


async def test_who_lacks_the_right_sees_no_person(ann, database) -> None:
    customer = (await ann.get("/api/v1/customers?limit=1")).json()["items"][0]
    assert customer["email"] == f"c{customer['id']}@example.com"
    assert customer["name"] == f"First{customer['id']} Last"
    order = (await ann.get("/api/v1/orders?limit=1")).json()["items"][0]["id"]
    assert (await ann.get(f"/api/v1/orders/{order}")).json()["email"] == f"o{order}@example.com"
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE control.memberships SET pii = false")
    for path in (
        "/api/v1/customers",
        f"/api/v1/customers/{customer['id']}",
        f"/api/v1/orders/{order}",
    ):
        answer = await ann.get(path)
        assert "@example.com" not in answer.text, path
        assert "First" not in answer.text, path
        assert '"masked":true' in answer.text


async def test_orders_by_customer_and_day(ann) -> None:
    alive = [o for o in ann.orders if not o.deleted]
    items = await read_all(ann, "/api/v1/orders", limit=100)
    assert {i["id"] for i in items} == {o.id for o in alive}
    who = next(o.customer for o in alive if o.customer is not None)
    items = await read_all(ann, "/api/v1/orders", customer_id=who)
    assert {i["id"] for i in items} == {o.id for o in alive if o.customer == who}
    days = sorted(o.local_date("UTC") for o in alive)
    since, until = days[50], days[90]
    items = await read_all(ann, "/api/v1/orders", since=str(since), until=str(until))
    assert {i["id"] for i in items} == {
        o.id for o in alive if since <= o.local_date("UTC") <= until
    }


async def test_analyses_are_those_of_the_run_and_cached_by_it(ann, api) -> None:
    stats = (await ann.get("/api/v1/tenants/me/stats")).json()
    counted = [o for o in ann.orders if o.counts]
    assert stats["totals"]["orders"] == len(counted)
    assert stats["totals"]["revenue_minor"] == sum(o.net for o in counted)
    for name in ("rfm", "cohorts", "churn", "clv", "revenue"):
        answer = await ann.get(f"/api/v1/analytics/{name}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["insight_run"] == stats["insight_run"]
        tag = answer.headers["etag"]
        again = await ann.get(f"/api/v1/analytics/{name}", headers={"If-None-Match": f"W/{tag}"})
        assert (again.status_code, again.content) == (304, b"")
        other = await ann.get(f"/api/v1/analytics/{name}", headers={"If-None-Match": '"x"'})
        assert other.status_code == 200
    rfm = (await ann.get("/api/v1/analytics/rfm")).json()["result"]
    buyers = {o.customer for o in counted if o.customer is not None}
    assert sum(s["customers"] for s in rfm["segments"]) == len(buyers)


async def test_without_insights_that_is_what_is_said(api) -> None:
    async with api.member() as ann:
        answer = await ann.get("/api/v1/analytics/rfm")
        assert answer.status_code == 404
        assert "sync" in answer.json()["detail"]
        assert (await ann.get("/api/v1/tenants/me/sync-status")).json() == {"run": None}
        assert (await ann.get("/api/v1/tenants/me/sync/active")).json() == {"runs": []}


async def test_every_route_called_with_another_stores_ids_knows_nothing(
    ann, api, database, tenancy
) -> None:
    """Bob's store is empty: whatever he asks for by Ann's ids is answered like ids that never were."""
    run = uuid4()
    tenant = await ann.tenant_id()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO xsight.sync_runs (tenant_id, id, kind, status) VALUES (%s, %s, 'full', 'completed')",
            [tenant, run],
        )
    customer = (await ann.get("/api/v1/customers?limit=1")).json()["items"][0]["id"]
    order = (await ann.get("/api/v1/orders?limit=1")).json()["items"][0]["id"]
    cursor = (await ann.get("/api/v1/customers?limit=1")).json()["next_cursor"]
    pairs = [
        (f"/api/v1/customers/{customer}", "/api/v1/customers/987654321"),
        (f"/api/v1/orders/{order}", "/api/v1/orders/987654321"),
        (f"/api/v1/tenants/me/sync/{run}/status", f"/api/v1/tenants/me/sync/{uuid4()}/status"),
        (f"/api/v1/customers?ids={customer}", "/api/v1/customers?ids=987654321"),
        (f"/api/v1/customers?cursor={cursor}", "/api/v1/customers"),
        (f"/api/v1/orders?customer_id={customer}", "/api/v1/orders?customer_id=987654321"),
        ("/api/v1/analytics/rfm", "/api/v1/analytics/churn"),
    ]
    async with api.member("bob@example.com") as bob:
        for known, never in pairs:
            assert (await ann.get(known)).status_code == 200, known
            answers = [await bob.get(path) for path in (known, never)]
            bodies = [answer.json() for answer in answers]
            for body in bodies:
                body.pop("request_id", None)
            assert answers[0].status_code == answers[1].status_code, known
            assert bodies[0] == bodies[1], known
        stats = await bob.get("/api/v1/tenants/me/stats")
        assert stats.status_code == 404
        answer = await bob.post("/api/auth/tenant", json={"tenant": str(tenant)})
        assert answer.status_code == 404
