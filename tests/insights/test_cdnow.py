"""The CDNOW purchases through database, ledger and insights, against pandas on the raw file."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg
import pytest

from tests.support.cdnow import ZONE, expected, transactions
from tests.support.shops import set_shop
from xsight_core.services.insights import compute_insights

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)


_CUSTOMERS = """
INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at)
SELECT %(tenant)s, customer, row_number() OVER (ORDER BY customer), '2020-01-01', '2020-01-01'
FROM (SELECT DISTINCT customer FROM raw) c
"""
_ORDERS = """
INSERT INTO xsight.orders (tenant_id, id, name, customer_id, created_at, updated_at, processed_at, day, test, edited,
  currency, taxes_included, channel, units, gross_minor, discounts_minor, returns_minor, net_minor, gross, discounts,
  subtotal, total, refunded, current_total, current_subtotal, tax, shipping, tip)
SELECT %(tenant)s, id, '#' || id, customer, at, at, at, (at AT TIME ZONE %(zone)s)::date - date '1970-01-01', false,
  false, 'USD', false, 'web', 1, cents, 0, 0, cents, amount, 0, amount, amount, 0, amount, amount, 0, 0, 0
FROM raw, LATERAL (SELECT cents / 100.0 AS amount) a
"""


@pytest.fixture
def cdnow(database, tenant):
    """The shop's orders in the tables, at hours spread over the shop's day."""
    frame = transactions(NOW)
    place = np.arange(1, len(frame) + 1)
    at = frame["date"].dt.tz_localize(ZoneInfo(ZONE)) + pd.to_timedelta(place * 7919 % 82_000, "s")
    rows = zip(place.tolist(), (1000 + frame["customer"]).tolist(), at, frame["cents"], strict=True)
    values = {"tenant": tenant.id, "zone": ZONE}
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "CREATE TEMP TABLE raw (id bigint, customer bigint, at timestamptz, cents bigint)"
        )
        with admin.cursor().copy("COPY raw FROM STDIN") as copy:
            copy.write("".join(f"{i}\t{who}\t{when}\t{cents}\n" for i, who, when, cents in rows))
        admin.execute(_CUSTOMERS, values)
        admin.execute(_ORDERS, values)
        admin.execute("UPDATE xsight.tenant_state SET data_version = 1, next_ordinal = 30000")
    set_shop(database.admin_url, tenant.id, zone=ZONE)
    return tenant


async def test_every_number_is_the_files(database, tenancy, cdnow, tmp_path):
    want = expected(NOW)
    started = time.perf_counter()
    run = await compute_insights(tenancy, cdnow.id, tmp_path, now=NOW)
    assert time.perf_counter() - started < 60  # about 1 s alone
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
