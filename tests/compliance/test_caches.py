"""What of a person can lie in Redis: found in keys of every kind, and a tenant's answers forgotten."""

from uuid import uuid4

import pytest
from redis.asyncio import Redis

from worker.caches import RedisCaches


@pytest.fixture
async def redis(valkey_url):
    client = Redis.from_url(valkey_url)
    yield client
    await client.aclose()


async def test_words_are_found_in_keys_of_every_kind(redis):
    caches = RedisCaches(redis)
    await redis.set("s", "x Ann@Example.com")
    await redis.hset("h", "field", "ann@example.com")
    await redis.rpush("l", "no", "ann@example.com")
    await redis.sadd("m", "ann@example.com")
    await redis.zadd("z", {"ann@example.com": 1})
    await redis.xadd("st", {"a": "ann@example.com"})
    await redis.set("of ann@example.com", "1")
    await redis.set("other", "bob@example.com")
    assert await caches.count(["ann@example.com"]) == 7
    assert await caches.count(["nobody@example.com", "nothing at all"]) == 0


async def test_a_tenant_s_answers_go_and_no_other_s(redis):
    one, other = uuid4(), uuid4()
    for tenant in (one, other):
        await redis.set(f"xsight:cache:{tenant}:a", "1")
    assert await RedisCaches(redis).drop(one) == 1
    assert await redis.keys("xsight:cache:*") == [f"xsight:cache:{other}:a".encode()]
