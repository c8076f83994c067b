"""The four promises of the broker, kept by processes that are really killed."""

import asyncio
import subprocess
import sys
from contextlib import suppress

import pytest
import redis as redis_sync
from taskiq.kicker import AsyncKicker

from tests.worker.conftest import ROOT, until
from tests.worker.hand import create

IDLE_MS = 2000


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "ledger"
    path.touch()
    return path


@pytest.fixture
async def broker(valkey_url, ledger):
    broker = create(valkey_url, ledger, IDLE_MS)
    yield broker
    await broker.shutdown()


@pytest.fixture
def valkey(valkey_url):
    client = redis_sync.Redis.from_url(valkey_url)
    yield client
    client.close()


@pytest.fixture
def hire(valkey_url, ledger, tmp_path):
    """Start a worker process; all of them are gone at the end."""
    hands = []

    def hire():
        log = (tmp_path / "hands.log").open("ab")
        command = [sys.executable, "-m", "tests.worker.hand", valkey_url, str(ledger), str(IDLE_MS)]
        hands.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
        log.close()
        return hands[-1]

    yield hire
    for hand in hands:
        hand.kill()
        hand.wait()


async def kick(broker, task, *values):
    await AsyncKicker(task, broker, {}).kiq(*values)


async def test_what_was_sent_before_any_worker_existed_is_done_and_deleted(
    broker, hire, ledger, valkey
):
    for name in "abc":
        await kick(broker, "slow", name, 0)
    hire()
    until(lambda: ledger.read_text().count("end") == 3)
    until(lambda: valkey.xlen("hands") == 0)


async def test_a_dead_workers_task_comes_back_though_the_queue_is_quiet(broker, hire, ledger):
    first = hire()
    await kick(broker, "slow", "a", 2)
    until(lambda: "start a" in ledger.read_text())
    first.kill()
    hire()
    until(lambda: "end a" in ledger.read_text())
    assert ledger.read_text().split("\n")[:3] == ["start a", "start a", "end a"]


async def test_a_long_task_is_not_started_twice(broker, hire, ledger):
    hire(), hire()
    await kick(broker, "slow", "long", 5 * IDLE_MS / 1000)
    until(lambda: "start long" in ledger.read_text())
    for number in range(8):  # traffic, which makes the stock broker take tasks over
        await kick(broker, "slow", f"short{number}", 0)
        await asyncio.sleep(IDLE_MS / 2000)
    until(lambda: "end long" in ledger.read_text())
    assert ledger.read_text().count("start long") == 1
    assert ledger.read_text().count("end short") == 8


async def test_a_task_that_kills_its_workers_ends_among_the_dead(broker, hire, ledger, valkey):
    await kick(broker, "poison", "p")

    def buried():
        with suppress(IndexError):
            if hands[-1].poll() is not None:
                hands.append(hire())
        return valkey.xlen("hands:dead")

    hands = [hire()]
    until(buried, within_s=120)
    assert ledger.read_text().count("start p") == 5
    await kick(broker, "slow", "after", 0)
    until(lambda: "end after" in ledger.read_text())
    until(lambda: valkey.xlen("hands") == 0)


async def test_a_worker_goes_on_after_redis_was_emptied(broker, hire, ledger, valkey):
    hire()
    await kick(broker, "slow", "a", 0)
    until(lambda: "end a" in ledger.read_text())
    valkey.flushall()
    await kick(broker, "slow", "b", 0)
    until(lambda: "end b" in ledger.read_text())


async def test_nothing_but_json_is_in_redis(broker, valkey):
    await kick(broker, "slow", "a", 0)
    [(_, entry)] = valkey.xrange("hands")
    assert entry[b"data"].startswith(b"{")
