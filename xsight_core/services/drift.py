"""Whether the forecast got worse: one rule, on the holdout errors that a shop's runs have stored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from math import sqrt
from statistics import median
from typing import Any, Final, Literal

__all__ = ["RULE", "Drift", "HoldoutError", "drift"]

FROM_DAYS: Final = 180
TO_DAYS: Final = 7
LEAST_RUNS: Final = 5
WORSE_BY: Final = 0.10
DEVIATIONS: Final = 3.0

RULE: Final = (
    f"The Brier score of the newest holdout is held against the median of the runs of {TO_DAYS} to {FROM_DAYS} days "
    f"before (one a day, at least {LEAST_RUNS}). It is worse when it is higher by more than {WORSE_BY:.0%} of that "
    f"median and by more than {DEVIATIONS:g} standard errors, or when the model no longer beats the rules of thumb "
    "that it used to beat."
)


@dataclass(frozen=True)
class HoldoutError:
    """How good one run's forecast was on its holdout: mean squared error, edge over rules of thumb, customers."""

    as_of: date
    brier: float
    skill: float
    customers: int


@dataclass(frozen=True)
class Drift:
    """``limit`` is the error from which the alarm is given; ``since`` the day it began."""

    state: Literal["steady", "worse", "unknown"]
    error: float
    reference: float | None = None
    limit: float | None = None
    runs: int = 0
    reason: str = ""
    since: date | None = None

    def card(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"since": self.since and self.since.isoformat(), "rule": RULE}


def drift(now: HoldoutError, before: Sequence[HoldoutError], alarmed_since: date | None) -> Drift:
    """Apply ``RULE``.

    The standard error is the largest that a mean of n squared errors between 0 and 1 can have,
    √(e(1 - e)/n) (Bhatia and Davis 2000), so that small shops are not alarmed by chance.
    """
    first, last = now.as_of - timedelta(FROM_DAYS), now.as_of - timedelta(TO_DAYS)
    known = {run.as_of: run for run in before if first <= run.as_of <= last}
    if len(known) < LEAST_RUNS:
        return Drift("unknown", now.brier, runs=len(known))
    reference = median(run.brier for run in known.values())
    error = now.brier
    noise = DEVIATIONS * sqrt(max(error * (1 - error), 0.0) / max(now.customers, 1))
    limit = reference + max(WORSE_BY * reference, noise)
    reason = ""
    if error > limit:
        reason = f"The holdout error rose from {reference:.4f} to {error:.4f}."
    elif now.skill <= 0 < median(run.skill for run in known.values()):
        reason = "The forecast no longer beats the rules of thumb that it used to beat."
    since = (alarmed_since or now.as_of) if reason else None
    state = "worse" if reason else "steady"
    return Drift(state, error, reference, limit, len(known), reason, since)
