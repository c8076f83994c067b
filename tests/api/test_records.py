"""Filters, sorts, fields, totals and ETags of lists; products; a customer's timeline: against the shop's own orders."""

from collections import defaultdict
from datetime import date, timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.api.shops import fill_store
from xsight_core.db.customers import CustomerFilter, count_customers, shown_state
from xsight_core.services.customers import CUSTOMER_SORTS, list_customers
from xsight_core.services.directory import Directory


@pytest.fixture
async def ann(api, tenancy, database):
    async with api.member() as ann:
        home = api.settings.home
        orders = await fill_store(database.admin_url, tenancy, await ann.tenant_id(), home)
        ann.orders = [order for order in orders if not order.deleted]
        yield ann


async def ids(browser, path: str, **query) -> list[int]:
    """Every row's id, page by page, with the total held against them."""
    found, cursor = [], {}
    while True:
        answer = await browser.get(f"/api/v1/{path}", params={"limit": 40} | query | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            assert page["total"] == len(found) == len(set(found))
            return found
        cursor = {"cursor": page["next_cursor"]}


async def test_orders_by_every_filter(ann) -> None:
    day = sorted(order.local_date("UTC") for order in ann.orders)[len(ann.orders) // 2]
    customer = next(order.customer for order in ann.orders if order.customer)
    for query, fits in (
        ({"since": day}, lambda o: o.local_date("UTC") >= day),
        (
            {"until": day, "country": "US"},
            lambda o: o.local_date("UTC") <= day and o.country == "US",
        ),
        ({"channel": "web"}, lambda o: o.channel == "web"),
        ({"test": "true"}, lambda o: o.test),
        ({"cancelled": "true"}, lambda o: o.cancelled),
        ({"cancelled": "false", "test": "false"}, lambda o: not o.cancelled and not o.test),
        ({"customer_id": customer}, lambda o: o.customer == customer),
        ({"channel": "nowhere"}, lambda _: False),
    ):
        want = {order.id for order in ann.orders if fits(order)}
        assert set(await ids(ann, "orders", **query)) == want, query
    net = {order.id: order.net for order in ann.orders}
    up = await ids(ann, "orders", sort="net")
    assert [net[i] for i in up] == sorted(net.values())
    assert up == list(reversed(await ids(ann, "orders", sort="-net")))


async def test_customers_by_every_filter_and_both_ways(ann, database) -> None:
    spent, count, last = defaultdict(int), defaultdict(int), {}
    for order in ann.orders:
        if order.counts and order.customer is not None:
            spent[order.customer] += order.net
            count[order.customer] += 1
            at = order.local_date("UTC")
            last[order.customer] = max(last.get(order.customer, at), at)
    day = sorted(last.values())[len(last) // 2]
    money = sorted(spent.values())[len(spent) // 2]
    for query, fits in (
        ({"orders_min": 5}, lambda c: count[c] >= 5),
        ({"orders_min": 2, "orders_max": 4}, lambda c: 2 <= count[c] <= 4),
        ({"net_min": money}, lambda c: spent[c] >= money),
        ({"net_max": money}, lambda c: spent[c] <= money),
        ({"ordered_since": day}, lambda c: last[c] >= day),
        ({"ordered_until": day - timedelta(days=1)}, lambda c: last[c] < day),
    ):
        assert set(await ids(ann, "customers", **query)) == {c for c in count if fits(c)}, query
    with psycopg.connect(database.admin_url) as admin:
        everybody = {row[0] for row in admin.execute("SELECT id FROM xsight.customers")}
        admin.execute("UPDATE xsight.customers SET tags = '{vip}', country = 'FR' WHERE id % 3 = 0")
        admin.execute("UPDATE xsight.tenant_state SET data_version = data_version + 1")
    assert set(await ids(ann, "customers", tag="vip")) == {c for c in everybody if c % 3 == 0}
    assert set(await ids(ann, "customers", country="FR", orders_min=3)) == {
        c for c in everybody if c % 3 == 0 and count[c] >= 3
    }
    someone = next(iter(everybody))
    assert await ids(ann, "customers", email=f"c{someone}@example.com") == [someone]
    up, down = [await ids(ann, "customers", sort=sort, limit=7) for sort in ("net", "-net")]
    for found, turned in ((up, False), (down, True)):
        scored = [c for c in found if c in count]
        assert [spent[c] for c in scored] == sorted(spent.values(), reverse=turned)
        assert set(found[len(scored) :]) == everybody - set(count)  # who never bought comes last
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE control.memberships SET pii = false")
    refused = await ann.get("/api/v1/customers?email=c1@example.com")
    assert refused.status_code == 403


async def test_large_shops_are_counted_on_columns_with_the_same_result(
    ann, database, tenancy, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("xsight_core.services.directory.LARGE", 1)
    tenant = await ann.tenant_id()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "UPDATE xsight.customers SET tags = CASE WHEN id % 3 = 0 THEN '{vip,b}'::text[] ELSE '{}' END, "
            "country = (ARRAY['FR','DE',NULL])[1 + id % 3], email_consent = 'SUBSCRIBED', "
            "deleted_at = CASE WHEN id % 11 = 0 THEN now() END"
        )
        admin.execute(
            "UPDATE xsight.tenant_state SET next_ordinal = 1 + (SELECT max(ordinal) FROM xsight.customers)"
        )
        day = admin.execute(
            "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY last_day) "
            "FROM xsight.customer_insights"
        ).fetchone()[0]
    directory = Directory(tenancy, tmp_path)
    async with tenancy.scope(tenant) as session:
        shown = await shown_state(session)
    assert await directory.count(tenant, shown, CustomerFilter()) is None  # not open yet
    await directory.close()
    on = date(1970, 1, 1) + timedelta(days=day)
    for which in (
        CustomerFilter(),
        CustomerFilter(country="FR"),
        CustomerFilter(country="XX"),
        CustomerFilter(tag="vip", country="FR"),
        CustomerFilter(tag="nothing"),
        CustomerFilter(email_consent="SUBSCRIBED", orders_min=3),
        CustomerFilter(segment="champions"),
        CustomerFilter(segment="nothing"),
        CustomerFilter(orders_min=2, orders_max=5, net_min=1000),
        CustomerFilter(net_max=50_000, tag="b"),
        CustomerFilter(churn_min=0.5),
        CustomerFilter(ordered_since=on),
        CustomerFilter(ordered_until=on, country="DE"),
    ):
        async with tenancy.scope(tenant) as session:
            rows = await count_customers(session, shown.insight_run, which)
        assert await directory.count(tenant, shown, which) == rows, which
        for sort in CUSTOMER_SORTS:
            assert [page async for page in _pages(tenancy, tenant, which, sort, directory)] == [
                page async for page in _pages(tenancy, tenant, which, sort, None)
            ], (which, sort)
    assert await directory.count(tenant, shown, CustomerFilter(ids=[1])) is None


async def _pages(tenancy, tenant, which, sort, directory):
    """Ids page by page, and the total."""
    cursor = None
    while True:
        page = await list_customers(
            tenancy,
            tenant,
            pii=False,
            which=which,
            sort=sort,
            cursor=cursor,
            limit=29,
            directory=directory,
        )
        yield page.total, [item.id for item in page.items]
        if (cursor := page.next_cursor) is None:
            return


async def test_fields_and_what_has_not_changed(ann, database) -> None:
    page = (await ann.get("/api/v1/customers?fields=id,scores.segment,scores.orders")).json()
    assert {frozenset(item) for item in page["items"]} == {frozenset({"id", "scores"})}
    assert set(page["items"][0]["scores"]) == {"segment", "orders"}
    assert page["total"] > 0
    for wrong in ("nothing", "scores.nothing", "id.x", ",", "scores.segment.x"):
        answer = await ann.get("/api/v1/customers", params={"fields": wrong})
        assert (answer.status_code, answer.json()["field"]) == (422, "fields"), wrong
    for path in ("customers", "orders", "products"):
        first = await ann.get(f"/api/v1/{path}")
        tag = {"If-None-Match": first.headers["etag"]}
        again = await ann.get(f"/api/v1/{path}", headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("UPDATE xsight.tenant_state SET data_version = data_version + 1")
        assert (await ann.get(f"/api/v1/{path}", headers=tag)).status_code == 200


async def test_products_with_variants_and_collections(ann, database) -> None:
    tenant = await ann.tenant_id()
    with psycopg.connect(database.admin_url) as admin:
        for n in range(1, 6):
            admin.execute(
                "INSERT INTO xsight.products (tenant_id, id, title, vendor, status, tags, gift_card, created_at, "
                "updated_at) VALUES (%s, %s, %s, %s, 'ACTIVE', %s, false, now(), now())",
                [tenant, n, f"Thing {6 - n}", "A" if n % 2 else "B", ["new"] if n == 3 else []],
            )
        admin.execute(
            "INSERT INTO xsight.variants (tenant_id, product_id, id, sku, price) VALUES (%s, 3, 31, 'S', 9.5)",
            [tenant],
        )
        admin.execute(
            "INSERT INTO xsight.product_collections (tenant_id, product_id, id, title) VALUES (%s, 3, 7, 'Home')",
            [tenant],
        )
    assert await ids(ann, "products", limit=2) == [5, 4, 3, 2, 1]
    assert await ids(ann, "products", sort="-id", vendor="A") == [5, 3, 1]
    assert await ids(ann, "products", tag="new") == [3]
    one = (await ann.get("/api/v1/products/3")).json()
    assert one["product"]["title"] == "Thing 3"
    assert [(v["sku"], v["price"]) for v in one["variants"]] == [("S", "9.5000")]
    assert one["collections"] == [{"id": 7, "title": "Home", "handle": None}]
    assert (await ann.get("/api/v1/products/99")).status_code == 404


async def test_a_timeline_tells_everything_once_and_in_order(ann, database) -> None:
    tenant = await ann.tenant_id()
    mine = [order for order in ann.orders if order.customer is not None]
    customer = max({o.customer for o in mine}, key=lambda c: sum(o.customer == c for o in mine))
    orders = [order for order in mine if order.customer == customer]
    segment, delivery = uuid4(), uuid4()
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO xsight.refunds (tenant_id, order_id, id, created_at, processed_at, day, total) "
            "VALUES (%s, %s, 5, now(), now() - interval '1 hour', 20000, 3.5)",
            [tenant, orders[0].id],
        )
        admin.execute(
            "INSERT INTO xsight.segments (tenant_id, id, name, rule) VALUES (%s, %s, 'VIP', '{}')",
            [tenant, segment],
        )
        admin.execute(
            "INSERT INTO xsight.segment_events (tenant_id, segment_id, customer_id, entered, at, day) "
            "VALUES (%s, %s, %s, true, now(), 20000), (%s, %s, %s, true, now(), 20000)",
            [tenant, segment, customer, tenant, segment, customer + 10**9],
        )
        for name, topic, body in (
            ("a", "customers/update", f'{{"id": {customer}, "tags": "x"}}'),
            ("b", "orders/updated", f'{{"id": 1, "customer": {{"id":{customer}}}}}'),
            ("c", "customers/update", f'{{"id": {customer}0}}'),
            ("d", "orders/updated", f'{{"id": {customer}, "customer": {{"id": 987654}}}}'),
            ("e", "customers/update", f"\\xff{customer}"),
        ):
            admin.execute(
                "INSERT INTO control.inbox (tenant_id, webhook_id, topic, body) VALUES (%s, %s, %s, %s)",
                [tenant, f"{name}{delivery}", topic, body.encode()],
            )
    events, cursor = [], {}
    while True:
        address = f"/api/v1/customers/{customer}/timeline"
        answer = await ann.get(address, params={"limit": 3} | cursor)
        assert answer.status_code == 200, answer.text
        events += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            break
        cursor = {"cursor": answer.json()["next_cursor"]}
    told = defaultdict(list)
    for event in events:
        told[event["kind"]].append(event)
    assert {int(e["id"]) for e in told["order"]} == {order.id for order in orders}
    assert len(told["order"]) == len(orders)
    assert [e["facts"]["total"] for e in told["refund"]] == ["3.5000"]
    assert {e["id"][0] for e in told["webhook"]} == {"a", "b"}
    assert [(e["facts"]["name"], e["facts"]["entered"]) for e in told["segment"]] == [("VIP", True)]
    assert [e["facts"]["was"] for e in told["score"]] == [None]
    assert [e["at"] for e in events] == sorted((e["at"] for e in events), reverse=True)
    some = (await ann.get(f"{address}?kinds=refund,segment&limit=250")).json()["items"]
    assert {e["kind"] for e in some} == {"refund", "segment"}
    for query in ("kinds=x", "kinds=,", "cursor=x", "limit=0"):
        assert (await ann.get(f"{address}?{query}")).status_code == 422, query
    assert (await ann.get("/api/v1/customers/987654321/timeline")).status_code == 404
