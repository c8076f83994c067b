"""Rate limits by the generic cell rate algorithm: one Lua call, exact over any number of processes.

A key holds its theoretical arrival time. A request moves it by ``1/rate``; one that would move it more than ``burst``
requests ahead of now is refused and changes nothing. All keys of one call pass together or not at all.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.errors import TooManyAttempts

__all__ = ["Limit", "Throttle"]

log = structlog.stdlib.get_logger("api.throttle")

# Redis' own clock (microseconds) is used: processes' clocks differ.
_GCRA: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait = 0
local moved = {}
for i, key in ipairs(KEYS) do
  local step, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local due = math.max(tonumber(redis.call('GET', key) or 0), now) + step
  moved[i] = due
  wait = math.max(wait, due - now - step * burst)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', moved[i]), 'PX', math.ceil((moved[i] - now) / 1000))
end
return 0
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


class Throttle:
    """Counts attempts in Redis. Without Redis nothing is refused: the password hash is costly and bounded anyway."""

    def __init__(self, redis: Redis) -> None:
        self._gcra = redis.register_script(_GCRA)
        self._give_back = redis.register_script(_GIVE_BACK)

    async def admit(self, *attempts: tuple[Limit, str]) -> None:
        """Count one attempt on every subject, or raise ``TooManyAttempts`` and count none."""
        keys = [_key(limit, subject) for limit, subject in attempts]
        args = [
            value for limit, _ in attempts for value in (round(limit.every_s * 1e6), limit.burst)
        ]
        try:
            wait_us = int(await self._gcra(keys=keys, args=args))
        except RedisError as error:
            log.warning("throttle.off", reason=type(error).__name__)
            return
        if wait_us:
            raise TooManyAttempts("Too many attempts; wait a moment and try again.", wait_us / 1e6)

    async def give_back(self, *attempts: tuple[Limit, str]) -> None:
        """The attempt was right, it does not count: only guessing is slowed down."""
        keys = [_key(limit, subject) for limit, subject in attempts]
        args = [round(limit.every_s * 1e6) for limit, _ in attempts]
        with suppress(RedisError):
            await self._give_back(keys=keys, args=args)


def _key(limit: Limit, subject: str) -> str:
    """Neither addresses nor e-mails are kept in Redis."""
    return f"xsight:gcra:{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
