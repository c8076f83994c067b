"""Somebody asks to be forgotten: by every table, file and cache; and it is proven."""

import json
from uuid import uuid4

from psycopg.types.json import Jsonb

from tests.compliance.conftest import WORD
from tests.sync.conftest import named, synced
from xsight_core.services import audit, compliance, metafields
from xsight_core.services.audit import SYSTEM
from xsight_core.services.insights import compute_insights


def redact(customer, orders=()):
    payload = {"shop_id": 1, "customer": {"id": customer, "email": WORD, "phone": None}}
    return "customers/redact", payload | {"orders_to_redact": list(orders)}


async def work(access, shop, rows, home, caches):
    """What the worker does with the promised jobs."""
    jobs = rows(
        "SELECT payload->>'request' FROM control.jobs WHERE kind = 'privacy' AND status = 'queued'"
    )
    rows("UPDATE control.jobs SET status = 'done' WHERE kind = 'privacy' RETURNING 1")
    return [
        await compliance.fulfil(access.tenancy, shop.id, request, home=home, caches=caches)
        for (request,) in jobs
    ]


async def test_a_person_is_forgotten_everywhere_and_it_is_proven(
    access, shop, store, rows, deliver, someone, home, caches
):
    gone, other = someone
    before = rows("SELECT count(*), sum(net_minor) FROM xsight.orders")
    others = rows("SELECT count(*) FROM xsight.customers WHERE id <> %s", gone)
    await deliver(redact(gone))
    ended = await work(access, shop, rows, home, caches)
    (view,) = await compliance.list_requests(access.tenancy, shop.id)
    report = view.report
    assert (ended, report["left"]) == (["done"], 0), report
    assert (view.status, view.customer_id, view.overdue) == ("done", None, False)
    assert (report["tables"], report["files"], report["caches"]) == ({}, [], 0)
    assert report["words"] >= 5  # address, number, name, notes
    assert report["files_unreadable"] == [f"homes/{shop.slug}-0a0a0a0a/frame.parquet"]
    kept = rows("SELECT request, subject IS NOT NULL FROM xsight.privacy_requests")
    assert kept == [({}, True)]

    # the shop's books stand, and nobody else lost anything
    assert rows("SELECT count(*), sum(net_minor) FROM xsight.orders") == before
    assert rows("SELECT count(*) FROM xsight.customers WHERE id <> %s", gone) == others
    for table in ("customer_places", "customer_metafields", "segment_events", "tag_changes"):
        left = {row[0] for row in rows(f"SELECT customer_id FROM xsight.{table}")}
        assert gone not in left
        assert gone + 1_000_000_007 in left
    assert rows("SELECT count(*) FROM xsight.quarantine") == [(1,)]
    assert rows("SELECT name FROM xsight.segments ORDER BY 1") == [("all",), ("theirs",)]
    assert rows("SELECT bit_count(bits) FROM xsight.segment_members") == [(1,)]
    ((body,),) = rows("SELECT body FROM xsight.documents WHERE name = 'a page'")
    assert gone not in [one["id"] for one in body["top_customers"]]
    assert rows("SELECT count(*) FROM xsight.customer_pii WHERE customer_id = %s", other) == [(1,)]

    folder = home / "homes" / f"{shop.slug}-0a0a0a0a"
    assert {path.name for path in folder.iterdir()} == {"study.ipynb", "own.csv", "frame.parquet"}
    shown, plain = json.loads((folder / "study.ipynb").read_text())["cells"]
    assert shown["outputs"] == []
    assert shown["source"] == ["df[df.email == '[erased]']\n", "df.head()"]
    assert plain["outputs"]

    events = [line async for line in audit.export_events(access.tenancy, shop.id)]
    assert b"privacy.erased" in events[-1]
    assert WORD.encode() not in b"".join(events)
    assert (await audit.verify_tenant(access.tenancy, shop.id)).broken_at is None


async def test_a_late_copy_does_not_bring_them_back(
    access, shop, store, rows, deliver, someone, home, caches
):
    gone, other = someone
    await deliver(redact(gone))
    await work(access, shop, rows, home, caches)
    gid = f"gid://shopify/Customer/{gone}"
    made = store.act("create_order", customer=gid)
    note = {"namespace": "gift", "key": "to", "type": "single_line_text_field", "value": WORD}
    store.act("update_order", order=made["id"], metafields=[note])
    await metafields.choose(access.tenancy, shop.id, {"orders": ["gift.to"]}, actor=SYSTEM)
    await deliver(("customers/update", named(gid)))
    await synced(access, shop, "delta")
    await synced(access, shop, "full")
    assert rows("SELECT count(*) FROM xsight.order_metafields WHERE value = %s", WORD) == [(0,)]
    known = "SELECT count(*) FROM xsight.{} WHERE {} = %s"
    for table, column in (
        ("customers", "id"),
        ("customer_pii", "customer_id"),
        ("orders", "customer_id"),
    ):
        assert rows(known.format(table, column), gone) == [(0,)], table
        assert rows(known.format(table, column), other)[0][0] > 0, table
    # and what is computed afterwards knows them no more
    await compute_insights(access.tenancy, shop.id, home)
    assert rows(known.format("customer_insights", "customer_id"), gone) == [(0,)]


async def test_a_trace_keeps_the_request_open_until_it_is_gone(
    access, shop, rows, deliver, someone, home, caches
):
    gone, _ = someone
    caches.left = 2
    (home / "logs").mkdir()
    (home / "logs" / "hub.log").write_text(f"trouble with {WORD}")
    await deliver(redact(gone))
    rows(  # a webhook that names the person and is not dealt with yet
        "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body, due_at)"
        " VALUES (%s, 'w', 'customers/update', %s, now() + interval '1 h') RETURNING 1",
        shop.id, json.dumps({"email": WORD}).encode(),
    )  # fmt: skip
    assert await work(access, shop, rows, home, caches) == ["open"]
    (view,) = await compliance.list_requests(access.tenancy, shop.id)
    assert (view.status, view.report["left"]) == ("open", 4)
    assert view.report["tables"] == {"control.inbox": 1}
    assert view.report["files"] == ["logs/hub.log"]

    caches.left = 0
    (home / "logs" / "hub.log").unlink()
    rows("UPDATE control.inbox SET done_at = now() WHERE webhook_id = 'w' RETURNING 1")
    await compliance.keep_promises(access.tenancy)
    assert await work(access, shop, rows, home, caches) == ["done"]
    (view,) = await compliance.list_requests(access.tenancy, shop.id)
    assert (view.status, view.report["left"]) == ("done", 0)


async def test_a_person_may_be_told_what_is_kept(access, shop, rows, deliver, someone):
    asks, other = someone
    question = {
        "shop_id": 1,
        "customer": {"id": asks},
        "orders_requested": [],
        "data_request": {"id": 9},
    }
    await deliver(("customers/data_request", question))
    (view,) = await compliance.list_requests(access.tenancy, shop.id)
    assert 28 <= view.days_left <= 30
    bundle = await compliance.make_bundle(access.tenancy, shop.id, view.id)
    assert bundle.data["customer_pii"][0]["email"] == WORD
    assert len(bundle.data["orders"]) == 1
    assert bundle.data["customer_insights"]
    assert str(other) not in str(bundle.data)
    by = audit.Actor("user", str(uuid4()))
    await compliance.answer_request(access.tenancy, shop.id, by, view.id, bundle=b"what was sent")
    (view,) = await compliance.list_requests(access.tenancy, shop.id)
    assert view.status == "done"
    assert WORD not in str(rows("SELECT * FROM xsight.privacy_requests"))


async def test_a_whole_shop_goes_unless_it_came_back(
    access, shop, rows, deliver, someone, home, caches
):
    await access.disconnect(shop.id)
    await deliver(("shop/redact", {"shop_id": 1, "shop_domain": "x"}))
    assert await work(access, shop, rows, home, caches) == ["done"]
    left = rows(
        "SELECT (SELECT count(*) FROM xsight.orders), (SELECT count(*) FROM xsight.customers),"
        " (SELECT count(*) FROM xsight.products), (SELECT count(*) FROM xsight.insight_runs),"
        " (SELECT count(*) FROM control.inbox), (SELECT count(*) FROM control.shops)"
    )
    assert left == [(0, 0, 0, 0, 0, 0)]
    assert rows("SELECT domain, connection, insight_run FROM xsight.tenant_state") == [
        (None, "none", None)
    ]
    folder = home / "homes" / f"{shop.slug}-0a0a0a0a"
    assert [path.name for path in folder.iterdir()] == ["study.ipynb"]
    assert not list((home / "ledger").rglob("*.arrow"))


async def test_a_shop_that_came_back_before_its_request_was_worked_on_stays(
    access, shop, rows, deliver, home, caches
):
    rows(
        "INSERT INTO xsight.privacy_requests (tenant_id, webhook_id, topic, request, received_at, due_at)"
        " VALUES (%s, 'r', 'shop/redact', %s, now() - interval '2 d', now()) RETURNING 1",
        shop.id, Jsonb({}),
    )  # fmt: skip
    state = await compliance.fulfil(access.tenancy, shop.id, "r", home=home, caches=caches)
    assert state == "void"
    assert rows("SELECT connection FROM xsight.tenant_state") == [("connected",)]


async def test_what_is_kept_for_a_time_goes_after_it(access, shop, rows):
    old = "now() - interval '{} days'"
    for age in (10, 100):
        rows(
            "INSERT INTO xsight.quarantine (tenant_id, object, reason, raw, created_at)"
            f" VALUES (%s, 'orders', 'r', 'x', {old.format(age)}) RETURNING 1",
            shop.id,
        )
    for age in (1000, 1200):
        rows(
            "INSERT INTO xsight.privacy_requests (tenant_id, webhook_id, topic, request, status, due_at, finished_at)"
            f" VALUES (%s, 'w{age}', 'customers/redact', '{{}}', 'done', now(), {old.format(age)}) RETURNING 1",
            shop.id,
        )
    await compliance.keep_promises(access.tenancy)
    assert rows("SELECT count(*) FROM xsight.quarantine WHERE raw = 'x'") == [(1,)]
    assert rows("SELECT webhook_id FROM xsight.privacy_requests") == [("w1000",)]
