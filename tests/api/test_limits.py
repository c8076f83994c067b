"""Limits: exact over many processes, told in headers, and still there without Redis."""

import asyncio
import subprocess
import sys
import time

import httpx
import pytest
import redis
from redis.asyncio import Redis

from api.throttle import Limit, Throttle
from tests.api.conftest import serve
from tests.support.valkey import running_valkey

PROCESSES = 8
BURST = 400
SHOTS = """
import asyncio, os, sys
from redis.asyncio import Redis
from api.throttle import Limit, Throttle

async def shoot(url):
    redis = Redis.from_url(url)
    throttle, limit = Throttle(redis, patience_s=60), Limit("test", 400, 3600)
    passed = 0
    for _ in range(25):
        found = await asyncio.gather(*(throttle.count((limit, "tenant")) for _ in range(8)))
        passed += sum(not standing.wait_s for standing in found)
    await redis.aclose()
    os.write(1, b"%d\\n" % passed)  # in one piece: eight write here

go, start = os.pipe()
for _ in range(int(sys.argv[2])):
    if not os.fork():
        os.close(start)
        os.read(go, 1)  # until everybody is there
        asyncio.run(shoot(sys.argv[1]))
        os._exit(0)
os.close(start)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


def test_eight_processes_together_pass_exactly_the_limit(valkey_url) -> None:
    ended = subprocess.run(  # one that imports and then divides: quicker than eight that import
        [sys.executable, "-c", SHOTS, valkey_url, str(PROCESSES)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    passed = [int(line) for line in ended.stdout.split()]
    assert len(passed) == PROCESSES
    assert sum(passed) == BURST  # of 1,600; at one an hour none comes due meanwhile


async def test_what_drains_away_may_come_again(valkey_url) -> None:
    client = Redis.from_url(valkey_url)
    try:
        throttle, limit = Throttle(client), Limit("drain", 20, 0.01)
        began, passed = time.monotonic(), 0
        while time.monotonic() - began < 1.0:
            passed += not (await throttle.count((limit, "x"))).wait_s
        seconds = time.monotonic() - began
        expected = 20 + seconds / 0.01
        assert passed <= expected + 1
        slow = Limit("slow", 5, 3)
        waits = [(await throttle.count((slow, "x"))).wait_s for _ in range(6)]
        assert waits[:5] == [0] * 5
        assert 0 < waits[5] <= 3
        await asyncio.sleep(waits[5])
        assert not (await throttle.count((slow, "x"))).wait_s
    finally:
        await client.aclose()


async def test_two_limits_pass_together_or_not_at_all(valkey_url) -> None:
    client = Redis.from_url(valkey_url)
    try:
        throttle = Throttle(client)
        tight, wide = Limit("tight", 2, 3600), Limit("wide", 5, 3600)
        seen = [await throttle.count((tight, "ann"), (wide, "shop")) for _ in range(4)]
        assert [bool(s.wait_s) for s in seen] == [False, False, True, True]
        assert [(s.limit, s.remaining) for s in seen] == [(2, 1), (2, 0), (2, 0), (2, 0)]
        left = await throttle.count((wide, "shop"))
        assert left.remaining == 2  # the refused ones cost the shop nothing
    finally:
        await client.aclose()


async def test_without_redis_each_process_counts_for_itself_and_at_once() -> None:
    client = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=2)
    try:
        throttle, limit = Throttle(client), Limit("login", 10, 3600)
        began = time.monotonic()
        seen = [await throttle.count((limit, "ann")) for _ in range(12)]
        assert time.monotonic() - began < 12  # each that waited would wait 2 s
        assert [bool(s.wait_s) for s in seen] == [False] * 10 + [True] * 2
        await throttle.give_back((limit, "ann"))
        assert not (await throttle.count((limit, "ann"))).wait_s
    finally:
        await client.aclose()


async def test_a_redis_that_hangs_holds_nobody_up(tmp_path) -> None:
    with running_valkey(tmp_path) as url:
        client = Redis.from_url(url)
        try:
            throttle, limit = Throttle(client), Limit("login", 3, 3600)
            await throttle.count((limit, "ann"))
            with redis.Redis.from_url(url) as control:
                control.client_pause(60_000)
            began = time.monotonic()
            seen = [await throttle.count((limit, "ann")) for _ in range(5)]
            assert time.monotonic() - began < 30
            assert [bool(s.wait_s) for s in seen] == [False] * 3 + [True] * 2
        finally:
            await client.aclose()


@pytest.fixture
def tight(settings):
    limits = {"rate_user": 1, "rate_tenant": 2, "rate_address": 1, "trusted_proxies": "10.0.0.0/8"}
    with serve(settings.model_copy(update=limits)) as api:
        yield api


async def test_callers_are_told_where_they_stand_and_when_it_is_enough(tight) -> None:
    async with tight.member() as ann:
        began, answers = time.monotonic(), [await ann.get("/api/v1/tenants/me")]
        while answers[-1].status_code == 200:
            answers.append(await ann.get("/api/v1/tenants/me"))
        due = 10 + time.monotonic() - began  # ten at once, one a second after
        assert 10 <= len(answers) - 1 <= due + 1
        first, last = answers[0], answers[-1]
        assert first.headers["ratelimit-limit"] == "10"
        assert int(first.headers["ratelimit-remaining"]) <= 9
        assert int(last.headers["retry-after"]) >= 1
        assert last.headers["ratelimit-remaining"] == "0"
        assert last.json()["code"] == "too_many_requests"
        assert (await ann.get("/health")).status_code == 200


async def test_a_made_up_address_is_no_other_address(tight) -> None:
    async with httpx.AsyncClient(base_url=tight.url, trust_env=False) as http:
        answers = await asyncio.gather(
            *(
                http.get("/login", headers={"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.9"})
                for n in range(60)
            )
        )
        passed = sum(a.status_code == 200 for a in answers)
        assert passed < 30  # the proxy saw 203.0.113.9 each time: ten at once, one a second after
        other = await http.get("/login", headers={"X-Forwarded-For": "203.0.113.9, 203.0.113.10"})
        assert other.status_code == 200
        nobody = [await http.get("/api/v1/customers") for _ in range(3)]
        assert {a.status_code for a in nobody} == {401}  # our own processes come without a proxy
