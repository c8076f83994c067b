"""Answers that are kept while their data lasts: keyed by a version, so that nothing ever has to be thrown away.

One caller computes, the others wait for it: within a process by sharing its task, between processes by a short lock in
Redis. What was asked lately stays in the process too. Redis may be slow, full or gone: then everybody computes, and
nothing else changes.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

__all__ = ["Cache"]

log = structlog.stdlib.get_logger("api.cache")

KEEP_S: Final = 3600
LOCK_MS: Final = 5000
POLL_S: Final = 0.02
PATIENCE_S: Final = 0.25
"""Longest wait for Redis: computing is never far away."""
LARGEST: Final = 2_000_000
NEAR_S: Final = 60.0
"""How long an answer stays in the process: what is erased is nowhere a minute later."""
NEAR_BYTES: Final = 64_000_000

# The lock is given back by whoever took it, and by nobody whose time was up.
_UNLOCK: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Cache:
    """Bytes by tenant, version and question."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # typed in part only
        self._unlock: Any = redis.register_script(_UNLOCK)
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._near: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._near_bytes = 0

    async def read(
        self, tenant_id: UUID, version: str, question: str, make: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        """The kept answer, or ``make()``'s. ``version`` must change with everything that the answer depends on."""
        asked = hashlib.sha256(f"{version}|{question}".encode()).hexdigest()[:32]
        key = f"xsight:cache:{tenant_id}:{asked}"
        if (near := self._near.get(key)) is not None and near[0] > time.monotonic():
            return near[1]
        task = self._making.get(key)
        if task is None:
            task = asyncio.create_task(self._find_or_make(key, make))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        # One who leaves does not take the answer from the others.
        found = await asyncio.shield(task)
        self._keep_near(key, found)
        return found

    def _keep_near(self, key: str, found: bytes) -> None:
        """The oldest make room."""
        if (old := self._near.pop(key, None)) is not None:
            self._near_bytes -= len(old[1])
        self._near[key] = (time.monotonic() + NEAR_S, found)
        self._near_bytes += len(found)
        while self._near_bytes > NEAR_BYTES:
            _, (_, gone) = self._near.popitem(last=False)
            self._near_bytes -= len(gone)

    async def _find_or_make(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        ours = uuid4().hex
        try:
            async with asyncio.timeout(PATIENCE_S):
                kept, locked = await self._get_or_lock(key, ours)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("cache.off", reason=type(error).__name__)
            return await make()
        if kept is None and not locked:
            kept = await self._wait(key)
        if kept is not None:
            return kept
        try:
            made = await make()
        except BaseException:
            await self._leave(key, ours, None)
            raise
        await self._leave(key, ours, made)
        return made

    async def _get_or_lock(self, key: str, ours: str) -> tuple[bytes | None, bool]:
        kept: bytes | None = await self._redis.get(key)
        if kept is not None:
            return kept, False
        return None, bool(await self._redis.set(f"{key}:lock", ours, nx=True, px=LOCK_MS))

    async def _wait(self, key: str) -> bytes | None:
        """Somebody else computes: look again until it is there, the lock is gone, or it takes too long."""
        try:
            async with asyncio.timeout(LOCK_MS / 1000):
                while True:
                    await asyncio.sleep(POLL_S)
                    kept, lock = await self._redis.mget(key, f"{key}:lock")
                    if kept is not None or lock is None:
                        return kept
        except (RedisError, OSError, TimeoutError):
            return None

    async def _leave(self, key: str, ours: str, made: bytes | None) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                if made is not None and len(made) <= LARGEST:
                    await self._redis.set(key, made, ex=KEEP_S)
                await self._unlock(keys=[f"{key}:lock"], args=[ours])
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("cache.unkept", reason=type(error).__name__)
