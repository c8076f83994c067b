"""Members, refreshes, hooks and tags over HTTP."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from tests.api.shops import fill_store
from tests.support.shops import ShopOrder, add_orders
from xsight_core.services.segment_refresh import refresh_segments

OFTEN = {"combinator": "and", "rules": [{"field": "orders_count", "operator": ">=", "value": 5}]}


@pytest.fixture
async def ann(api, house):
    async with api.member() as ann:
        tenancy = api.app.state["resources"].tenancy
        ann.tenant = await ann.tenant_id()
        ann.orders = await fill_store(
            house.database.admin_url, tenancy, ann.tenant, api.settings.home
        )
        saved = await ann.post("/api/v1/segments", json={"name": "Often", "rule": OFTEN})
        ann.path = f"/api/v1/segments/{saved.json()['id']}"
        ann.refresh = lambda: refresh_segments(tenancy, ann.tenant, api.settings.home)
        yield ann


def often(orders):
    counted = [o.customer for o in orders if o.counts and o.customer is not None]
    return {c for c in counted if counted.count(c) >= 5}


async def test_members_are_paged_once_they_are_worked_out(ann, house):
    assert (await ann.get(f"{ann.path}/members")).status_code == 409
    promised = await ann.post(f"{ann.path}/refresh")
    assert promised.status_code == 202
    with psycopg.connect(house.database.admin_url) as admin:
        jobs = admin.execute("SELECT id, kind FROM control.jobs WHERE kind = 'segments'").fetchall()
    assert [str(job) for job, _ in jobs] == [promised.json()["job"]]
    await ann.refresh()
    found, cursor = [], None
    while True:
        at = f"&cursor={cursor}" if cursor else ""
        page = (await ann.get(f"{ann.path}/members?limit=7{at}")).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert set(found) == often(ann.orders)
    assert page["total"] == len(found)
    seen = (await ann.get(ann.path)).json()
    assert (seen["members"], seen["refreshed_at"] is not None) == (len(found), True)
    sizes = (await ann.get(f"{ann.path}/sizes")).json()["items"]
    assert [size["members"] for size in sizes] == [len(found)]
    for bad in ("on=1999-01-01", "cursor=x"):
        answer = await ann.get(f"{ann.path}/members?{bad}")
        assert answer.status_code == 422, bad


async def test_who_came_and_who_left_is_told_by_day(ann, house):
    await ann.refresh()
    assert (await ann.get(f"{ann.path}/moves")).json() == {"days": [], "newest": []}
    before = often(ann.orders)
    came = min({o.customer for o in ann.orders if o.customer is not None} - before)
    left = min(before)
    now = datetime.now(UTC)
    add_orders(
        house.database.admin_url,
        ann.tenant,
        [ShopOrder(id=90_000 + i, customer=came, at=now, gross=100) for i in range(5)],
    )
    with psycopg.connect(house.database.admin_url) as admin:
        admin.execute(
            "UPDATE xsight.orders SET deleted_at = now() WHERE tenant_id = %s AND customer_id = %s",
            [ann.tenant, left],
        )
    await ann.refresh()
    told = (await ann.get(f"{ann.path}/moves?days=3")).json()
    (day,) = told["days"]
    assert (day["entered"], day["left"]) == (1, 1)
    assert {(move["customer"], move["entered"]) for move in told["newest"]} == {
        (came, True),
        (left, False),
    }
    assert (await ann.get(f"{ann.path}/moves?days=0")).status_code == 422


async def test_tags_are_tried_dry_and_need_a_store(ann):
    await ann.refresh()
    plan = await ann.post(f"{ann.path}/tags", json={"tag": "often", "held_out": 0.1, "seed": 3})
    assert plan.status_code == 200, plan.text
    told = plan.json()
    assert told["add"] + told["held"] == len(often(ann.orders))
    answer = await ann.post(f"{ann.path}/tags", json={"tag": "often", "dry_run": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    for bad in ({"held_out": 0.9}, {"tag": "a,b"}, {"unknown": 1}):
        assert (await ann.post(f"{ann.path}/tags", json=bad)).status_code == 422, bad
    assert (await ann.get(f"{ann.path}/actions")).json() == {"items": []}
    size = await ann.get(f"{ann.path}/sample-size?days=365&held_out=0.2")
    assert size.json()["customers"] == len(often(ann.orders))


async def test_hooks_are_the_owners_and_public(ann):
    answer = await ann.post("/api/v1/hooks", json={"url": "https://127.0.0.1/x"})
    assert (answer.status_code, answer.json()["field"]) == (422, "url")
    assert (await ann.get("/api/v1/hooks")).json() == {"items": []}
    unknown = "00000000-0000-0000-0000-000000000009"
    answers = await asyncio.gather(
        ann.get(f"/api/v1/hooks/{unknown}/messages"), ann.get(f"/api/v1/actions/{unknown}")
    )
    assert [answer.status_code for answer in answers] == [404, 404]
