"""Which customers a filter leaves, asked of the mapped columns of large shops and not of rows: how many, and a page.

A statement has to read a million rows for it; the columns that segments are asked of give the same in a few
milliseconds. They are only used where they are of the very version and run; until they are there the rows are asked.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from xsight_core.db.customers import CustomerFilter, ShownState
from xsight_core.db.days import stored_day
from xsight_core.ledger import ledger_folder
from xsight_core.ledger.customers import Customers, load_customers
from xsight_core.ledger.scores import Scores, load_scores
from xsight_core.tenancy import Tenancy

__all__ = ["Directory", "Sheet"]

LARGE: Final = 50_000
_OPEN_AT_ONCE: Final = 16
_LIVING: Final = 1  # the first of a customer's bits
_KEYS: Final[Mapping[str, str]] = {
    "orders": "orders",
    "net": "net_minor",
    "last_order": "last_day",
    "churn": "churn_90",
    "clv": "clv_365_minor",
}
"""By sort, the score it goes by."""
_NONE: Final = -1
"""Stands for a score that there is not, as in the statement's order."""

Mask = NDArray[np.bool_]
Answer = TypeVar("Answer")


@dataclass(eq=False)
class Sheet:
    """A shop's customers by ordinal and their scores by row; ``ordinals`` says whose row it is."""

    people: Customers
    scores: Scores
    ordinals: NDArray[Any]
    _last: tuple[CustomerFilter, NDArray[np.intp]] | None = field(default=None, init=False)

    @classmethod
    def of(cls, people: Customers, scores: Scores) -> "Sheet":
        """Both, joined by the customer's id."""
        ids: NDArray[Any] = people.columns["id"]
        order = np.argsort(ids, kind="stable")
        scored: NDArray[np.int64] = scores.columns["customer_id"]
        found = np.searchsorted(ids[order], scored)
        return cls(people, scores, order[np.minimum(found, len(order) - 1)])

    def count(self, which: CustomerFilter) -> int | None:
        """How many there are; None for what the columns do not know."""
        if not _known(which):
            return None
        if self._scored(which) is None:
            return int(np.count_nonzero(self._living(which)))
        return len(self._rows(which))

    def page(
        self, which: CustomerFilter, sort: str, behind: tuple[Any, int] | None, most: int
    ) -> list[int] | None:
        """Ids of the first ``most`` who have scores in the order of ``sort``, after ``behind`` (key, id).

        None for what the columns do not know.
        """
        column = _KEYS.get(sort.lstrip("-"))
        if column is None or not _known(which):
            return None
        row = self._rows(which)
        keys, ids = self.scores.columns[column][row], self.scores.columns["customer_id"][row]
        lacks = np.isnan(keys) if keys.dtype.kind == "f" else keys == np.iinfo(keys.dtype).min
        keys = np.where(lacks, _NONE, keys)
        if not sort.startswith("-"):
            keys, ids = -keys, -ids  # the highest is first below
            behind = behind and (-behind[0], -behind[1])
        if behind is not None:
            later = (keys < behind[0]) | ((keys == behind[0]) & (ids < behind[1]))
            keys, ids = keys[later], ids[later]
        first = ids[_highest(keys, ids, most)]
        return np.abs(first).tolist()

    @cached_property
    def _alive(self) -> Mask:
        """Who has scores and is there."""
        return self._living(CustomerFilter())[self.ordinals]

    def _rows(self, which: CustomerFilter) -> NDArray[np.intp]:
        """Of those who have scores and fit; kept for who asks for a page and then for its total."""
        if self._last is not None and self._last[0] == which:
            return self._last[1]
        own = (which.country, which.email_consent, which.tag) != (None, None, None)
        fits = self._living(which)[self.ordinals] if own else self._alive
        if (scored := self._scored(which)) is not None:
            fits = fits & scored
        rows = np.flatnonzero(fits)
        self._last = (which, rows)
        return rows

    def _living(self, which: CustomerFilter) -> Mask:
        mask: Mask = (self.people.columns["bits"] & _LIVING).astype(np.bool_)
        for name in ("country", "email_consent"):
            asked = getattr(which, name)
            if asked is not None:
                codes = self.people.codes(name)
                mask &= codes.codes == _place(codes.names, asked)
        if which.tag is not None:
            tags, holds = self.people.tags, np.zeros(len(mask), np.bool_)
            if (place := _place(tags.names, which.tag)) >= 0:
                holds[tags.holders[tags.starts[place] : tags.starts[place + 1]]] = True
            mask &= holds
        return mask

    def _scored(self, which: CustomerFilter) -> Mask | None:
        columns = self.scores.columns
        masks: list[Mask] = []
        if which.segment is not None:
            masks.append(columns["segment"] == _place(self.scores.segments, which.segment))
        for name, least, most in (
            ("orders", which.orders_min, which.orders_max),
            ("net_minor", which.net_min, which.net_max),
            ("churn_90", which.churn_min, None),
            ("last_day", stored_day(which.ordered_since), stored_day(which.ordered_until)),
        ):
            if least is not None:
                masks.append(columns[name] >= least)
            if most is not None:
                masks.append(columns[name] <= most)
        return np.logical_and.reduce(masks) if masks else None


class Directory:
    """The sheets this process has open, and those it is opening."""

    def __init__(self, tenancy: Tenancy, home: Path) -> None:
        self._tenancy, self._home = tenancy, home
        self._open: OrderedDict[UUID, tuple[ShownState, Sheet]] = OrderedDict()
        self._opening: dict[UUID, asyncio.Task[None]] = {}
        self._one = threading.Lock()

    async def count(self, tenant_id: UUID, shown: ShownState, which: CustomerFilter) -> int | None:
        """How many, or None where the rows have to be counted: small shops, and until the columns are open."""
        return await self._ask(tenant_id, shown, lambda sheet: sheet.count(which))

    async def page(
        self,
        tenant_id: UUID,
        shown: ShownState,
        which: CustomerFilter,
        sort: str,
        behind: tuple[Any, int] | None,
        most: int,
    ) -> list[int] | None:
        """The ids of a page (``Sheet.page``), or None where the rows have to be asked."""
        return await self._ask(
            tenant_id, shown, lambda sheet: sheet.page(which, sort, behind, most)
        )

    async def _ask(
        self, tenant_id: UUID, shown: ShownState, question: Callable[[Sheet], Answer | None]
    ) -> Answer | None:
        if shown.insight_run is None or shown.customers < LARGE:
            return None
        known = self._open.get(tenant_id)
        if known is None or known[0] != shown:
            if tenant_id not in self._opening:
                task = asyncio.create_task(self._open_sheet(tenant_id, shown))
                self._opening[tenant_id] = task
                task.add_done_callback(lambda _: self._opening.pop(tenant_id, None))
            return None
        self._open.move_to_end(tenant_id)
        return await asyncio.to_thread(question, known[1])

    async def close(self) -> None:
        """Wait for what is being opened."""
        await asyncio.gather(*self._opening.values(), return_exceptions=True)

    async def _open_sheet(self, tenant_id: UUID, shown: ShownState) -> None:
        sheet = await asyncio.to_thread(self._load, tenant_id, shown)
        self._open[tenant_id] = (shown, sheet)
        while len(self._open) > _OPEN_AT_ONCE:
            self._open.popitem(last=False)

    def _load(self, tenant_id: UUID, shown: ShownState) -> Sheet:
        assert shown.insight_run is not None  # noqa: S101 - asked only with a run
        folder = ledger_folder(self._home, tenant_id).path
        with self._one, self._tenancy.connection(tenant_id) as connection:  # one at a time: memory
            people = load_customers(folder, connection, shown.data_version)
            return Sheet.of(people, load_scores(folder, connection, shown.insight_run))


def _known(which: CustomerFilter) -> bool:
    """Whether the columns tell all that is asked."""
    return (which.ids, which.email, which.product_id) == (None, None, None)


def _highest(keys: NDArray[Any], ids: NDArray[Any], most: int) -> NDArray[np.intp]:
    """Positions of the ``most`` highest by key and then id, the highest first; nothing else is sorted."""
    found = np.arange(len(keys))
    if len(keys) > most:
        least = np.partition(keys, len(keys) - most)[len(keys) - most]
        above, level = np.flatnonzero(keys > least), np.flatnonzero(keys == least)
        rest = most - len(above)
        if len(level) > rest:
            level = level[np.argpartition(ids[level], len(level) - rest)[len(level) - rest :]]
        found = np.concatenate([above, level])
    return found[np.lexsort((ids[found], keys[found]))[::-1]]


def _place(names: Sequence[str], name: str) -> int:
    """Its code, or one that nothing has."""
    return names.index(name) if name in names else -2
