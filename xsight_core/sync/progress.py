"""How far a run is: counted by the loading threads, told to whoever watches at most twice a second."""

import time
from typing import Any, Protocol
from uuid import UUID

__all__ = ["Progress", "Tally"]

_ROWS_PERCENT = 95.0  # the rest is for the insights


class Progress(Protocol):
    """Where messages for a tenant's browsers go. Losing one does no harm: each carries the state."""

    async def publish(self, tenant_id: UUID, message: dict[str, Any]) -> None:
        """Send one message."""
        ...


class Tally:
    """Counts of one run. Written by a loading thread, read by the event loop; plain integers only."""

    def __init__(self, *, told: float = 0.0, clock: Any = time.monotonic) -> None:
        self._clock = clock
        self._told = told  # percent, by earlier tries of the same run too: it never goes back
        self._started = clock()
        self._first_row: float | None = None
        self.step = "customers"
        self.expected: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.bytes: dict[str, int] = {}
        self._brought_before = 0

    def expect(self, step: str, count: int) -> None:
        """How many records a step will bring."""
        self.expected[step] = max(count, self.done.get(step, 0))

    def resume(self, step: str, done: int) -> None:
        """How many records of a step an earlier try has brought: they say nothing about the speed."""
        self._brought_before += max(0, done - self.done.get(step, 0))
        self.done[step] = done

    def advance(self, step: str, done: int) -> None:
        """How many records of a step are in."""
        if self._first_row is None:
            self._first_row = self._clock()
        self.step = step
        self.done[step] = done

    @property
    def rows(self) -> int:
        """Records in so far, of all steps."""
        return sum(self.done.values())

    @property
    def brought(self) -> int:
        """Of these, records that this try has brought."""
        return max(0, self.rows - self._brought_before)

    def percent(self) -> float:
        """Share of the expected records that are in; insights come after the last of them."""
        total = sum(self.expected.values())
        share = min(1.0, self.rows / total) if total else 0.0
        self._told = max(self._told, round(_ROWS_PERCENT * share, 1))
        return self._told

    def rows_per_s(self) -> float:
        """Records a second since the first of them came."""
        if self._first_row is None:
            return 0.0
        return round(self.brought / max(0.5, self._clock() - self._first_row), 1)

    def eta_s(self) -> float | None:
        """Seconds until the last record, at the speed so far; None while there is no speed."""
        speed, left = self.rows_per_s(), sum(self.expected.values()) - self.rows
        return round(max(0.0, left / speed), 1) if speed else None
