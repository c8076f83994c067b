"""What the workers work with, made once per process from the settings."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from worker.calculators import Calculators
from worker.doorbell import RedisDoorbell
from worker.measures import count_rows, watch_pool
from xsight_core.services.connect import ShopAccess
from xsight_core.services.sync import PROGRESS_CHANNEL
from xsight_core.settings import Settings
from xsight_core.tenancy import Tenancy

__all__ = ["RedisProgress", "Resources", "open_resources"]

_HEAVY_AT_ONCE = 3  # of a worker's four places: webhooks never wait for a first sync

log = structlog.get_logger()


class RedisProgress:
    """Messages to browsers, by way of the API's processes. A lost one does no harm."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, tenant_id: UUID, message: dict[str, Any]) -> None:
        """Send one message to the tenant's channel."""
        count_rows(message)
        try:
            await self._redis.publish(
                f"{PROGRESS_CHANNEL}{tenant_id}", msgspec.json.encode(message)
            )
        except RedisError as error:
            log.warning("progress.lost", error=type(error).__name__)


@dataclass(frozen=True)
class Resources:
    """One of each."""

    settings: Settings
    tenancy: Tenancy
    redis: Redis
    access: ShopAccess
    progress: RedisProgress
    doorbell: RedisDoorbell
    calculators: Calculators
    heavy: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_HEAVY_AT_ONCE))


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncGenerator[Resources]:
    """Open the pools, and close them at the end."""
    tenancy = Tenancy(settings.database_url.get_secret_value())
    watch_pool(tenancy)
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    calculators = Calculators()
    try:
        async with httpx.AsyncClient() as http:
            yield Resources(
                settings=settings,
                tenancy=tenancy,
                redis=redis,
                access=ShopAccess.from_settings(settings, tenancy, http),
                progress=RedisProgress(redis),
                doorbell=RedisDoorbell(redis),
                calculators=calculators,
            )
    finally:
        await calculators.close()
        await redis.aclose()
        await tenancy.close()
