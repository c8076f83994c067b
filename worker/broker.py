"""The stream of job ids from the relay to the workers.

Taskiq's Redis stream broker with four promises it does not make by itself:

* a dead worker's entry is taken over after ``idle_timeout`` even when nothing new ever arrives;
* a live worker's entry never is, however long it runs: a heartbeat keeps it fresh;
* an acknowledged entry is deleted, and nothing else ever is;
* an entry delivered too often (it kills its workers) ends in ``<queue>:dead`` and the queue goes on.

Nothing here is the truth: jobs live in PostgreSQL, and the relay sends again what Redis forgets.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from taskiq import AckableMessage
from taskiq.serializers import JSONSerializer
from taskiq_redis import RedisStreamBroker

__all__ = ["JOB", "QUEUE", "StreamBroker", "create_broker"]

QUEUE = "xsight:tasks"
JOB = "job"
"""Name of the one task: it carries out the job whose id it gets."""

log = structlog.get_logger()

_RECLAIM_AT_ONCE = 100
_RECONNECT_S = 1.0


class StreamBroker(RedisStreamBroker):
    """See the module. ``idle_timeout`` in milliseconds, as its parent has it."""

    def __init__(self, url: str, *, max_deliveries: int = 5, **options: Any) -> None:
        # From the stream's start, not its end: what was sent before the group existed counts.
        # One entry at a time: what is prefetched is lost to the others until it is reclaimed.
        super().__init__(url, consumer_id="0", xread_count=1, **options)
        self._max_deliveries = max_deliveries
        self._held: set[bytes] = set()
        self._heart: asyncio.Task[None] | None = None

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """New entries, and those of workers that are gone."""
        self._heart = asyncio.create_task(self._beat())
        reclaim_at = 0.0
        try:
            while True:
                try:
                    if time.monotonic() >= reclaim_at:
                        reclaim_at = time.monotonic() + self.idle_timeout / 2000
                        async for entry in self._reclaim():
                            yield entry
                    for entry in await self._read():
                        yield entry
                except (RedisConnectionError, RedisTimeoutError) as error:
                    log.warning("broker.unreachable", error=type(error).__name__)
                    await asyncio.sleep(_RECONNECT_S)
                except ResponseError as error:
                    if "NOGROUP" not in str(error) and "UNBLOCKED" not in str(error):
                        raise
                    await self._declare_consumer_group()  # somebody has emptied Redis
        finally:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)

    def _redis(self) -> "Redis":
        return Redis(connection_pool=self.connection_pool)

    async def _read(self) -> list[AckableMessage]:
        streams: dict[Any, Any] = {self.queue_name: ">"}
        async with self._redis() as redis:
            found: Any = await redis.xreadgroup(
                self.consumer_group_name,
                self.consumer_name,
                streams,
                count=self.count,
                block=self.block,
            )
        return [self._hold(key, entry) for _, entries in found or [] for key, entry in entries]

    async def _reclaim(self) -> AsyncGenerator[AckableMessage, None]:
        """Entries of workers that are gone, each handed over at once: what is held is being done."""
        async with self._redis() as redis:
            waiting: Any = await redis.xpending_range(
                self.queue_name,
                self.consumer_group_name,
                "-",
                "+",
                _RECLAIM_AT_ONCE,
                idle=self.idle_timeout,
            )
            for pending in waiting:
                key, deliveries = pending["message_id"], pending["times_delivered"]
                # XCLAIM asks for the idle time again: of two workers only one gets it.
                claimed: Any = await redis.xclaim(
                    self.queue_name,
                    self.consumer_group_name,
                    self.consumer_name,
                    self.idle_timeout,
                    [key],
                )
                if not claimed:
                    continue
                if deliveries >= self._max_deliveries:
                    await self._bury(redis, key, claimed[0][1])
                else:
                    yield self._hold(key, claimed[0][1])

    def _hold(self, key: bytes, entry: dict[bytes, bytes]) -> AckableMessage:
        self._held.add(key)
        return AckableMessage(data=entry[b"data"], ack=self._release(key))

    def _release(self, key: bytes) -> Callable[[], Awaitable[None]]:
        async def release() -> None:
            self._held.discard(key)
            async with self._redis() as redis, redis.pipeline() as pipe:
                pipe.xack(self.queue_name, self.consumer_group_name, key)
                pipe.xdel(self.queue_name, key)
                await pipe.execute()

        return release

    async def _bury(self, redis: "Redis", key: bytes, entry: dict[Any, Any]) -> None:
        log.error("broker.dead", entry=key.decode(), queue=self.queue_name)
        async with redis.pipeline() as pipe:
            pipe.xadd(f"{self.queue_name}:dead", entry)
            pipe.xack(self.queue_name, self.consumer_group_name, key)
            pipe.xdel(self.queue_name, key)
            await pipe.execute()

    async def _beat(self) -> None:
        """Claim our own entries anew, which resets their idle time and counts no delivery."""
        while True:
            await asyncio.sleep(self.idle_timeout / 3000)
            if self._held:
                with contextlib.suppress(RedisConnectionError, RedisTimeoutError, ResponseError):
                    async with self._redis() as redis:
                        await redis.xclaim(
                            self.queue_name,
                            self.consumer_group_name,
                            self.consumer_name,
                            0,
                            list(self._held),
                            justid=True,
                        )


def create_broker(redis_url: str, *, idle_timeout: timedelta) -> StreamBroker:
    """The broker of all processes. JSON only: whoever can write Redis must not run code here."""
    broker = StreamBroker(
        redis_url,
        queue_name=QUEUE,
        idle_timeout=idle_timeout // timedelta(milliseconds=1),
        xread_block=1000,
    )
    return broker.with_serializer(JSONSerializer())
