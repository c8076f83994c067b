"""The leaky bucket of an app in a shop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Bucket"]


@dataclass
class Bucket:
    """Points that a query takes and time restores."""

    maximum: float = 2000
    restore_per_s: float = 100
    clock: Callable[[], float] = time.monotonic
    level: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        """Start full."""
        self.level, self.at = self.maximum, self.clock()

    def available(self) -> float:
        """Points now."""
        now = self.clock()
        self.level = min(self.maximum, self.level + (now - self.at) * self.restore_per_s)
        self.at = now
        return self.level

    def take(self, points: float) -> None:
        """Pay for a query that ran."""
        self.level = self.available() - points

    def drain(self) -> None:
        """Empty the bucket (a fault)."""
        self.available()
        self.level = 0

    def status(self) -> dict[str, float]:
        """``throttleStatus`` of an answer: whole points, as Shopify shows them."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available()),
            "restoreRate": self.restore_per_s,
        }
