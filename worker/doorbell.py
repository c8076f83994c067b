"""Rings the relay: a job is waiting. Nothing is lost when nobody hears it, the relay looks by itself."""

from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from xsight_core.services.jobs import DOORBELL_CHANNEL

__all__ = ["RedisDoorbell"]

log = structlog.stdlib.get_logger("worker.doorbell")


class RedisDoorbell:
    """``xsight_core.services.jobs.Doorbell`` over Redis pub/sub."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # typed in part only

    async def ring(self, job_id: UUID) -> None:
        """Say that there is something to look at."""
        try:
            await self._redis.publish(DOORBELL_CHANNEL, str(job_id))
        except RedisError as error:
            log.warning("doorbell.silent", reason=type(error).__name__)
