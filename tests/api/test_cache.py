"""Kept answers: one computes, the others wait, and without Redis nothing changes but the time."""

import asyncio
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from api.cache import Cache

TENANT = uuid4()


class Maker:
    def __init__(self, answer: bytes = b"made", seconds: float = 0.05) -> None:
        self.answer, self.seconds, self.times = answer, seconds, 0

    async def __call__(self) -> bytes:
        self.times += 1
        await asyncio.sleep(self.seconds)
        return self.answer


@pytest.fixture
async def redis(valkey_url):
    client = Redis.from_url(valkey_url)
    yield client
    await client.aclose()


async def test_a_stampede_computes_once_in_and_across_processes(redis) -> None:
    caches, make = [Cache(redis) for _ in range(4)], Maker()  # each as another process
    answers = await asyncio.gather(
        *(cache.read(TENANT, "1", "stats", make) for cache in caches for _ in range(25))
    )
    assert set(answers) == {b"made"}
    assert make.times == 1


async def test_another_version_tenant_or_question_is_another_answer(redis) -> None:
    cache = Cache(redis)
    asked = [(TENANT, "1", "a"), (TENANT, "2", "a"), (TENANT, "1", "b"), (uuid4(), "1", "a")]
    for n, key in enumerate(asked):
        assert await cache.read(*key, Maker(str(n).encode())) == str(n).encode()
    for n, key in enumerate(asked):
        assert await cache.read(*key, Maker(b"never")) == str(n).encode()


async def test_an_error_reaches_everybody_who_waits_and_is_not_kept(redis) -> None:
    async def fail() -> bytes:
        await asyncio.sleep(0.02)
        raise LookupError

    cache = Cache(redis)
    answers = await asyncio.gather(
        *(cache.read(TENANT, "1", "x", fail) for _ in range(5)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {LookupError}
    assert await cache.read(TENANT, "1", "x", Maker()) == b"made"


async def test_who_leaves_takes_the_answer_from_nobody(redis) -> None:
    cache, make = Cache(redis), Maker(seconds=0.2)
    first = asyncio.create_task(cache.read(TENANT, "1", "x", make))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(cache.read(TENANT, "1", "x", make))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == b"made"
    assert make.times == 1


async def test_a_maker_that_died_is_not_waited_for_long(redis) -> None:
    await Cache(redis).read(TENANT, "1", "x", Maker())
    (key,) = await redis.keys("xsight:cache:*")
    await redis.delete(key)
    await redis.set(key.decode() + ":lock", "somebody else's", px=300)
    assert await Cache(redis).read(TENANT, "1", "x", Maker(b"anew")) == b"anew"
    assert await redis.get(key) == b"anew"


async def test_without_redis_everybody_is_answered() -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1")
    cache, make = Cache(nowhere), Maker()
    answers = await asyncio.gather(*(cache.read(TENANT, "1", "x", make) for _ in range(9)))
    assert set(answers) == {b"made"}
    assert make.times == 1
    await nowhere.aclose()
