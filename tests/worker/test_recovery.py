"""Real syncs whose worker is killed, or whose queue is emptied: done all the same, and once."""

import asyncio
import signal

import redis as redis_sync

from tests.sync.conftest import store  # noqa: F401 - a fixture
from tests.worker.conftest import process, until
from xsight_core.services import sync


async def completed(access, tenant, run, log, within_s=120.0):
    async with asyncio.timeout(within_s):
        while (state := await sync.run_state(access.tenancy, tenant.id, run))[
            "status"
        ] != "completed":
            assert state["status"] != "failed", (state, log.read_text())
            await asyncio.sleep(0.2)
    return state


async def test_a_worker_killed_in_the_middle_of_a_sync(settings, access, shop, store, log):  # noqa: F811
    store.act("faults", bulk_latency_s=2)
    with process(settings, "worker.relay", log):
        with process(settings, "worker", log) as worker:
            run = (await sync.request_sync(access.tenancy, shop.id))["run"]
            async with asyncio.timeout(60):
                while (await sync.run_state(access.tenancy, shop.id, run))["status"] != "running":
                    await asyncio.sleep(0.1)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        store.act("faults", bulk_latency_s=0)
        with process(settings, "worker", log):
            state = await completed(access, shop, run, log)
    truth = store.truth()
    assert state["counts"]["orders"] == truth["orders_stored"]
    with access.tenancy.connection(shop.id) as connection:
        [(runs,)] = connection.execute("SELECT count(*) FROM control.jobs WHERE kind = 'sync'")
        [(shown,)] = connection.execute("SELECT count(*) FROM xsight.insight_runs")
    assert (runs, shown) == (1, 1)  # one job, carried out once


async def test_a_job_whose_message_redis_has_lost(settings, access, shop, log):
    valkey = redis_sync.Redis.from_url(settings.redis_url.get_secret_value())
    with process(settings, "worker.relay", log):
        run = (await sync.request_sync(access.tenancy, shop.id))["run"]
        until(lambda: valkey.exists("xsight:tasks") and valkey.xlen("xsight:tasks"), log=log)
        valkey.flushall()
        with process(settings, "worker", log):
            await completed(access, shop, run, log)
    valkey.close()


async def test_a_worker_that_is_told_to_stop_gives_its_job_back(settings, access, shop, store, log):  # noqa: F811
    store.act("faults", bulk_latency_s=60)
    with process(settings, "worker.relay", log):
        with process(settings, "worker", log):
            run = (await sync.request_sync(access.tenancy, shop.id))["run"]
            async with asyncio.timeout(60):
                while (await sync.run_state(access.tenancy, shop.id, run))["status"] != "running":
                    await asyncio.sleep(0.1)
        with access.tenancy.connection(shop.id) as connection:
            [(status, attempts)] = connection.execute(
                "SELECT status, attempts FROM control.jobs WHERE kind = 'sync'"
            )
    assert (status, attempts) == ("queued", 0)  # being stopped costs no attempt
