# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Recency, frequency and monetary scores, and the segments they make. The only scorer there is."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xsight_core.analytics.buyers import Buyers
from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Int
from xsight_core.analytics.segments import SEGMENTS, segment_codes
from xsight_core.errors import InvalidInput

__all__ = ["DEFAULT_THRESHOLDS", "Rfm", "Thresholds", "fifths", "rfm", "scores"]

_SCORES = 5
_EDGES = _SCORES - 1


@dataclass(frozen=True)
class Thresholds:
    """Where a score rises from 1 to 5: four rising bounds, or None for fifths of the buyers.

    ``frequency=(2, 3, 4, 6)`` scores 1, 2, 3, 4–5 and 6+ orders as 1 to 5. ``recency_days=(30, 60,
    120, 240)`` scores up to 29 days as 5, 30–59 as 4 … 240 and more as 1. ``monetary_minor`` reads
    like frequency.

    Frequency is fixed by default: most shops have 50–80 % one-time buyers, whom fifths would have
    to tear apart or lift to the middle.
    """

    recency_days: tuple[int, ...] | None = None
    frequency: tuple[int, ...] | None = (2, 3, 4, 6)
    monetary_minor: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name, edges in asdict(self).items():
            if edges is not None and (len(edges) != _EDGES or sorted(set(edges)) != list(edges)):
                raise InvalidInput(
                    name, f"{name} takes {_EDGES} rising bounds or none, not {edges}."
                )


DEFAULT_THRESHOLDS = Thresholds()


@dataclass(frozen=True, eq=False)
class Rfm:
    """Scores of each buyer, in their order; ``segment`` is a position in ``SEGMENTS``."""

    buyers: Buyers
    r: Int
    f: Int
    m: Int
    segment: Int

    def frame(self) -> "pd.DataFrame":
        """One row per customer id: what was scored, the scores, the segment's key."""
        keys = pd.Categorical.from_codes(self.segment, [segment.key for segment in SEGMENTS])
        scores = {"r": self.r, "f": self.f, "m": self.m, "segment": keys}
        frame = self.buyers.frame()
        frame.insert(0, "recency_days", self.buyers.recency_days)
        return frame.assign(**scores)

    def segments(self) -> list[dict[str, Any]]:
        """All eleven segments with their customers and revenue, empty ones too."""
        size = np.bincount(self.segment, minlength=len(SEGMENTS))
        revenue = np.zeros(
            len(SEGMENTS), np.int64
        )  # exact; bincount's weights would go through float64
        np.add.at(revenue, self.segment, self.buyers.net_minor)
        return [
            {
                "key": segment.key,
                "name": segment.name,
                "customers": int(size[code]),
                "revenue_minor": int(revenue[code]),
                "action": segment.action,
            }
            for code, segment in enumerate(SEGMENTS)
        ]

    def grid(self) -> list[list[int]]:
        """Customers by recency (rows, 1 to 5) and frequency score (columns, 1 to 5)."""
        cells = np.bincount((self.r - 1) * _SCORES + (self.f - 1), minlength=_SCORES**2)
        return cells.reshape(_SCORES, _SCORES).tolist()


def scores(values: Int, edges: tuple[int, ...] | None = None) -> Int:
    """Scores from 1 to 5, higher for higher values; equal values always score the same.

    With four ``edges`` e the score is 1 + #{e <= value}. Without, it is the fifth in which the
    value's mid-rank falls::

        score = 1 + floor(5(below + equal / 2) / n)

    ``below`` and ``equal`` count the values smaller than and equal to this one (itself included)
    among all n. Unlike NTILE, which deals out ties by row order, it depends on values alone.

    Parameters
    ----------
    values : integers, one per customer
    edges : four rising bounds, or None for fifths

    Returns
    -------
    int64, one per customer

    Examples
    --------
    >>> scores(np.array([1, 1, 1, 1, 2, 3]), edges=(2, 3, 4, 6))
    array([1, 1, 1, 1, 2, 3])
    >>> scores(np.array([10, 20, 20, 30, 40]))
    array([1, 3, 3, 4, 5])
    """
    return 1 + _at_or_above(values, fifths(values) if edges is None else edges)


def fifths(values: Int) -> tuple[int, ...]:
    """The four values from which on the score by mid-rank is 2, 3, 4 and 5.

    The score rises with the value, so these four say it all; a score nobody has starts where the next one does.
    """
    if len(values) == 0:
        return ()
    ordered = np.sort(values)
    opens = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    below, up_to = opens, np.r_[opens[1:], len(ordered)]
    # (below + equal/2) * 5 / n in integers: no rounding at the edge of a fifth
    score = 1 + (_SCORES * (below + up_to)) // (2 * len(ordered))
    first = np.searchsorted(score, np.arange(2, _SCORES + 1))
    never = int(ordered[-1]) + 1
    return tuple(int(ordered[opens[i]]) if i < len(opens) else never for i in first)


def _at_or_above(values: Int, edges: tuple[int, ...]) -> Int:
    count = np.zeros(len(values), np.int64)
    for edge in edges:
        count += values >= edge
    return count


def rfm(buyers: Buyers, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Rfm:
    """Score buyers by days since the last order, counted orders and net sales.

    Recency is scored on the negated days, so that 5 is the most recent. Returns reduce what a
    customer is worth and may make it negative; that is scored like any other value.
    """
    edges = thresholds.recency_days
    # recency r scores 5 - #{e <= r} = 1 + #{e > r} = 1 + #{1 - e <= -r}
    r = scores(
        -buyers.recency_days, None if edges is None else tuple(1 - e for e in reversed(edges))
    )
    f = scores(buyers.orders, thresholds.frequency)
    m = scores(buyers.net_minor, thresholds.monetary_minor)
    return Rfm(buyers, r, f, m, segment_codes(r, f, m))
