"""Held against the shop: equal when all is there, a cause for what is not, and a cure for what has none."""

from uuid import UUID

import pytest

from tests.sync.conftest import lose_orders, synced
from tests.sync.test_sync import check
from xsight_core.errors import NotFound
from xsight_core.services.completeness import check_completeness, completeness, latest_completeness


def by_object(report):
    return {count["object"]: count for count in report["counts"]}


async def checked(access, shop, kind=None):
    run = UUID((await synced(access, shop, kind))["run"])
    return await check_completeness(access, tenant_id=shop.id, run=run)


async def test_a_complete_shop_is_said_to_be_so(access, shop, store, rows):
    store.act("create_order", lines=[{"amount": "10.00", "quantity": 2}], test=True)
    sold = store.act(
        "create_order", lines=[{"amount": "10.00", "quantity": 3}, {"amount": "5.00"}]
    )["id"]
    store.act("clock", days=2)
    store.act("refund", order=sold, units=[[0, 2]])
    store.act("cancel", order=store.act("create_order")["id"])
    store.act("clock", seconds=1)
    report = await checked(access, shop)
    assert report["sales"]["totals"]["ours"] == report["sales"]["totals"]["shop"]
    assert report["sales"]["state"] in {"equal", "explained"}, report["sales"]["causes"]
    assert {count["state"] for count in report["counts"]} == {"equal"}, report["counts"]
    assert report["sales"]["days_equal"] > 0.9 * report["sales"]["days"]
    assert by_object(report)["orders"]["ours"] == store.truth()["orders_stored"]
    rules = {rule["cause"]: rule for rule in report["rules"]}
    assert rules["test"]["orders"] == store.truth()["test_orders"]
    assert rules["cancelled"]["orders"] == store.truth()["cancelled_orders"]
    assert await completeness(access.tenancy, shop.id, UUID(report["run"])) == report
    assert await latest_completeness(access.tenancy, shop.id) == report
    with pytest.raises(NotFound):
        await completeness(access.tenancy, shop.id, UUID(int=0))


async def test_what_is_missing_is_named_and_found_by_the_next_run(access, shop, store, rows):
    await synced(access, shop)
    lose_orders(rows, 3)
    report = await checked(access, shop, "delta")
    orders = by_object(report)["orders"]
    assert (report["state"], orders["difference"]) == ("differs", -3)
    assert orders["causes"] == [{"cause": "unknown", "count": 3}]
    assert report["sales"]["state"] == "differs"
    assert "unknown" in report["sales"]["causes"]
    report = await checked(access, shop, "delta")  # every id is compared, for that reason
    assert by_object(report)["orders"]["state"] == "equal"
    check(rows, store.truth())


async def test_what_happens_after_the_run_is_no_fault(access, shop, store):
    run = UUID((await synced(access, shop))["run"])
    store.act("clock", seconds=5)
    store.act("create_order")
    report = await check_completeness(access, tenant_id=shop.id, run=run)
    orders = by_object(report)["orders"]
    assert (orders["state"], orders["causes"]) == (
        "explained",
        [{"cause": "changed since", "count": 1}],
    )
    assert report["state"] == "explained"


async def test_without_the_scope_for_reports_the_counts_still_count(access, shop, store):
    scopes = ["read_customers", "read_orders", "read_all_orders", "read_products", "read_inventory"]
    store.act("scopes", scopes=scopes)
    report = await checked(access, shop)
    assert report["sales"]["state"] == "not offered"
    assert "read_reports" in report["sales"]["reason"]
    assert report["state"] == "equal"


async def test_days_follow_the_shop_to_another_time_zone(access, shop, store, rows, deliver):
    await synced(access, shop)
    days = "SELECT id, day FROM xsight.orders ORDER BY id"
    before, [(version,)] = rows(days), rows("SELECT data_version FROM xsight.tenant_state")
    store.act("update_shop", timezone="Pacific/Auckland")
    await deliver(("shop/update", {"id": 1}))
    moved = rows(days)
    assert moved != before
    assert {new[1] - old[1] for old, new in zip(before, moved, strict=True)} <= {0, 1}
    assert rows("SELECT timezone FROM xsight.tenant_state") == [("Pacific/Auckland",)]
    assert rows("SELECT data_version > %s FROM xsight.tenant_state", version) == [(True,)]
    report = await checked(access, shop, "full")
    assert rows(days) == moved  # as a reading of everything has them
    assert report["sales"]["totals"]["ours"] == report["sales"]["totals"]["shop"]


async def test_a_window_that_overlaps_writes_nothing_again(access, shop, store, rows):
    await synced(access, shop)
    store.act("create_order")
    await synced(access, shop, "delta")
    seen = "SELECT xmin::text, id FROM xsight.orders ORDER BY id"
    before, [(version,)] = rows(seen), rows("SELECT data_version FROM xsight.tenant_state")
    state = await synced(access, shop, "delta")
    assert rows(seen) == before
    assert rows("SELECT data_version FROM xsight.tenant_state") == [(version,)]
    assert state["rows"] == 0
    # and a second change within the second of the first is not taken for the first
    order = store.act("create_order", lines=[{"amount": "4.00", "quantity": 2}])["id"]
    await synced(access, shop, "delta")
    store.act("refund", order=order, units=[[0, 1]])
    await synced(access, shop, "delta")
    check(rows, store.truth())
