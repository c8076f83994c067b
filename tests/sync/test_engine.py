"""What keeps a sync going: resuming, sharing, giving way, keys and tokens."""

import asyncio
import base64
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from shopify_sim.config import ShopConfig, SimConfig
from tests.support import records
from tests.support.simulator import APP, SHOP, running_sim
from tests.support.tenants import add_tenant
from tests.sync.conftest import KEYRING, Heard, app_of, approve, synced
from tests.sync.test_load import STORED, expected, history, naive
from tests.sync.test_sync import check
from xsight_core.crypto import Keyring
from xsight_core.errors import Conflict, TokenRevoked
from xsight_core.services import jobs, sync
from xsight_core.services.connect import ShopAccess
from xsight_core.services.keys import rewrap_tokens
from xsight_core.shopify.bulk import read_lines
from xsight_core.shopify.domain import parse_shop_domain
from xsight_core.shopify.oauth import App
from xsight_core.sync import bulkfile, runs
from xsight_core.sync.load import Loaded, Shop, load_file


class Killed(BaseException):
    """As if the process had gone."""


@pytest.mark.parametrize("shuffle", [None, 7])
def test_a_load_goes_on_behind_its_last_batch(tenancy, tenant, rows, monkeypatch, shuffle):
    monkeypatch.setattr(bulkfile.batches, "__kwdefaults__", {"roots": 9})
    found = history(5)
    content = b"\n".join(records.jsonl(found, shuffle=shuffle)) + b"\n"
    shop, run, kept, starts = Shop(tenant.id, "UTC", 2), uuid4(), Loaded(), []

    def try_it(batches_until_killed):
        left = batches_until_killed

        def keep(_connection, loaded):
            nonlocal left, kept
            left -= 1
            if left < 0:
                raise Killed
            kept = loaded

        starts.append(kept.bytes)
        lines = content[kept.bytes :].split(b"\n")[:-1]
        blocks = [lines[i : i + 50] for i in range(0, len(lines), 50)]
        load_file(
            tenancy,
            shop,
            "orders",
            blocks,
            run=run,
            expected=expected(len(found)),
            on_batch=lambda _: None,
            so_far=kept,
            keep=keep,
        )

    for batches in (2, 1, 3):
        with pytest.raises(Killed):
            try_it(batches)
    try_it(10**6)
    assert starts == sorted(set(starts))  # nothing twice
    assert rows(STORED) == naive(found)
    assert rows("SELECT count(*) FROM xsight.bulk_spool") == [(0,)]


async def test_a_cancelled_run_is_cancelled_at_the_shop_too(access, shop, sim, store, tenancy):
    store.act("faults", bulk_latency_s=60)
    run = UUID((await sync.request_sync(tenancy, shop.id))["run"])
    operations = next(iter(sim.app.shops[sim.shop].installations.values())).operations

    async def known():
        """To the run; what it is cancelled by."""
        async with tenancy.scope(shop.id) as session:
            return (await runs.find(session, run)).cursor.get("bulk", {})

    running = asyncio.create_task(
        sync.run_sync(access, Heard(), tenant_id=shop.id, run=run, public_url="https://xs.example")
    )
    async with asyncio.timeout(60):
        while len(operations.known) < 3 or len(await known()) < len(operations.known):
            await asyncio.sleep(0.05)
        await sync.cancel_run(tenancy, shop.id, run)
        await running
    assert {operation.status for operation in operations.known.values()} <= {
        "CANCELED",
        "CANCELING",
    }


async def test_a_run_that_had_its_share_gives_way_and_goes_on(
    access, shop, store, tenancy, database, rows, monkeypatch
):
    monkeypatch.setattr(sync, "_SHARE_S", 0.0)
    store.act("faults", bulk_latency_s=2)
    run = UUID((await sync.request_sync(tenancy, shop.id))["run"])
    await tenancy_job(tenancy, add_tenant(database.admin_url, "waits"))

    async def once():
        await sync.run_sync(
            access, Heard(), tenant_id=shop.id, run=run, public_url="https://xs.example"
        )

    with pytest.raises(jobs.GaveWay):
        await once()
    async with tenancy.control() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE control.jobs SET due_at = now() + '1 hour'")
    await once()
    check(rows, store.truth())
    [run_] = await sync.run_history(tenancy, shop.id)
    assert run_["stats"]["tries"] == 2
    assert run_["stats"]["cost_points"] > 0
    assert run_["stats"]["bytes"]["orders"] > 10_000


async def tenancy_job(tenancy, tenant):
    async with tenancy.control() as session:
        await jobs.enqueue(session, tenant_id=tenant.id, kind="sync", key="x")
        connection = await session.connection()
        await connection.exec_driver_sql(
            f"UPDATE control.jobs SET due_at = now() - interval '1 minute' "
            f"WHERE tenant_id = '{tenant.id}'"
        )


async def test_a_job_that_brings_something_is_tried_again_and_again(tenancy, tenant, rows):
    async with tenancy.scope(tenant.id) as session:
        job_id = await jobs.enqueue(session, tenant_id=tenant.id, kind="sync", key="run")
    for _ in range(3 * jobs.MAX_ATTEMPTS):
        job = await jobs.claim(tenancy, job_id)
        async with tenancy.scope(tenant.id) as session:
            await jobs.rows.progressed(session, tenant.id, "sync", "run")
        assert await jobs.fail(tenancy, job, "the network") == "queued"
        async with tenancy.control() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("UPDATE control.jobs SET due_at = now()")


class TestSharedBucket:
    """Of 600 points, restored at 900 a second, drawn from by three workers that know nothing of each other."""

    @pytest.fixture
    def sim(self):
        config = SimConfig(
            shops=(ShopConfig(SHOP, "generated:60"),),
            apps=(APP,),
            auto_approve=True,
            bucket_maximum=600,
            bucket_restore_per_s=900,
        )
        with running_sim(config) as sim:
            yield sim

    async def test_nobody_is_throttled(self, tenancy, shop, sim):
        async with httpx.AsyncClient() as http:
            clients = [
                await ShopAccess(tenancy, KEYRING, http, app=app_of(sim), version="2026-10").client(
                    shop.id
                )
                for _ in range(3)
            ]

            async def read(client):
                pages = client.pages("orders_page", "orders", query=None, first=10)
                return [node["id"] async for nodes in pages for node in nodes]

            await clients[0].execute("shop")  # now the bucket is known to all
            with capture_logs() as logs:
                found = await asyncio.gather(*map(read, clients))
        assert found[0] == found[1] == found[2]
        assert sum(client.cost_points for client in clients) > 1200  # twice what it holds
        # the first page of each is sent before its cost is known; from then on all is reserved
        assert len([line for line in logs if line["event"] == "shopify.retry"]) <= 3


async def test_keys_are_rotated_while_tokens_are_read(tenancy, tenant, sim, tmp_path):
    def key(name):
        return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"

    file = tmp_path / "keyring"
    file.write_text(key("k1"))
    serving = Keyring.parse(file.read_text(), fresh=file.read_text)
    async with httpx.AsyncClient() as http:
        access = ShopAccess(tenancy, serving, http, app=app_of(sim), version="2026-10")
        query = await approve(sim, sim.shop)
        await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])
        client, reads, stop = await access.client(tenant.id), 0, False

        async def read():
            nonlocal reads
            while not stop:
                assert (await client.execute("shop"))["shop"]["id"]
                reads += 1

        reader = asyncio.create_task(read())
        for number in range(2, 5):
            before, file_text = reads, file.read_text()
            file.write_text(f"{key(f'k{number}')},{file_text}")
            assert await rewrap_tokens(tenancy, Keyring.parse(file.read_text())) == 1
            while reads < before + 3:
                await asyncio.sleep(0.01)
                assert not reader.done() or reader.result()
        stop = True
        await reader
    assert await rewrap_tokens(tenancy, Keyring.parse(file.read_text())) == 0


async def test_an_idle_stores_tokens_are_kept_alive(access, shop, rows, tenancy):
    assert not await access.keep_alive(shop.id)
    async with tenancy.scope(shop.id) as session:
        stored = await sync.shops.tokens(session)
        stored.refresh_expires_at -= timedelta(days=70)
    before = rows("SELECT refresh_sealed FROM xsight.shop_tokens")
    assert await access.keep_alive(shop.id)
    assert rows("SELECT refresh_sealed FROM xsight.shop_tokens") != before
    assert not await access.keep_alive(shop.id)


async def test_both_client_secrets_are_good_while_one_is_rotated(tenancy, tenant, sim):
    app = App(sim.client_id, ("not yet known there", sim.client_secret), "x", sim.url_template)
    async with httpx.AsyncClient() as http:
        query = await approve(sim, sim.shop)
        access = ShopAccess(tenancy, KEYRING, http, app=app, version="2026-10")
        assert await access.connect(tenant.id, parse_shop_domain(sim.shop), query["code"])


async def test_a_disconnected_store_is_told_how_to_come_back(access, shop, store, tenancy):
    store.act("uninstall")
    with pytest.raises(TokenRevoked):
        await synced(access, shop)
    with pytest.raises(Conflict, match=r"no longer lets XSight in.*Connect the store again"):
        await sync.request_sync(tenancy, shop.id)


@pytest.mark.parametrize(
    "faults",
    [
        {"html_answers": 1, "cut_answers": 1, "bulk_refusals": 1, "unavailable": 1},
        {"html_downloads": 1, "cut_downloads": 2, "scattered_files": 3, "duplicated_lines": 5},
        {"lost_bulk": 1, "bulk_expiries": 1, "bulk_cancels": 1},
    ],
    ids=lambda faults: next(iter(faults)),
)
async def test_more_trouble(access, shop, store, rows, faults, monkeypatch):
    monkeypatch.setattr("xsight_core.shopify.bulk._SLOT_WAIT_S", 0.1)
    store.act("faults", **faults)
    await synced(access, shop)
    check(rows, store.truth())


async def test_case_23_a_bulk_operation_that_ends_with_a_part_only(access, shop, store, rows):
    store.act("faults", truncated_files=2, bulk_failures=1)
    state = await synced(access, shop)
    assert state["counts"]["orders"] == store.truth()["orders_stored"]
    check(rows, store.truth())


async def test_case_24_changes_during_the_first_bulk(access, shop, store, rows, tenancy):
    store.act("faults", bulk_latency_s=1.5)
    run = UUID((await sync.request_sync(tenancy, shop.id))["run"])
    running = asyncio.create_task(
        sync.run_sync(access, Heard(), tenant_id=shop.id, run=run, public_url="https://xs.example")
    )
    async with asyncio.timeout(60):
        while not rows("SELECT 1 FROM xsight.sync_runs WHERE cursor -> 'bulk' ? 'orders'"):
            await asyncio.sleep(0.05)
    order = store.act("create_order", lines=[{"amount": "77.00", "quantity": 2}])["id"]
    store.act("refund", order=order, units=[[0, 1]])
    store.act("delete_order", order=store.act("create_order")["id"])
    await running
    check(rows, store.truth())


async def test_what_a_shop_garbles_is_put_aside_and_said(access, shop, store, rows, tenancy):
    order = store.act("create_order", lines=[{"amount": "5.00"}])["id"]
    store.act("spoil", id=order, values={"totalPriceSet.shopMoney.amount": "12,50"})
    store.act("faults", malformed_lines=2, bad_lines=["not json", '{"id":"gid:\\/\\/x\\/Y\\/1"}'])
    state = await synced(access, shop)
    assert state["status"] == "computing"
    assert state["set_aside"] >= 5
    reasons = [reason for (reason,) in rows("SELECT reason FROM xsight.quarantine")]
    assert any("totalPriceSet.shopMoney.amount" in reason for reason in reasons)
    assert "a line of unknown kind" in reasons
    assert len(set(reasons)) >= 3
    store.act("mend")
    store.act("touch", order=order)
    await synced(access, shop, "full")
    assert rows("SELECT net_minor FROM xsight.orders WHERE id = %s", int(order.rsplit("/", 1)[1]))


def test_a_line_that_is_longer_than_any_is_shortened_and_the_next_is_whole(monkeypatch):
    monkeypatch.setattr("xsight_core.shopify.bulk._LONGEST_LINE_BYTES", 100)
    content = b'{"a":1}\n{"b":"' + b"x" * (1 << 20) + b'"}\n{"c":2}\n'

    def answer(_request):
        return httpx.Response(200, content=content)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        lines = [line for block in read_lines(http, "https://x") for line in block]
    assert (lines[0], lines[2]) == (b'{"a":1}', b'{"c":2}')
    assert sum(len(line) + 1 for line in lines if line) == len(content)
