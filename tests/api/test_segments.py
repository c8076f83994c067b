"""Previews of rules over HTTP."""

import psycopg
import pytest

from tests.api.shops import fill_store


@pytest.fixture
async def ann(api, tenancy, database, tmp_path):
    async with api.member() as ann:
        ann.orders = await fill_store(database.admin_url, tenancy, await ann.tenant_id(), tmp_path)
        yield ann


def rule(field, operator, value):
    return {"combinator": "and", "rules": [{"field": field, "operator": operator, "value": value}]}


async def preview(browser, asked):
    return await browser.post("/api/v1/segments/preview", json={"rule": asked})


async def test_a_preview_counts_what_the_orders_say(ann):
    counted = [o for o in ann.orders if o.counts and o.customer is not None]
    orders = {c: [o for o in counted if o.customer == c] for c in {o.customer for o in counted}}
    wanted = {c for c, own in orders.items() if len(own) >= 5}
    asked = rule("orders_count", ">=", 5)
    asked["rules"].append({"field": "net", "operator": ">", "value": 0})
    answer = await preview(ann, asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    rich = {c for c in wanted if sum(o.net for o in orders[c]) > 0}
    assert (found["customers"], found["funnel"][0]["customers"]) == (len(rich), len(wanted))
    assert found["net_minor"] == sum(o.net for c in rich for o in orders[c])
    assert set(found["sample"]) <= rich
    assert len(found["sample"]) == min(10, len(rich))
    assert "WITH RECURSIVE" in found["sql"]
    assert (await preview(ann, found["rule"])).json()["customers"] == len(rich)


async def test_what_is_wrong_is_named_at_its_place(ann):
    answer = await preview(ann, rule("orders_count", ">=", "many"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rule")
    assert answer.json()["field"] == "rules[0].value"
    answer = await preview(ann, rule("spend_tier", "=", "HIGH"))
    assert (answer.status_code, answer.json()["field"]) == (422, "rules[0].field")


async def test_names_are_asked_only_by_who_may_see_them(ann, database):
    answer = await preview(ann, rule("email", "beginsWith", "c1"))
    assert answer.status_code == 200
    assert answer.json()["customers"] > 0
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE control.memberships SET pii = false")
    answer = await preview(ann, rule("email", "beginsWith", "c1"))
    assert answer.status_code == 403
    assert (await preview(ann, rule("has_email", "=", True))).json()["customers"] > 0


async def test_the_schema_is_served(ann):
    assert (
        (await ann.get("/api/v1/segments/schema")).json()["title"].startswith("XSight segment rule")
    )
