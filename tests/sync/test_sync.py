"""Whole syncs against the simulated shop: what is stored is what the shop holds."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.sync.conftest import Heard, approve, synced
from xsight_core.errors import Conflict, TokenRevoked, Unavailable
from xsight_core.services import sync
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.topics import TOPICS
from xsight_core.sync import backfill, runs
from xsight_core.sync.work import FAMILIES

TOTALS = """
    SELECT count(*), sum(gross_minor) - sum(discounts_minor) - sum(returns_minor), sum(net_minor)
    FROM xsight.orders
    WHERE NOT test AND cancelled_at IS NULL AND deleted_at IS NULL"""
COUNTS = """
    SELECT (SELECT count(*) FROM xsight.customers WHERE deleted_at IS NULL),
           (SELECT count(*) FROM xsight.orders WHERE deleted_at IS NULL),
           (SELECT count(*) FROM xsight.products WHERE deleted_at IS NULL),
           (SELECT count(*) FROM xsight.refunds),
           (SELECT count(DISTINCT refund_id) FROM xsight.refund_lines),
           (SELECT count(*) FROM xsight.quarantine)"""


def check(rows, truth):
    """Counts, and money to the cent. ``removed``: refunded and edited away, net of discounts."""
    net = truth["gross_minor"] - truth["discounts_minor"] - truth["removed_minor"]
    assert rows(TOTALS) == [(truth["orders"], net, net)]
    refunds = truth["refunds"]
    assert rows(COUNTS) == [
        (truth["customers"], truth["orders_stored"], truth["products"], refunds, refunds, 0)
    ]


async def test_a_first_sync_brings_the_whole_shop(access, shop, store, rows):
    heard = Heard()
    state = await synced(access, shop, heard=heard)
    assert (state["kind"], state["status"]) == ("full", "computing")
    check(rows, store.truth())
    truth = store.truth()
    assert state["counts"]["orders"] == truth["orders_stored"]
    assert all(message["type"] == "sync:progress" for message in heard.messages)
    assert heard.messages[-1] | {"type": ""} == state | {"type": ""}
    [(jobs,)] = rows("SELECT count(*) FROM control.jobs WHERE kind = 'insights'")
    assert jobs == 1


async def test_a_delta_brings_what_changed_and_only_that(access, shop, store, rows):
    await synced(access, shop)
    store.act("clock", days=2)  # beyond the overlap: nothing of the first sync is read again
    store.act("create_order", lines=[{"amount": "12.34", "quantity": 2}, {"amount": "1.00"}])
    [(order,)] = rows("SELECT max(id) FROM xsight.orders WHERE NOT test AND cancelled_at IS NULL")
    store.act("refund", order=f"gid://shopify/Order/{order}")
    state = await synced(access, shop)
    assert state["kind"] == "delta"
    check(rows, store.truth())


async def test_deletions_become_tombstones_that_no_late_copy_revives(access, shop, store, rows):
    await synced(access, shop)
    [(order,)] = rows("SELECT max(id) FROM xsight.orders")
    store.act("clock", seconds=60)
    store.act("delete_order", order=f"gid://shopify/Order/{order}")
    await synced(access, shop)
    assert rows("SELECT deleted_at IS NOT NULL FROM xsight.orders WHERE id = %s", order) == [
        (True,)
    ]
    check(rows, store.truth())


@pytest.mark.parametrize(
    "fault",
    [
        {"bulk_failures": 2},
        {"truncated_files": 3},
        {"expired_urls": 2},
        {"server_errors": 2},
        {"throttled": 3},
        {"too_many_requests": 2},
        {"internal_errors": 2},
    ],
    ids=lambda fault: next(iter(fault)),
)
async def test_a_shop_in_trouble_is_synced_all_the_same(access, shop, store, rows, fault):
    store.act("faults", **fault)
    await synced(access, shop)
    assert not any(store.act("faults")["faults"][name] for name in fault), (
        "the fault did not strike"
    )
    check(rows, store.truth())


async def test_a_bulk_operation_that_never_succeeds_is_not_taken_for_a_sync(access, shop, store):
    store.act("faults", bulk_failures=99)
    with pytest.raises(Unavailable, match="ended the bulk operation"):
        await synced(access, shop)
    [state] = await sync.active_runs(access.tenancy, shop.id)
    assert state["status"] == "running"  # the job is tried again later


async def test_an_interrupted_run_goes_on_where_it_was(access, shop, store, rows, monkeypatch):
    original, calls = backfill.load_file, []

    def breaks(*args, **more):
        calls.append(args[2])
        if len(calls) == 2:
            raise Unavailable("as if the worker had died")
        return original(*args, **more)

    monkeypatch.setattr(backfill, "_TRIES", 1)
    monkeypatch.setattr(backfill, "load_file", breaks)
    state = await sync.request_sync(access.tenancy, shop.id)
    run = UUID(state["run"])

    async def again():
        await sync.run_sync(
            access, Heard(), tenant_id=shop.id, run=run, public_url="https://xs.example"
        )

    with pytest.raises(Unavailable):
        await again()
    await again()
    assert calls[0] not in calls[1:]  # what was done is not done again
    check(rows, store.truth())


async def test_one_active_run_a_tenant(access, shop, tenancy):
    first = await sync.request_sync(tenancy, shop.id)
    second = await sync.request_sync(tenancy, shop.id)
    assert first["run"] == second["run"]
    assert [state["run"] for state in await sync.active_runs(tenancy, shop.id)] == [first["run"]]
    await sync.cancel_run(tenancy, shop.id, UUID(first["run"]))
    third = await sync.request_sync(tenancy, shop.id)
    assert third["run"] != first["run"]


async def test_a_run_is_cancelled_while_it_is_under_way(access, shop, store, tenancy):
    store.act("faults", bulk_latency_s=60)
    state = await sync.request_sync(tenancy, shop.id)
    run, heard = UUID(state["run"]), Heard()
    running = asyncio.create_task(
        sync.run_sync(access, heard, tenant_id=shop.id, run=run, public_url="https://xs.example")
    )
    async with asyncio.timeout(60):
        while not heard.messages:
            await asyncio.sleep(0.05)
        await sync.cancel_run(tenancy, shop.id, run)
        # nothing moves while Shopify works, so nothing would notice but the clock
        await running
    assert (await sync.run_state(tenancy, shop.id, run))["status"] == "cancelled"


async def test_a_run_outlives_a_database_in_trouble_and_can_still_be_cancelled(
    access, shop, store, tenancy, database
):
    store.act("faults", bulk_latency_s=60)
    run = UUID((await sync.request_sync(tenancy, shop.id))["run"])

    async def begun():
        async with tenancy.scope(shop.id) as session:
            return (await runs.find(session, run)).cursor.get("bulk", {})

    def tell(statement):
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(statement)

    with capture_logs() as logs:
        running = asyncio.create_task(
            sync.run_sync(
                access, Heard(), tenant_id=shop.id, run=run, public_url="https://xs.example"
            )
        )
        async with asyncio.timeout(60):
            while len(await begun()) < len(
                FAMILIES
            ):  # from here on Shopify works and the run only waits
                await asyncio.sleep(0.05)
            tell("REVOKE UPDATE ON xsight.sync_runs FROM xsight_app")
            while not any(line["event"] == "sync.untold" for line in logs):
                await asyncio.sleep(0.05)
            tell("GRANT UPDATE ON xsight.sync_runs TO xsight_app")
            await sync.cancel_run(tenancy, shop.id, run)
            await running
    assert (await sync.run_state(tenancy, shop.id, run))["status"] == "cancelled"


async def test_a_run_whose_jobs_are_gone_does_not_block_for_ever(access, shop, tenancy, database):
    first = await sync.request_sync(tenancy, shop.id)
    async with tenancy.control() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE control.jobs SET status = 'dead'")
    second = await sync.request_sync(tenancy, shop.id)
    assert second["run"] != first["run"]
    state = await sync.run_state(tenancy, shop.id, UUID(first["run"]))
    assert (state["status"], state["error"]["code"]) == ("failed", "abandoned")


async def test_no_store_no_sync(access, tenant):
    with pytest.raises(Conflict, match="Connect the store first"):
        await sync.request_sync(access.tenancy, tenant.id)


async def test_a_revoked_token_disconnects_the_store(access, shop, store, rows):
    state = await sync.request_sync(access.tenancy, shop.id)
    store.act("uninstall")
    heard = Heard()
    with pytest.raises(TokenRevoked):
        await sync.run_sync(
            access,
            heard,
            tenant_id=shop.id,
            run=UUID(state["run"]),
            public_url="https://xs.example",
        )
    assert heard.messages[-1]["type"] == "sync:failed"
    assert "Connect the store again" in heard.messages[-1]["error"]["message"]
    assert rows("SELECT connection FROM xsight.tenant_state") == [("disconnected",)]
    assert rows("SELECT count(*) FROM xsight.shop_tokens") == [(0,)]


async def test_a_store_that_comes_back_is_subscribed_to_again(access, shop, sim, store):
    await synced(access, shop)
    store.act("uninstall")
    with pytest.raises(TokenRevoked):
        await synced(access, shop)
    query = await approve(sim, sim.shop)
    await access.connect(shop.id, parse_shop_domain(sim.shop), query["code"])

    async def topics():
        client = await access.client(shop.id)
        pages = client.pages(
            "webhook_subscriptions_list", "webhookSubscriptions", query=None, first=100
        )
        return sorted([node["topic"] async for nodes in pages for node in nodes])

    assert await topics() == []
    assert (await synced(access, shop))["kind"] == "delta"
    every = sorted(topic.graphql for topic in TOPICS.values() if topic.subscribed)
    assert await topics() == every
    await synced(access, shop)
    assert await topics() == every  # and no second time


async def test_expired_tokens_are_renewed_once_for_all_who_wait(access, shop, store, rows):
    [(before,)] = rows("SELECT access_sealed FROM xsight.shop_tokens")
    store.act("expire_tokens")
    client = await access.client(shop.id)
    answers = await asyncio.gather(*(client.execute("shop") for _ in range(8)))
    assert len({answer["shop"]["id"] for answer in answers}) == 1
    [(after, expires_at)] = rows("SELECT access_sealed, access_expires_at FROM xsight.shop_tokens")
    assert after != before
    assert expires_at > datetime.now(UTC)
    stored = rows("SELECT count(*) FROM xsight.shop_tokens WHERE access_sealed LIKE '%%shpat%%'")
    assert stored == [(0,)]
