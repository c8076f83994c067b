"""A table of a file with some rows replaced: what a refreshed ledger is until it is written anew."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import numpy as np

from xsight_core.analytics.columns import Int

__all__ = ["Overlay", "Splice", "find_orders"]


class Splice:
    """Rows taken out of a table of ``rows`` rows, others put in.

    ``gone``: rising positions; ``at``: for each new row, in their final order, the position before which it stands.
    """

    def __init__(self, rows: int, gone: Int, at: Int) -> None:
        self.rows, self.gone, self.at = rows, gone, at
        self.length = rows - len(gone) + len(at)
        self.first = int(min(gone.min(initial=rows), at.min(initial=rows)))
        """Up to here nothing moves."""
        self.fresh = at - np.searchsorted(gone, at) + np.arange(len(at))
        """Final positions of the new rows."""

    def __call__(self, base: Int, fresh: Int) -> Int:
        """A column: the table's with the new rows' in it."""
        column = np.empty(self.length, base.dtype)
        column[: self.first] = base[: self.first]
        if len(self.gone) or len(self.at):
            kept, place = self._tail
            tail = column[self.first :]
            tail[place] = base[self.first :][kept]
            column[self.fresh] = fresh
        return column

    @cached_property
    def place(self) -> Int:
        """Final positions of the table's own rows, -1 for those taken out."""
        place = np.arange(self.rows, dtype=np.int32)
        if len(self.gone) or len(self.at):
            kept, free = self._tail
            place[self.first :] = -1
            place[self.first :][kept] = np.flatnonzero(free) + self.first
        return place

    def moved(self, positions: Int) -> Int:
        """Final positions of some of the table's rows that stay."""
        return (
            positions
            - np.searchsorted(self.gone, positions)
            + np.searchsorted(self.at, positions, side="right")
        )

    @cached_property
    def _tail(self) -> tuple[Int, Int]:
        """Behind ``first``: which of the table's rows stay, and which final places are theirs."""
        kept = np.ones(self.rows - self.first, np.bool_)
        kept[self.gone - self.first] = False
        place = np.ones(self.length - self.first, np.bool_)
        place[self.fresh - self.first] = False
        return kept, place


class Overlay(Mapping[str, Int]):
    """Columns that are put together when asked for."""

    def __init__(self, names: Iterator[str], column: Callable[[str], Int]) -> None:
        self._names, self._column = tuple(names), column

    def __getitem__(self, name: str) -> Int:
        if name not in self._names:
            raise KeyError(name)
        return self._column(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def find_orders(days: Int, ids: Int, day: Int, order_id: Int) -> tuple[Int, Int]:
    """Where each (day, order id) stands, or would stand, in orders sorted by both; and whether it is there."""
    low = np.searchsorted(days, day, side="left")
    end = np.searchsorted(days, day, side="right")
    high = end.copy()
    while bool((open_ := low < high).any()):  # halve what is left of each day
        middle = (low + high) // 2
        before = np.zeros(len(day), np.bool_)
        before[open_] = ids[middle[open_]] < order_id[open_]
        low = np.where(open_ & before, middle + 1, low)
        high = np.where(open_ & ~before, middle, high)
    there = low < end
    there[there] = ids[low[there]] == order_id[there]
    return low, there
