"""What of a tenant lies in Redis: answers that the API keeps. All of it is searched when somebody is erased."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

__all__ = ["RedisCaches"]


class RedisCaches:
    """The API's cache, and everything beside it in the same Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # typed in part only

    async def drop(self, tenant_id: UUID) -> int:
        """Forget every kept answer of the tenant, also on disk: the append-only file is written anew."""
        keys = [key async for key in self._redis.scan_iter(match=f"xsight:cache:{tenant_id}:*")]
        if keys:
            await self._redis.delete(*keys)
            await self._redis.bgrewriteaof()
        return len(keys)

    async def count(self, forms: list[str]) -> int:
        """Keys whose name or value says one of ``forms`` (lower case)."""
        wanted = [form.encode() for form in forms]
        return sum([any(form in text for form in wanted) async for text in self._everything()])

    async def _everything(self) -> AsyncGenerator[bytes]:
        async for key in self._redis.scan_iter(count=1000):
            yield (key + b"\n" + await self._value(key)).lower()

    async def _value(self, key: bytes) -> bytes:
        """A key of any kind as bytes."""
        read = {
            b"string": lambda: self._redis.get(key),
            b"hash": lambda: self._redis.hgetall(key),
            b"list": lambda: self._redis.lrange(key, 0, -1),
            b"set": lambda: self._redis.smembers(key),
            b"zset": lambda: self._redis.zrange(key, 0, -1),
            b"stream": lambda: self._redis.xrange(key),
        }.get(await self._redis.type(key))
        value = await read() if read else b""
        return value if isinstance(value, bytes) else repr(value).encode()
