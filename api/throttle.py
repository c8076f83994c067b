"""Rate limits by the generic cell rate algorithm: one Lua call, exact over any number of processes.

A key holds its theoretical arrival time. A request moves it by ``1/rate``; one that would move it more than ``burst``
requests ahead of now is refused and changes nothing. All keys of one call pass together or not at all.

Without Redis each process counts for itself: a limit is then exceeded by as many times as there are processes, but
guessing never becomes free.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.errors import TooManyAttempts

__all__ = ["Limit", "LocalCounter", "Standing", "Throttle"]

log = structlog.stdlib.get_logger("api.throttle")

PATIENCE_S: Final = 1.0
"""Longest wait for Redis: a request is not held up by what only counts it, a busy moment is not an outage."""
PAUSE_S: Final = 5.0
"""Redis is left alone for so long after it failed."""

# Redis' own clock (microseconds) is used: processes' clocks differ. Answers the wait, then what is left of each key.
_GCRA: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer = {0}
local moved = {}
for i, key in ipairs(KEYS) do
  local step, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local due = math.max(tonumber(redis.call('GET', key) or 0), now) + step
  moved[i] = due
  answer[1] = math.max(answer[1], due - now - step * burst)
  answer[i + 1] = due - now
end
if answer[1] > 0 then return answer end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', moved[i]), 'PX', math.ceil((moved[i] - now) / 1000))
end
return answer
"""

_GIVE_BACK: Final = """
for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then redis.call('DECRBY', key, ARGV[i]) end
end
"""


@dataclass(frozen=True)
class Limit:
    """``burst`` at once, then one every ``every_s`` seconds."""

    name: str
    burst: int
    every_s: float

    @property
    def step_us(self) -> int:
        """What one request costs."""
        return max(1, round(self.every_s * 1e6))


Attempt = tuple[Limit, str]


@dataclass(frozen=True)
class Standing:
    """Where a caller stands with the tightest of the limits: how many at once, how many left, all of them when."""

    limit: int
    remaining: int
    reset_s: int
    wait_s: float


class LocalCounter:
    """The same algorithm in this process alone. Bounded: what has drained away is forgotten first, then the oldest."""

    def __init__(self, largest: int = 50_000) -> None:
        self._largest = largest
        self._due: dict[str, int] = {}

    def count(self, keys: Sequence[str], limits: Sequence[Limit], now_us: int) -> list[int]:
        """As the Lua script does."""
        moved = [
            max(self._due.get(key, 0), now_us) + limit.step_us
            for key, limit in zip(keys, limits, strict=True)
        ]
        ahead = [due - now_us for due in moved]
        over = [us - limit.step_us * limit.burst for us, limit in zip(ahead, limits, strict=True)]
        wait = max(0, *over)
        if not wait:
            for key, due in zip(keys, moved, strict=True):
                self._due.pop(key, None)
                self._due[key] = due
            self._bound(now_us)
        return [wait, *ahead]

    def give_back(self, keys: Sequence[str], limits: Sequence[Limit]) -> None:
        """As if the request had not come."""
        for key, limit in zip(keys, limits, strict=True):
            if key in self._due:
                self._due[key] -= limit.step_us

    def _bound(self, now_us: int) -> None:
        if len(self._due) <= self._largest:
            return
        self._due = {key: due for key, due in self._due.items() if due > now_us}
        while len(self._due) > self._largest:
            del self._due[next(iter(self._due))]


class Throttle:
    """Counts attempts."""

    def __init__(self, redis: Redis, *, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._gcra = cast("Any", redis.register_script(_GCRA))
        self._give_back = cast("Any", redis.register_script(_GIVE_BACK))
        self._local = LocalCounter()
        self._redis_from = 0.0  # monotonic time from which Redis is asked again

    async def admit(self, *attempts: Attempt) -> None:
        """Count one attempt on every subject, or raise ``TooManyAttempts`` and count none."""
        standing = await self.count(*attempts)
        if standing.wait_s:
            raise TooManyAttempts(
                "Too many attempts; wait a moment and try again.", standing.wait_s
            )

    async def count(self, *attempts: Attempt) -> Standing:
        """Count one request on every subject, or none when one of them has to wait."""
        limits = [limit for limit, _ in attempts]
        keys = [_key(limit, subject) for limit, subject in attempts]
        wait_us, *ahead = await self._count(keys, limits)
        left = [
            max(0, math.floor(limit.burst - us / limit.step_us))
            for limit, us in zip(limits, ahead, strict=True)
        ]
        tightest = min(range(len(limits)), key=lambda i: left[i] / limits[i].burst)
        return Standing(
            limit=limits[tightest].burst,
            remaining=0 if wait_us else left[tightest],
            reset_s=math.ceil(ahead[tightest] / 1e6),
            wait_s=wait_us / 1e6,
        )

    async def give_back(self, *attempts: Attempt) -> None:
        """The attempt was right, it does not count: only guessing is slowed down."""
        limits = [limit for limit, _ in attempts]
        keys = [_key(limit, subject) for limit, subject in attempts]
        self._local.give_back(keys, limits)
        if time.monotonic() >= self._redis_from:
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(self._patience_s):
                    await self._give_back(keys=keys, args=[limit.step_us for limit in limits])

    async def _count(self, keys: Sequence[str], limits: Sequence[Limit]) -> list[int]:
        if time.monotonic() >= self._redis_from:
            args = [value for limit in limits for value in (limit.step_us, limit.burst)]
            try:
                async with asyncio.timeout(self._patience_s):
                    return [int(value) for value in await self._gcra(keys=keys, args=args)]
            except (RedisError, OSError, TimeoutError) as error:
                self._redis_from = time.monotonic() + PAUSE_S
                log.warning("throttle.local", reason=type(error).__name__)
        return self._local.count(keys, limits, time.monotonic_ns() // 1000)


def _key(limit: Limit, subject: str) -> str:
    """Neither addresses nor e-mails are kept in Redis."""
    return f"xsight:gcra:{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
