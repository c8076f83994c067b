"""What the supervisor has to know of one process."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Probe", "Service"]

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Service:
    """One process of the stack.

    ``ready`` answers whether it serves; exceptions of the network count as "not yet".
    ``prepare`` runs before every start: to clear what a killed predecessor left behind.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    ready: Probe
    folder: Path
    prepare: Callable[[], None] = lambda: None
    needs: tuple[str, ...] = ()
    uid: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    die_signal: signal.Signals = signal.SIGKILL
    stop_within_s: float = 5.0
    ready_within_s: float = 60.0
