"""A shop's cost bucket, as far as its answers tell: how long until the next request fits."""

from collections.abc import Mapping
from typing import Any

__all__ = ["Pace"]

_UNKNOWN_COST = 10.0  # of a document never sent before; the first answer says what it costs


class Pace:
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

    def wait_s(self, kind: str, now: float) -> float:
        """How long a request of this kind has to wait; 0 when it fits or nothing is known yet."""
        if self._available is None:
            return 0.0
        cost = min(self._costs.get(kind, _UNKNOWN_COST), self._maximum)
        return max(0.0, (cost - self._level(now)) / self._restore_per_s)

    def spend(self, kind: str, now: float) -> None:
        """A request goes out: its cost is gone until its answer says what it really was."""
        if self._available is not None:
            self._available = self._level(now) - self._costs.get(kind, _UNKNOWN_COST)
            self._at = now

    def learn(self, kind: str, cost: Mapping[str, Any], now: float) -> None:
        """Take over what an answer's ``extensions.cost`` says."""
        status: Mapping[str, Any] | None = cost.get("throttleStatus")
        requested = cost.get("requestedQueryCost")
        if requested is not None:
            self._costs[kind] = float(requested)
        if status:
            self._available = float(status["currentlyAvailable"])
            self._maximum = float(status["maximumAvailable"])
            self._restore_per_s = max(1.0, float(status["restoreRate"]))
            self._at = now

    def _level(self, now: float) -> float:
        assert self._available is not None  # noqa: S101 - callers have looked
        return min(self._maximum, self._available + (now - self._at) * self._restore_per_s)
