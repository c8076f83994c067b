"""``/health``: the process lives. ``/ready``: it can do its work, and how far behind the queue is."""

import asyncio
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec
import structlog
from litestar import Response, get
from redis.exceptions import RedisError

from api.resources import Resources, Wired
from api.rights import Right
from xsight_core.db.queue_lag import oldest_due_s

__all__ = ["handlers"]

PATIENCE_S: Final = 2.0
OPEN: Final = {"right": Right.PUBLIC, "unlimited": True}

log = structlog.stdlib.get_logger("api.health")


class Readiness(msgspec.Struct):
    """What works. ``queue_lag_s``: for how long the oldest due job has been waiting."""

    ready: bool
    database: bool
    redis: bool
    queue_lag_s: float | None


@get("/health", opt=OPEN, tags=["Operations"], sync_to_thread=False)
def health() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@get("/ready", opt=OPEN, tags=["Operations"])
async def ready(resources: Wired) -> Response[Readiness]:
    """Ready with a database; Redis only makes things quick, but its loss is said."""
    lag_s, redis = await asyncio.gather(_queue_lag_s(resources), _redis_answers(resources))
    state = Readiness(
        ready=lag_s is not None, database=lag_s is not None, redis=redis, queue_lag_s=lag_s
    )
    status = HTTPStatus.OK if state.ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(state, status_code=status, headers={"Cache-Control": "no-store"})


async def _queue_lag_s(resources: Resources) -> float | None:
    """``None``: the database did not answer."""
    try:
        async with asyncio.timeout(PATIENCE_S), resources.tenancy.control() as session:
            return await oldest_due_s(session)
    except Exception as error:  # noqa: BLE001 - whatever the reason, the answer is "not ready"
        log.warning("not_ready.database", reason=type(error).__name__)
        return None


async def _redis_answers(resources: Resources) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await cast("Any", resources.redis).ping()
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("not_ready.redis", reason=type(error).__name__)
        return False
    return True


handlers = [health, ready]
