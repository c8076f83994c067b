"""Rules over HTTP: previews, saved segments, the library, Shopify's language, overlap."""

import json
from collections import Counter
from datetime import date
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest

from tests.api.shops import fill_store
from xsight_core.segments.finding import RuleTooSlow
from xsight_core.services import segment_books


@pytest.fixture
async def ann(api, house):
    async with api.member() as ann:
        tenancy = api.app.state["resources"].tenancy
        ann.tenant = await ann.tenant_id()
        ann.orders = await fill_store(
            house.database.admin_url, tenancy, ann.tenant, api.settings.home
        )
        yield ann


def rule(field, operator, value):
    return {"combinator": "and", "rules": [{"field": field, "operator": operator, "value": value}]}


BUYERS = rule("orders_count", ">=", 1)


async def preview(browser, asked):
    return await browser.post("/api/v1/segments/preview", json={"rule": asked})


async def save(browser, name, asked, **more):
    answer = await browser.post("/api/v1/segments", json={"name": name, "rule": asked} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def change(browser, method, path, **what):
    token = (await browser.me())["csrf"]
    return await browser.http.request(method, path, headers={"X-CSRF-Token": token}, **what)


def without_personal_data(database):
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE control.memberships SET pii = false")


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
    assert found["sentence"] == "Customers where orders is at least 5 and net sales is more than 0."
    assert (await preview(ann, found["rule"])).json()["customers"] == len(rich)
    told = await ann.post("/api/v1/segments/explain", json={"rule": asked})
    assert "WITH RECURSIVE" in told.json()["sql"]
    either = await preview(ann, found["rule"] | {"combinator": "or", "not": True})
    assert either.json()["customers"] == found["of"] - len(
        wanted | {c for c, own in orders.items() if sum(o.net for o in own) > 0}
    )


async def test_what_is_wrong_is_named_at_its_place(ann):
    answer = await preview(ann, rule("orders_count", ">=", "many"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rule")
    assert answer.json()["field"] == "rules[0].value"
    answer = await preview(ann, rule("spend_tier", "=", "HIGH"))
    assert (answer.status_code, answer.json()["field"]) == (422, "rules[0].field")
    answer = await ann.post("/api/v1/segments", json={"name": "x", "rule": rule("no", "=", 1)})
    assert (answer.status_code, answer.json()["field"]) == (422, "rule.rules[0].field")


async def test_names_are_asked_only_by_who_may_see_them(ann, database):
    asked = rule("email", "beginsWith", "c1")
    answer = await preview(ann, asked)
    assert answer.status_code == 200
    assert answer.json()["customers"] > 0
    saved = await save(ann, "By name", asked)
    without_personal_data(database)
    assert (await preview(ann, asked)).status_code == 403
    seen = (await ann.get(f"/api/v1/segments/{saved['id']}")).json()
    assert (seen["masked"], seen["rule"], seen["sentence"]) == (True, None, None)
    assert (await preview(ann, rule("segment", "in", [saved["id"]]))).status_code == 403
    for path in ("/shopify", "/members"):
        assert (await ann.get(f"/api/v1/segments/{saved['id']}{path}")).status_code == 403
    assert (await preview(ann, rule("has_email", "=", True))).json()["customers"] > 0


async def test_a_question_that_takes_the_database_too_long_is_refused(ann, monkeypatch):
    real = segment_books.find_ids
    monkeypatch.setattr(
        segment_books,
        "find_ids",
        lambda connection, statement: real(connection, statement, timeout_s=0.001),
    )
    answer = await preview(ann, rule("last_name", "contains", "o"))
    assert (answer.status_code, answer.json()["code"]) == (400, RuleTooSlow.code)


async def test_segments_are_saved_changed_and_removed(ann):
    saved = await save(ann, "  Buyers ", BUYERS, note="who bought")
    path = f"/api/v1/segments/{saved['id']}"
    assert (saved["name"], saved["note"], saved["rule"]["v"]) == ("Buyers", "who bought", 1)
    twin = await ann.post("/api/v1/segments", json={"name": "buyers", "rule": BUYERS})
    assert (twin.status_code, twin.json()["code"]) == (409, "conflict")
    user = await save(ann, "Of buyers", rule("segment", "in", [saved["id"]]))
    assert user["sentence"] == "Customers where in “Buyers”."
    assert (await change(ann, "DELETE", path)).status_code == 409
    circle = {"name": "Buyers", "rule": rule("segment", "in", [user["id"]])}
    answer = await change(ann, "PUT", path, json=circle)
    assert (answer.status_code, answer.json()["field"]) == (422, "rule.rules[0].value[0]")
    answer = await change(ann, "PUT", path, json={"name": "Two", "rule": BUYERS})
    assert answer.json()["name"] == "Two"
    listed = (await ann.get("/api/v1/segments")).json()
    assert [one["name"] for one in listed["items"]] == ["Of buyers", "Two"]
    assert (await change(ann, "DELETE", f"/api/v1/segments/{user['id']}")).status_code == 204
    assert (await change(ann, "DELETE", path)).status_code == 204
    assert (await ann.get(path)).status_code == 404
    assert (await ann.get(f"/api/v1/segments/{uuid4()}")).status_code == 404
    events = (await ann.get("/api/v1/audit?limit=50")).json()["items"]
    told = [event["action"] for event in events if event["action"].startswith("segment.")]
    assert told == [
        "segment.removed",
        "segment.removed",
        "segment.changed",
        "segment.created",
        "segment.created",
    ]


async def test_old_rules_are_read_and_broken_ones_reported(ann, database):
    saved = await save(ann, "Old", BUYERS)
    other = await save(ann, "Broken", BUYERS)
    old = {"v": 0} | rule("ordersCount", ">=", 1)
    with psycopg.connect(database.admin_url) as admin:
        for key, stored in ((saved["id"], old), (other["id"], {"v": 99} | BUYERS)):
            admin.execute(
                "UPDATE xsight.segments SET rule = %s WHERE id = %s", [json.dumps(stored), key]
            )
    seen = (await ann.get(f"/api/v1/segments/{saved['id']}")).json()
    assert (seen["rule"]["rules"][0]["field"], seen["trouble"]) == ("orders_count", None)
    seen = (await ann.get(f"/api/v1/segments/{other['id']}")).json()
    assert seen["trouble"]["field"] == "rule.v"
    assert seen["rule"]["v"] == 99
    assert (await preview(ann, rule("segment", "in", [saved["id"]]))).status_code == 200
    answer = await preview(ann, rule("segment", "in", [other["id"]]))
    assert (answer.status_code, answer.json()["field"]) == (422, "rules[0].value[0]")


async def test_the_library_is_there_with_thresholds_and_counts(ann):
    items = (await ann.get("/api/v1/segments/library?counted=true")).json()["items"]
    assert len(items) == 40
    by_key = {one["key"]: one for one in items}
    for key in ("dormant_year", "regulars"):
        one = by_key[key]
        assert (await preview(ann, one["rule"])).json()["customers"] == one["customers"]
    saved = await save(ann, "Regulars", by_key["regulars"]["rule"], template="regulars")
    assert saved["template"] == "regulars"


async def test_shopifys_language_goes_in_and_comes_out(ann):
    text = "number_of_orders >= 3 AND customer_countries CONTAINS 'US'"
    answer = await ann.post("/api/v1/segments/import", json={"query": text})
    assert answer.status_code == 200, answer.text
    saved = await save(ann, "From Shopify", answer.json()["rule"])
    told = (await ann.get(f"/api/v1/segments/{saved['id']}/shopify")).json()
    assert told == {"query": text, "exact": True, "reasons": []}
    tagged = await save(ann, "Top", rule("net", "topPercent", 10))
    told = (await ann.get(f"/api/v1/segments/{tagged['id']}/shopify")).json()
    assert (told["exact"], told["reasons"][0]["path"]) == (False, "rules[0]")
    answer = await ann.post("/api/v1/segments/import", json={"query": "shopify_email.opened = 1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_query")


async def test_overlap_counts_what_two_have_in_common(ann):
    counted = [o for o in ann.orders if o.counts and o.customer is not None]
    many = {c for c in {o.customer for o in counted} if sum(o.customer == c for o in counted) >= 5}
    rich = {
        c
        for c in {o.customer for o in counted}
        if sum(o.net for o in counted if o.customer == c) > 30_000
    }
    saved = await save(ann, "Many", rule("orders_count", ">=", 5))
    asked = {"segments": [saved["id"]], "rules": [rule("net", ">", 300)]}
    found = (await ann.post("/api/v1/segments/overlap", json=asked)).json()
    assert found["customers"] == [len(many), len(rich)]
    assert found["both"][0][1] == len(many & rich)
    assert found["only"] == [len(many - rich), len(rich - many)]
    assert found["jaccard"][1][0] == pytest.approx(len(many & rich) / len(many | rich))
    answer = await ann.post("/api/v1/segments/overlap", json={"rules": [BUYERS]})
    assert answer.status_code == 422


async def test_the_schema_is_served(ann):
    assert (
        (await ann.get("/api/v1/segments/schema")).json()["title"].startswith("XSight segment rule")
    )


async def test_the_builder_is_told_what_this_store_has(ann, database):
    def names(told):
        return {field["name"] for field in told["fields"]["customer"]}

    told = (await ann.get("/api/v1/segments/fields")).json()
    assert {"orders_count", "net", "email", "segment"} <= names(told)
    (orders,) = [one for one in told["fields"]["customer"] if one["name"] == "orders_count"]
    assert {"name": ">=", "label": "is at least", "shape": "one"} in orders["operators"]
    channels = {choice["name"] for choice in told["choices"]["orders"]["channel"]}
    assert channels == {order.channel for order in ann.orders if order.channel}
    assert told["currency_exponent"] == 2
    without_personal_data(database)
    masked = (await ann.get("/api/v1/segments/fields")).json()
    assert names(told) - names(masked) >= {"email", "last_name"}
    assert "orders_count" in names(masked)


async def test_a_rule_is_followed_through_the_last_half_year(ann):
    answer = await ann.post("/api/v1/segments/course", json={"rule": rule("orders_count", ">=", 5)})
    found = answer.json()
    assert (found["reason"], found["as_today"], len(found["points"])) == (None, [], 7)
    days = [date.fromisoformat(point["day"]) for point in found["points"]]
    assert {(later - day).days for day, later in pairwise(days)} == {30}
    sizes = []
    for day in days:
        buyers = Counter(
            o.customer for o in ann.orders if o.counts and o.customer and o.local_date("UTC") <= day
        )
        sizes.append(sum(count >= 5 for count in buyers.values()))
    assert [point["customers"] for point in found["points"]] == sizes
    assert sizes[0] < sizes[-1]
    told = await ann.post("/api/v1/segments/course", json={"rule": rule("email", "notNull", None)})
    assert (told.json()["points"], "as of today only" in told.json()["reason"]) == ([], True)
    answer = await ann.post("/api/v1/segments/course", json={"rule": rule("nothing", "=", 1)})
    assert (answer.status_code, answer.json()["field"]) == (422, "rules[0].field")
