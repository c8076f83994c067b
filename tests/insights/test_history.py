"""Runs over time: what is kept, the time machine, the drift alarm."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from structlog.testing import capture_logs

from tests.support.market import market
from tests.support.shops import ShopOrder, add_orders, random_orders, set_shop
from xsight_core.errors import InvalidInput
from xsight_core.services.insights import compute_insights, store_look_back

NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)


def rows(database, query, *params):
    with psycopg.connect(database.admin_url, row_factory=dict_row) as admin:
        return admin.execute(query, params).fetchall()


async def test_a_life_of_runs_leaves_scores_history_and_cards(database, tenancy, tenant, tmp_path):
    add_orders(database.admin_url, tenant.id, [ShopOrder(1, 1, NOW - timedelta(days=900), 500)])
    start = datetime(2026, 1, 28, 12, tzinfo=UTC)
    for day in range(0, 80, 2):
        await compute_insights(tenancy, tenant.id, tmp_path, now=start + timedelta(days=day))
    kept = rows(
        database,
        "SELECT r.as_of, r.rows, "
        "(SELECT count(*) FROM xsight.customer_insights c WHERE c.insight_run = r.id) AS scores, "
        "(SELECT count(*) FROM xsight.customer_history h WHERE h.insight_run = r.id) AS history, r.card "
        "FROM xsight.insight_runs r ORDER BY as_of",
    )
    assert len(kept) == 40
    assert [row["as_of"] for row in kept if row["rows"] == "scores"] == [
        date(2026, 4, 12), date(2026, 4, 14), date(2026, 4, 16),
    ]  # fmt: skip
    assert [row["as_of"] for row in kept if row["rows"] == "history"] == [
        date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 31),
    ]  # fmt: skip
    for row in kept:
        want = {"scores": (1, 0), "history": (0, 1), "none": (0, 0)}[row["rows"]]
        assert (row["scores"], row["history"]) == want
        assert row["card"]["run"]["as_of"] == row["as_of"].isoformat()


async def test_the_past_recomputed_is_the_past_that_was_stored(database, tenancy, tenant, tmp_path):
    """A run made on a day and kept as history, and a look back at that day from later, say the same."""
    orders = random_orders(4, orders=1500, customers=300, end=NOW)
    set_shop(database.admin_url, tenant.id, zone="America/New_York")
    add_orders(database.admin_url, tenant.id, orders, zone="America/New_York")
    then = NOW - timedelta(days=120)
    told = await compute_insights(tenancy, tenant.id, tmp_path, now=then)
    query = (
        "SELECT customer_id, orders, net_minor, last_day, r, f, m, segment, p_alive, churn_90, expected_orders_90, "
        "clv_365_minor FROM xsight.{} WHERE insight_run = %s ORDER BY customer_id"
    )
    scores = rows(database, query.format("customer_insights"), told.id)
    for later in (60, 30, 10, 0):
        await compute_insights(tenancy, tenant.id, tmp_path, now=NOW - timedelta(days=later))
    history = rows(database, query.format("customer_history"), told.id)
    back = await store_look_back(tenancy, tenant.id, tmp_path, told.as_of, now=NOW)
    again = rows(database, query.format("customer_history"), back.id)
    assert len(scores) > 200
    assert scores == history == again
    assert back.summary == told.summary
    assert (back.kind, back.as_of, back.rows) == ("past", told.as_of, "history")
    shown = rows(database, "SELECT insight_run FROM xsight.tenant_state")
    assert shown[0]["insight_run"] != back.id
    assert (await store_look_back(tenancy, tenant.id, tmp_path, told.as_of, now=NOW)).id == back.id
    add_orders(database.admin_url, tenant.id, [ShopOrder(99_999, 1, then, 500)], zone="UTC")
    assert (await store_look_back(tenancy, tenant.id, tmp_path, told.as_of, now=NOW)).id != back.id


@pytest.mark.parametrize("ago", [45, 200])
async def test_any_past_day_is_a_refit_on_what_there_was_then(
    database, tenancy, tenant, other_tenant, tmp_path, ago
):
    """A look back equals a run on that day in a store that has no later order: scores, model, evidence."""
    orders = [one.order for one in market(11, now=NOW, zone="UTC", every=30)]
    day = (NOW - timedelta(days=ago)).date()
    add_orders(database.admin_url, tenant.id, orders)
    before = [order for order in orders if order.local_date("UTC") <= day]
    assert len(before) < len(orders)
    add_orders(database.admin_url, other_tenant.id, before)
    back = await store_look_back(tenancy, tenant.id, tmp_path, day, now=NOW)
    then = NOW - timedelta(days=ago)
    fresh = await compute_insights(tenancy, other_tenant.id, tmp_path / "then", now=then)
    columns = (
        "customer_id, orders, net_minor, last_day, r, f, m, segment, p_alive, churn_90, expected_orders_90, "
        "clv_365_minor"
    )
    query = f"SELECT {columns} FROM xsight.{{}} WHERE insight_run = %s ORDER BY customer_id"
    seen = rows(database, query.format("customer_history"), back.id)
    assert seen == rows(database, query.format("customer_insights"), fresh.id)
    assert len(seen) > 300
    assert (back.as_of, back.summary) == (fresh.as_of, fresh.summary)
    for part in ("models", "evidence", "rules"):
        assert back.card[part] == fresh.card[part]


async def test_the_future_cannot_be_looked_back_from(tenancy, tenant, tmp_path):
    for days in (0, 1):
        with pytest.raises(InvalidInput, match="over") as refused:
            await store_look_back(
                tenancy, tenant.id, tmp_path, (NOW + timedelta(days=days)).date(), now=NOW
            )
        assert refused.value.field == "as_of"


async def test_a_forecast_that_got_worse_is_an_alarm(database, tenancy, tenant, tmp_path):
    add_orders(database.admin_url, tenant.id, random_orders(6, orders=2500, customers=400, end=NOW))
    for day in range(12, 6, -1):
        run = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW - timedelta(days=day))
    assert run.drift is None
    with psycopg.connect(database.admin_url) as admin:  # as if it had been far better so far
        admin.execute(
            "UPDATE xsight.insight_runs SET summary = summary || %s",
            [Jsonb({"holdout": {"brier": 0.01, "skill": 0.5, "customers": 400}})],
        )
    with capture_logs() as logs:
        worse = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    assert worse.drift["state"] == "worse"
    assert worse.drift["since"] == "2026-11-22"
    assert worse.card["drift"] == worse.drift
    assert "drift" in {warning["code"] for warning in worse.card["warnings"]}
    assert "insights.drift" in {line["event"] for line in logs}
    (body,) = rows(database, "SELECT body FROM xsight.documents WHERE name = 'overview'")
    assert body["body"]["churn"]["drift"]["state"] == "worse"
    later = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW + timedelta(days=1))
    assert later.drift["since"] == "2026-11-22"
