"""``python -m worker.scheduler``: promises what happens by itself. Of many, one leads."""

import asyncio
from contextlib import suppress

import structlog
from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError

from worker.alive import alive, stop_signal
from xsight_core.logging import configure_logging
from xsight_core.services.compliance import keep_promises
from xsight_core.services.jobs import prune
from xsight_core.services.schedule import keep_schedule
from xsight_core.services.webhooks import prune_webhooks
from xsight_core.settings import QueueSettings
from xsight_core.sync.turns import leadership
from xsight_core.tenancy import Tenancy

__all__ = ["main", "schedule"]

_TICK_S = 10.0
_PRUNE_EVERY_TICKS = 360

log = structlog.get_logger()


async def schedule(
    settings: QueueSettings, stop: asyncio.Event, *, tick_s: float = _TICK_S
) -> None:
    """Keep the schedule while we lead; wait for our turn while another does."""
    tenancy = Tenancy(settings.database_url.get_secret_value(), pool_size=2)
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    async with alive(redis, "scheduler"):
        log.info("scheduler.ready")
        while not stop.is_set():
            try:
                await _lead(tenancy, stop, tick_s)
            except (SQLAlchemyError, OSError) as error:
                log.warning("scheduler.trouble", error=type(error).__name__)
            await _pause(stop, tick_s)
    await redis.aclose()
    await tenancy.close()


async def _lead(tenancy: Tenancy, stop: asyncio.Event, tick_s: float) -> None:
    async with leadership(tenancy, "scheduler") as confirm:
        ticks = 0
        while confirm is not None and not stop.is_set():
            await confirm()
            promised = await keep_schedule(tenancy)
            if promised:
                log.info("scheduler.promised", count=promised)
            if ticks % _PRUNE_EVERY_TICKS == 0:
                await prune(tenancy)
                await prune_webhooks(tenancy)
                await keep_promises(tenancy)
            ticks += 1
            await _pause(stop, tick_s)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def main() -> None:
    """Entry point."""
    settings = QueueSettings()  # pyright: ignore[reportCallIssue] - from the environment
    configure_logging(level=settings.log_level, form=settings.log_format)

    async def run() -> None:
        await schedule(settings, stop_signal())

    asyncio.run(run())


if __name__ == "__main__":
    main()
