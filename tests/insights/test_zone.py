"""A shop that moves to another time zone: days cut anew, ledger refreshed, numbers as if it had always been there."""

from datetime import UTC, datetime

import numpy as np
import psycopg

from tests.support.market import add_market, market
from xsight_core.analytics import METRICS, evaluate
from xsight_core.db.tables import TenantState
from xsight_core.ledger import ledger_folder, read_shop
from xsight_core.services.insights import compute_insights
from xsight_core.sync.calendar import follow_shop

NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)  # already the 23rd in Auckland
BEFORE, AFTER = "America/Los_Angeles", "Pacific/Auckland"


def told(database, tenant):
    """The document and the scores, without what names the run."""
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("SET search_path TO xsight")
        ((body,),) = admin.execute(
            "SELECT body - 'insight_run' - 'computed_at' - 'data_version' - 'freshness' FROM documents "
            "WHERE tenant_id = %s AND name = 'overview'",
            [tenant.id],
        ).fetchall()
        scores = admin.execute(
            "SELECT to_jsonb(i) - 'tenant_id' - 'insight_run' FROM customer_insights i JOIN tenant_state t "
            "USING (tenant_id, insight_run) WHERE tenant_id = %s ORDER BY customer_id",
            [tenant.id],
        ).fetchall()
    return body, scores


def opened(tenancy, tenant, home):
    with tenancy.connection(tenant.id) as connection:
        shop = read_shop(connection)
        return ledger_folder(home, tenant.id).load(connection, shop).orders


async def test_a_shop_that_moves_has_the_numbers_of_one_that_was_always_there(
    database, tenancy, tenant, other_tenant, tmp_path
):
    orders = market(5, now=NOW, zone=BEFORE, every=30)
    add_market(database.admin_url, tenant.id, orders, zone=BEFORE)
    first = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    was, _ = told(database, tenant)
    async with tenancy.scope(tenant.id) as session:
        state = await session.get_one(TenantState, tenant.id)
        assert await follow_shop(session, state, {"timezone": AFTER})
    moved = await compute_insights(tenancy, tenant.id, tmp_path, now=NOW)
    assert (first.as_of.isoformat(), moved.as_of.isoformat()) == ("2026-11-22", "2026-11-23")
    assert moved.data_version == first.data_version + 1
    # the same orders in a store that was in Auckland from the start; refunds keep their moment, so their day is cut too
    add_market(database.admin_url, other_tenant.id, orders, zone=AFTER)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "UPDATE xsight.refunds SET day = (created_at AT TIME ZONE %s)::date - date '1970-01-01'",
            [AFTER],
        )
    await compute_insights(tenancy, other_tenant.id, tmp_path / "fresh", now=NOW)
    body, scores = told(database, tenant)
    assert (body, scores) == told(database, other_tenant)
    assert body["daily"] != was["daily"]
    with psycopg.connect(database.admin_url) as admin:
        net = admin.execute(
            "SELECT ((processed_at AT TIME ZONE %s)::date)::text, sum(net_minor)::bigint FROM xsight.orders "
            "WHERE tenant_id = %s AND NOT test AND cancelled_at IS NULL AND deleted_at IS NULL GROUP BY 1 ORDER BY 1",
            [AFTER, tenant.id],
        ).fetchall()
    assert body["daily"]["start"] == net[0][0]
    assert [minor for minor in body["daily"]["net_minor"] if minor] == [m for _, m in net if m]
    mine, fresh = (
        opened(tenancy, one, home)
        for one, home in ((tenant, tmp_path), (other_tenant, tmp_path / "fresh"))
    )
    for name in METRICS:  # from the refreshed file as from the one built anew
        for by in ("day", "channel", *(["product"] if METRICS[name].by_product else [])):
            got, want = (evaluate(name, ledger, int(mine.day[-1]), by) for ledger in (mine, fresh))
            assert got.index.equals(want.index)
            np.testing.assert_array_equal(got, want, err_msg=f"{name} by {by}")
