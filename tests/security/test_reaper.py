"""A notebook that lifts its own time-outs is ended all the same, and nobody else is."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest

from hub_config.reaper import reap_for_ever
from hub_config.roles import Minter
from tests.support.servers import mint

HEAVY = "SELECT count(*) FROM generate_series(1, 100000000000)"


@pytest.fixture
async def reaper(database):
    watch = asyncio.create_task(
        reap_for_ever(
            Minter(database.spawner_url),
            longest=timedelta(seconds=1),
            every=timedelta(seconds=0.1),
        )
    )
    yield
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


async def test_a_runaway_statement_is_ended_whatever_it_has_set(database, tenant, reaper):
    server = mint(database, tenant)
    async with await psycopg.AsyncConnection.connect(database.app_url, autocommit=True) as ours:
        async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as runaway:
            for lifted in ("statement_timeout", "idle_in_transaction_session_timeout"):
                await runaway.execute(f"SET {lifted} = 0")
            with pytest.raises(psycopg.OperationalError):
                async with asyncio.timeout(60):
                    await runaway.execute(HEAVY)
        async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as again:
            await again.execute(
                "SELECT 1"
            )  # the role may come back: it was the statement that was too long
        await ours.execute("SELECT pg_sleep(1.5)")  # a long one of our own is none of its business


async def test_it_outlives_a_database_that_is_away():
    class Away:
        asked = 0

        async def reap(self, _longest):
            self.asked += 1
            raise psycopg.OperationalError

    minter = Away()
    watch = asyncio.create_task(reap_for_ever(minter, every=timedelta(seconds=0.01)))
    while minter.asked < 3:
        await asyncio.sleep(0.01)
    assert not watch.done()
    watch.cancel()
