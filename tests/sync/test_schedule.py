"""What happens by itself, and only once for a slot of time."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.sync.conftest import synced
from worker.scheduler import schedule
from xsight_core.services.schedule import SYNC_EVERY, keep_schedule, slot_start
from xsight_core.sync.turns import leadership

DELTAS = "SELECT count(*) FROM xsight.sync_runs WHERE kind = 'delta'"


async def test_a_store_is_synced_once_a_slot(access, shop, tenancy, rows):
    now = datetime.now(UTC)
    await keep_schedule(tenancy, now=now)
    assert rows(DELTAS) == [(0,)]  # the first sync is the merchant's decision
    await synced(access, shop)
    later = slot_start(shop.id, now) + SYNC_EVERY + timedelta(seconds=1)
    await asyncio.gather(*(keep_schedule(tenancy, now=later) for _ in range(3)))
    await keep_schedule(tenancy, now=later + timedelta(seconds=5))
    assert rows(DELTAS) == [(1,)]


async def test_insights_follow_the_shops_own_day(access, shop, tenancy, rows):
    await synced(access, shop)
    days = "SELECT key FROM control.jobs WHERE key LIKE 'day %%' ORDER BY key"
    for hour in (22, 23, 24, 25, 26):  # UTC; the shop is in Berlin
        await keep_schedule(tenancy, now=datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=hour))
    assert rows(days) == [("day 2026-06-02",)]


async def test_of_three_schedulers_one_leads(settings, tenancy, shop):
    stop = asyncio.Event()
    running = [asyncio.create_task(schedule(settings, stop, tick_s=0.1)) for _ in range(3)]
    try:
        async with asyncio.timeout(60):
            while not await _led(tenancy):
                await asyncio.sleep(0.05)
        for _ in range(10):  # it stays so: the others ask each tick and are refused
            assert await _led(tenancy)
            await asyncio.sleep(0.05)
    finally:
        stop.set()
        await asyncio.gather(*running)
    async with leadership(tenancy, "scheduler") as confirm:
        assert confirm is not None
        await confirm()


async def _led(tenancy) -> bool:
    async with leadership(tenancy, "scheduler") as confirm:
        return confirm is None
