"""A shop's cost bucket, as far as its answers tell: how long until the next request fits."""

import time
from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Bucket", "LocalPace", "Pace"]

_UNKNOWN_COST = 10.0  # of a document never sent before; the first answer says what it costs


class Pace(Protocol):
    """Whoever shares a shop's bucket reserves before a request and settles after its answer."""

    async def reserve(self, kind: str) -> float:
        """Take what a request of this kind costs; seconds to wait until it fits."""
        ...

    async def settle(self, kind: str, cost: Mapping[str, Any]) -> None:
        """Give back what it did not cost, by the answer's ``extensions.cost``."""
        ...


class Bucket:
    """A leaky bucket learned from ``throttleStatus``; nothing of Shopify's plans is fixed here.

    Costs are remembered per document (and page size), so the second request of a kind already waits
    the right time. Times are those of one monotonic clock, in seconds.
    """

    def __init__(self) -> None:
        self._available: float | None = None
        self._maximum = 0.0
        self._restore_per_s = 50.0
        self._at = 0.0
        self._costs: dict[str, float] = {}

    def cost(self, kind: str) -> float:
        """What a request of this kind is taken to cost."""
        return self._costs.get(kind, _UNKNOWN_COST)

    def note(self, kind: str, cost: Mapping[str, Any]) -> None:
        """Remember what a request of this kind was said to cost."""
        if (requested := cost.get("requestedQueryCost")) is not None:
            self._costs[kind] = float(requested)

    def reserve(self, kind: str, now: float) -> float:
        """Take the cost of a request that goes out; how long it has to wait until that is there."""
        if self._available is None:
            return 0.0
        cost = min(self.cost(kind), self._maximum)
        self._available = self._level(now) - cost
        self._at = now
        return max(0.0, -self._available / self._restore_per_s)

    def settle(self, kind: str, cost: Mapping[str, Any], now: float) -> None:
        """Take over what an answer says is left; what others have reserved meanwhile stays taken."""
        reserved = min(self.cost(kind), self._maximum)
        self.note(kind, cost)
        status: Mapping[str, Any] | None = cost.get("throttleStatus")
        if not status:
            return
        left, maximum = float(status["currentlyAvailable"]), float(status["maximumAvailable"])
        self._restore_per_s = max(1.0, float(status["restoreRate"]))
        if self._available is None or self._maximum != maximum:
            self._available = left
        else:
            back = reserved - float(cost.get("actualQueryCost") or 0.0)
            self._available = min(self._level(now) + back, left)
        self._maximum, self._at = maximum, now

    def _level(self, now: float) -> float:
        assert self._available is not None  # noqa: S101 - callers have looked
        return min(self._maximum, self._available + (now - self._at) * self._restore_per_s)


class LocalPace:
    """A bucket that nobody else draws from."""

    def __init__(self) -> None:
        self._bucket = Bucket()

    async def reserve(self, kind: str) -> float:
        """See ``Pace``."""
        return self._bucket.reserve(kind, time.monotonic())

    async def settle(self, kind: str, cost: Mapping[str, Any]) -> None:
        """See ``Pace``."""
        self._bucket.settle(kind, cost, time.monotonic())
