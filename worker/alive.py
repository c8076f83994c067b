"""What every process here does beside its work: say that it lives, and end when it is told to."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

__all__ = ["alive", "stop_signal"]

_EVERY_S = 5
_LIFE_S = 15


@asynccontextmanager
async def alive(redis: Redis, name: str) -> AsyncGenerator[None]:
    """Keep ``xsight:alive:<name>`` in Redis while the block runs."""
    key = f"xsight:alive:{name}"
    # where a supervisor waits for it: the key of a predecessor that was killed would still be there
    ready_file = os.environ.get("XSIGHT_READY_FILE")

    async def beat() -> None:
        while True:
            with suppress(RedisError, OSError):
                await redis.set(key, datetime.now(UTC).isoformat(), ex=_LIFE_S)
                if ready_file:
                    Path(ready_file).touch()  # noqa: ASYNC240 - one touch of a local disk
            await asyncio.sleep(_EVERY_S)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        with suppress(RedisError, OSError):
            await redis.delete(key)


def stop_signal() -> asyncio.Event:
    """Set at the first SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop
