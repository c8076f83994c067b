"""The clock of a shop: real time, moved by an offset, or standing still."""

import time
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Clock"]


@dataclass
class Clock:
    """Microseconds since 1970 in whole seconds, as the API shows times."""

    fixed_us: int | None = None
    offset_us: int = 0

    @staticmethod
    def at(now: datetime | None) -> "Clock":
        """A clock standing at ``now``, or the real one."""
        return Clock(None if now is None else int(now.timestamp()) * 1_000_000)

    def now(self) -> int:
        """Time in the shop."""
        if self.fixed_us is not None:
            return self.fixed_us
        return int(time.time()) * 1_000_000 + self.offset_us

    def move(self, by_us: int) -> int:
        """Move ahead; time never runs back."""
        if by_us < 0:
            raise ValueError("a clock cannot run back")
        if self.fixed_us is not None:
            self.fixed_us += by_us
        else:
            self.offset_us += by_us
        return self.now()
