"""The CDNOW purchases through database, ledger and insights, against pandas on the raw file."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.support.cdnow import ZONE, expected, transactions
from tests.support.shops import ShopOrder, add_orders, set_shop
from xsight_core.services.insights import compute_insights

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)


@pytest.fixture
def cdnow(database, tenant):
    """The shop's orders in the tables, at hours spread over the shop's day."""
    midnight = transactions(NOW)["date"].dt.tz_localize(ZoneInfo(ZONE))
    frame = transactions(NOW)
    orders = [
        ShopOrder(
            i, 1000 + customer, (at + timedelta(seconds=i * 7919 % 86_000)).to_pydatetime(), cents
        )
        for i, (customer, at, cents) in enumerate(
            zip(frame["customer"], midnight, frame["cents"], strict=True), 1
        )
    ]
    set_shop(database.admin_url, tenant.id, zone=ZONE)
    add_orders(database.admin_url, tenant.id, orders, zone=ZONE)
    return tenant


async def test_every_number_is_the_files(database, tenancy, cdnow, tmp_path):
    want = expected(NOW)
    started = time.perf_counter()
    run = await compute_insights(tenancy, cdnow.id, tmp_path, now=NOW)
    assert time.perf_counter() - started < 15  # about 1 s alone
    with psycopg.connect(database.admin_url) as admin:
        (body,) = admin.execute(
            "SELECT body FROM xsight.documents WHERE name = 'overview'"
        ).fetchone()
        by_segment = dict(
            admin.execute(
                "SELECT segment, count(*) FROM xsight.customer_insights WHERE insight_run = %s GROUP BY 1",
                [run.id],
            ).fetchall()
        )
        (unscored,) = admin.execute(
            "SELECT count(*) FROM xsight.customer_insights WHERE p_alive IS NULL OR churn_90 IS NULL "
            "OR clv_365_minor IS NULL OR expected_orders_365 IS NULL"
        ).fetchone()
    totals = body["totals"]
    assert (totals["customers"], totals["buyers"], totals["orders"]) == (23_570, 23_570, 69_659)
    assert (want["customers"], want["orders"]) == (23_570, 69_659)
    assert totals["revenue_minor"] == want["revenue_minor"] == sum(body["daily"]["net_minor"])
    assert totals["repeat_rate"] == want["repeat_customers"] / 23_570
    assert body["freshness"]["last_order_on"] == want["last_order_on"]
    assert {s["key"]: s["customers"] for s in body["rfm"]["segments"]} == want["segments"]
    assert {s["key"]: s["revenue_minor"] for s in body["rfm"]["segments"]} == want[
        "segment_revenue_minor"
    ]
    assert body["rfm"]["grid"] == want["grid"]
    assert {key: n for key, n in want["segments"].items() if n} == by_segment
    cells = {
        f"{name}+{k}": n
        for name, row in zip(body["cohorts"]["cohorts"], body["cohorts"]["active"], strict=True)
        for k, n in enumerate(row)
        if n
    }
    assert cells == want["cohort_cells"]
    assert any(int(key.partition("+")[2]) > 12 for key in cells)
    assert unscored == 0
    assert body["churn"]["state"] == body["clv"]["state"] == "ok"
    assert sum(body["churn"]["histogram"]) == body["churn"]["customers"] == 23_570
    assert 0 < body["churn"]["at_risk"] < want["repeat_customers"]
