"""Insight runs: right numbers for odd shops, swapped in whole, kept as said."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.support.shops import ShopOrder, add_orders, random_orders, set_shop
from xsight_core.clv import ACTIONS, REASONS
from xsight_core.errors import NotFound
from xsight_core.services import insights
from xsight_core.services.insights import compute_insights

PREDICTED = (
    "p_alive",
    "churn_90",
    "expected_orders_90",
    "clv_365_minor",
    "next_order_day",
    "action",
)
NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)


def overview(database, tenant):
    with psycopg.connect(database.admin_url) as admin:
        row = admin.execute(
            "SELECT body FROM xsight.documents WHERE name = 'overview' AND tenant_id = %s",
            [tenant.id],
        ).fetchone()
    return row[0] if row else None


def rows(database, query, *params):
    with psycopg.connect(database.admin_url, row_factory=dict_row) as admin:
        return admin.execute(query, params).fetchall()


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "UTC"])
async def test_random_shop_against_its_list(
    database, tenancy, tenant, other_tenant, tmp_path, zone
):
    orders = random_orders(21, orders=900, customers=200, end=NOW)
    set_shop(database.admin_url, tenant.id, zone=zone)
    add_orders(database.admin_url, tenant.id, orders, zone=zone, customers=[77_777])
    add_orders(database.admin_url, other_tenant.id, random_orders(22, end=NOW))
    run = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    body, counted = overview(database, tenant), [order for order in orders if order.counts]
    known = [order for order in counted if order.customer is not None]
    buyers = {order.customer for order in known}
    assert body["totals"] == {
        "customers": len({o.customer for o in orders if o.customer} | {77_777}),
        "buyers": len(buyers),
        "orders": len(counted),
        "guest_orders": len(counted) - len(known),
        "revenue_minor": sum(order.net for order in counted),
        "aov_minor": round(sum(order.net for order in counted) / len(counted)),
        "repeat_rate": sum(sum(o.customer == b for o in known) > 1 for b in buyers) / len(buyers),
    }
    start = date.fromisoformat(body["daily"]["start"])
    by_day: dict[date, int] = {}
    for order in counted:
        by_day[order.local_date(zone)] = by_day.get(order.local_date(zone), 0) + order.net
    shown = {start + timedelta(i): net for i, net in enumerate(body["daily"]["net_minor"])}
    assert {day: net for day, net in shown.items() if net or day in by_day} == by_day
    assert max(shown) == run.as_of == NOW.astimezone(ZoneInfo(zone)).date()
    scores = rows(
        database, "SELECT * FROM xsight.customer_insights WHERE tenant_id = %s", tenant.id
    )
    assert {row["customer_id"]: row["net_minor"] for row in scores} == {
        b: sum(o.net for o in known if o.customer == b) for b in buyers
    }
    for row in scores:
        days = {o.local_date(zone) for o in known if o.customer == row["customer_id"]}
        assert row["frequency"] == len(days) - 1
        assert row["recency_days"] == (max(days) - min(days)).days
        assert row["age_days"] == (run.as_of - min(days)).days
    assert body["churn"]["evidence"]["state"] == "ok"
    if not body["churn"]["evidence"]["beats_baseline"]:  # then nothing is claimed of anybody
        assert body["churn"]["state"] == body["clv"]["state"] == "no_better_than_a_rule"
        assert not {"at_risk", "histogram", "expected_churn"} & set(body["churn"])
        assert all(row[name] is None for row in scores for name in PREDICTED)
        return
    for row in scores:
        assert 0 <= row["churn_90"] <= 1
        assert row["p_alive_low"] <= row["p_alive"] <= row["p_alive_high"]
        for days in (30, 90, 180, 365):
            name = f"clv_{days}_minor"
            assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
            name = f"expected_orders_{days}"
            assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
        today = (run.as_of - date(1970, 1, 1)).days
        assert today < row["next_order_day_low"] <= row["next_order_day_high"] <= today + 365
        assert row["reasons"][0] in {reason.key for reason in REASONS}
        assert row["action"] in {action.key for action in ACTIONS}
    assert body["churn"]["expected_churn"] == pytest.approx(sum(row["churn_90"] for row in scores))
    assert body["clv"]["total_minor"] == sum(row["clv_365_minor"] for row in scores)
    assert body["clv"]["total_minor_low"] < body["clv"]["total_minor"]
    assert sum(s["clv_minor"] for s in body["clv"]["segments"]) == pytest.approx(
        body["clv"]["total_minor"], abs=len(scores)
    )


@pytest.mark.parametrize(
    "orders",
    [
        [],
        [ShopOrder(1, 5, NOW - timedelta(days=3), 1000)],
        [ShopOrder(i, i % 7, NOW - timedelta(days=1), 1000) for i in range(1, 40)],
        [ShopOrder(i, i % 7, NOW - timedelta(days=i * 9), 0) for i in range(1, 60)],
        [ShopOrder(i, i % 7, NOW - timedelta(days=i * 9), 500, returns=900) for i in range(1, 60)],
        [ShopOrder(i, None, NOW - timedelta(days=i), 1000) for i in range(1, 40)],
        [ShopOrder(1, 5, NOW - timedelta(days=3), 1000, test=True)],
        [ShopOrder(1, 5, NOW + timedelta(days=30), 1000)],  # dated in the future
    ],
    ids=["none", "one", "one day", "zero", "negative", "guests", "only test", "future"],
)
async def test_odd_shops_have_a_defined_state(database, tenancy, tenant, tmp_path, orders):
    add_orders(database.admin_url, tenant.id, orders)
    run = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    body = overview(database, tenant)
    counted = [order for order in orders if order.counts and order.at <= NOW]
    assert body["totals"]["orders"] == sum(body["daily"]["orders"]) == len(counted)
    assert body["totals"]["revenue_minor"] == sum(order.net for order in counted)
    assert body["churn"]["state"] == body["clv"]["state"] == "not_enough_data"
    assert body["churn"]["have"]["repeat_customers"] < body["churn"]["need"]["repeat_customers"]
    assert len(body["rfm"]["segments"]) == 11
    assert all(
        row["p_alive"] is None for row in rows(database, "SELECT * FROM xsight.customer_insights")
    )
    assert run.as_of == date(2026, 11, 22)


async def test_computed_again_only_when_something_changed(database, tenancy, tenant, tmp_path):
    add_orders(database.admin_url, tenant.id, random_orders(1, end=NOW))
    first = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    assert (
        await compute_insights(tenancy, tenant.id, tmp_path, now=NOW + timedelta(minutes=5))
        == first
    )
    forced = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW, force=True)
    assert forced.id != first.id
    next_day = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW + timedelta(days=1))
    assert next_day.id != forced.id
    add_orders(database.admin_url, tenant.id, [ShopOrder(9_999, 1, NOW, 500)])
    newer = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW + timedelta(days=1))
    assert (newer.data_version, next_day.data_version) == (2, 1)
    body = overview(database, tenant)
    assert (body["insight_run"], body["data_version"]) == (str(newer.id), 2)
    (state,) = rows(
        database, "SELECT insight_run FROM xsight.tenant_state WHERE tenant_id = %s", tenant.id
    )
    assert state["insight_run"] == newer.id


async def test_same_rows_give_the_same_numbers(database, tenancy, tenant, tmp_path):
    add_orders(database.admin_url, tenant.id, random_orders(6, orders=700, customers=150, end=NOW))
    bodies = []
    for home in ("a", "b"):
        await compute_insights(tenancy, tenant.id, tmp_path / home, now=NOW, force=True)
        bodies.append(overview(database, tenant) | {"insight_run": None})
    assert bodies[0] == bodies[1]


async def test_failure_leaves_the_shown_run_as_it_was(
    database, tenancy, tenant, tmp_path, monkeypatch
):
    add_orders(database.admin_url, tenant.id, random_orders(1, end=NOW))
    first = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    before = overview(database, tenant)
    add_orders(database.admin_url, tenant.id, [ShopOrder(9_999, 1, NOW, 500)])

    def fails(*_args, **_more):
        raise RuntimeError("killed while writing")

    monkeypatch.setattr(insights, "show_run", fails)
    with pytest.raises(RuntimeError, match="killed"):
        await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    assert overview(database, tenant) == before
    runs = rows(database, "SELECT id FROM xsight.insight_runs")
    assert [run["id"] for run in runs] == [first.id]


async def test_runs_of_one_tenant_wait_for_each_other(database, tenancy, tenant, tmp_path):
    add_orders(database.admin_url, tenant.id, random_orders(1, end=NOW))
    runs = await asyncio.gather(
        *(compute_insights(tenancy, tenant.id, tmp_path, now=NOW) for _ in range(4))
    )
    assert len({run.id for run in runs}) == 1


async def test_the_loop_goes_on_meanwhile(database, tenancy, tenant, tmp_path):
    add_orders(database.admin_url, tenant.id, random_orders(1, orders=2000, end=NOW))
    work = asyncio.create_task(compute_insights(tenancy, tenant.id, tmp_path, now=NOW))
    beats = 0
    while not work.done():
        await asyncio.sleep(0.002)
        beats += 1
    await work
    assert beats > 5


async def test_a_tenant_that_is_gone(tenancy, tmp_path):
    with pytest.raises(NotFound):
        await compute_insights(tenancy, uuid4(), tmp_path, now=NOW)
