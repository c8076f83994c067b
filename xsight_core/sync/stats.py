"""What a run has taken: rows, bytes, cost points, seconds a step, and what Shopify had to say."""

import time
from typing import Any

import msgspec

from xsight_core.shopify.client import ShopifyClient
from xsight_core.sync.progress import Tally

__all__ = ["Stats"]


class Stats:
    """Figures of a run over all tries; what earlier tries have taken counts as well."""

    def __init__(self, before: "Taken") -> None:
        self.client: ShopifyClient | None = None
        self.rows = self.set_aside = 0
        self._before = before
        self._steps = dict(before.seconds)
        self._bytes: dict[str, int] = dict(before.bytes)
        self._at = self._started = time.monotonic()

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Stats":
        """Going on from what is stored."""
        return cls(msgspec.convert(stored, Taken, strict=False))

    def take(self, tally: Tally) -> None:
        """Note how far it is; the time since the last look belongs to the current step."""
        now = time.monotonic()
        self._steps[tally.step] = self._steps.get(tally.step, 0.0) + now - self._at
        self._at, self.rows = now, tally.brought
        self._bytes |= tally.bytes

    def shown(self) -> dict[str, Any]:
        """As it is stored and shown."""
        client, before = self.client, self._before
        return msgspec.to_builtins(
            Taken(
                rows=before.rows + self.rows,
                bytes=self._bytes,
                cost_points=round(before.cost_points + (client.cost_points if client else 0.0), 1),
                requests=before.requests + (client.requests if client else 0),
                seconds={step: round(seconds, 2) for step, seconds in self._steps.items()},
                duration_s=round(before.duration_s + self._at - self._started, 2),
                tries=before.tries + 1,
                set_aside=self.set_aside,
                notices=before.notices | (client.notices if client else {}),
            )
        )


class Taken(msgspec.Struct):
    """The stored form."""

    rows: int = 0
    bytes: dict[str, int] = {}
    cost_points: float = 0.0
    requests: int = 0
    seconds: dict[str, float] = {}
    duration_s: float = 0.0
    tries: int = 0
    set_aside: int = 0
    notices: dict[str, str] = {}
