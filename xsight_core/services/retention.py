"""Which of a shop's runs stay, and with how much of their customers' rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

__all__ = ["DAYS_KEPT", "MONTHS_KEPT", "PAST_KEPT", "RECENT_RUNS", "Kept", "KeptRun", "retained"]

RECENT_RUNS: Final = 3
MONTHS_KEPT: Final = 25
DAYS_KEPT: Final = 400
PAST_KEPT: Final = 24

Kept = Literal["scores", "history", "none", "gone"]


@dataclass(frozen=True)
class KeptRun:
    """A stored run, as far as its future depends on it."""

    id: UUID
    kind: str
    as_of: date
    computed_at: datetime
    rows: str


def retained(runs: Iterable[KeptRun]) -> dict[UUID, Kept]:
    """What is to be kept of each run.

    * The newest three that were shown keep all scores: who reads one while the next is swapped in is not cut off.
    * The last of each month keeps its customers' history, for 25 months; so do the newest 24 that somebody asked for.
    * The last of each day stays without rows for 400 days: its model card, and its errors for the drift alarm.
    """
    newest = sorted(runs, key=lambda run: (run.computed_at, run.as_of), reverse=True)
    shown = [run for run in newest if run.kind == "shown"]
    asked = [run for run in newest if run.kind != "shown"]
    fate: dict[UUID, Kept] = {run.id: "gone" for run in newest}
    if shown:
        today = shown[0].as_of
        fate |= {run.id: "none" for run in _last(shown, "day") if _days(run, today) < DAYS_KEPT}
        months = [run for run in _last(shown, "month") if _months(run, today) < MONTHS_KEPT]
        fate |= {run.id: "history" for run in months}
        fate |= {run.id: "scores" for run in shown[:RECENT_RUNS]}
    fate |= {run.id: "history" for run in asked[:PAST_KEPT]}
    return fate


def _last(newest_first: Sequence[KeptRun], of: Literal["day", "month"]) -> Iterable[KeptRun]:
    """Of the runs as of one day, or one month, the last."""
    by_period: dict[tuple[int, ...], KeptRun] = {}
    for run in sorted(newest_first, key=lambda run: (run.as_of, run.computed_at)):
        day = (run.as_of.day,) if of == "day" else ()
        by_period[run.as_of.year, run.as_of.month, *day] = run
    return by_period.values()


def _days(run: KeptRun, today: date) -> int:
    return (today - run.as_of).days


def _months(run: KeptRun, today: date) -> int:
    return (today.year - run.as_of.year) * 12 + today.month - run.as_of.month
