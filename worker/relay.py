"""``python -m worker.relay``: sends due jobs to the stream.

Looks once a second, and at once when the doorbell rings. What Redis has lost, or a worker has taken
to its grave, is due again in PostgreSQL after a while and is sent again.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from taskiq.exceptions import TaskiqError
from taskiq.kicker import AsyncKicker

from worker.alive import alive, stop_signal
from worker.broker import JOB, StreamBroker, create_broker
from xsight_core.logging import configure_logging
from xsight_core.services.jobs import DOORBELL_CHANNEL, due_jobs, enqueue_due_inbox
from xsight_core.settings import QueueSettings
from xsight_core.tenancy import Tenancy

__all__ = ["main", "relay", "send_due"]

_LOOK_EVERY_S = 1.0
_TROUBLE_PAUSE_S = 2.0

log = structlog.get_logger()


async def send_due(tenancy: Tenancy, broker: StreamBroker, lease: timedelta) -> int:
    """Send every job that is due now; how many."""
    await enqueue_due_inbox(tenancy)
    due = await due_jobs(tenancy, lease=lease)
    for job in due:
        await AsyncKicker(JOB, broker, {}).kiq(str(job.id))
    return len(due)


async def relay(settings: QueueSettings, stop: asyncio.Event) -> None:
    """Relay until ``stop``, through any trouble of database and Redis."""
    redis_url = settings.redis_url.get_secret_value()
    tenancy = Tenancy(settings.database_url.get_secret_value(), pool_size=2)
    redis = Redis.from_url(redis_url)
    broker = create_broker(redis_url, idle_timeout=settings.lease)
    async with alive(redis, "relay"):
        log.info("relay.ready")
        ears = asyncio.create_task(_listen(redis, bell := asyncio.Event()))
        while not stop.is_set():
            try:
                sent = await send_due(tenancy, broker, settings.lease)
                if sent:
                    log.info("relay.sent", jobs=sent)
                    continue
            except (RedisError, OSError, SQLAlchemyError, TaskiqError) as error:
                log.warning("relay.trouble", error=type(error).__name__)
                await _either(stop, bell, _TROUBLE_PAUSE_S)
            await _either(stop, bell, _LOOK_EVERY_S)
            bell.clear()
        ears.cancel()
        await asyncio.gather(ears, return_exceptions=True)
    await broker.shutdown()
    await redis.aclose()
    await tenancy.close()


async def _listen(redis: Redis, bell: asyncio.Event) -> None:
    while True:
        with suppress(RedisError, OSError):
            async with redis.pubsub() as pubsub:
                await pubsub.subscribe(DOORBELL_CHANNEL)
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        bell.set()
        await asyncio.sleep(_TROUBLE_PAUSE_S)


async def _either(stop: asyncio.Event, bell: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(bell.wait())]
    await asyncio.wait(waits, timeout=seconds, return_when="FIRST_COMPLETED")
    for wait in waits:
        wait.cancel()


def main() -> None:
    """Entry point."""
    settings = QueueSettings()  # pyright: ignore[reportCallIssue] - from the environment
    configure_logging(level=settings.log_level, form=settings.log_format)

    async def run() -> None:
        await relay(settings, stop_signal())

    asyncio.run(run())


if __name__ == "__main__":
    main()
