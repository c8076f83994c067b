"""How many customers a filter leaves, counted on the mapped columns of large shops instead of in their rows.

A statement has to read a million rows for it; the columns that segments are asked of give the same number in a few
milliseconds. They are only used where they are of the very version and run; until they are there the rows are counted.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
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

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A shop's customers by ordinal and their scores by row; ``ordinals`` says whose row it is."""

    people: Customers
    scores: Scores
    ordinals: NDArray[Any]

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
        if (which.ids, which.email, which.product_id) != (None, None, None):
            return None
        living = self._living(which)
        scored = self._scored(which)
        if scored is None:
            return int(np.count_nonzero(living))
        return int(np.count_nonzero(scored & living[self.ordinals]))

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
        return await asyncio.to_thread(known[1].count, which)

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


def _place(names: Sequence[str], name: str) -> int:
    """Its code, or one that nothing has."""
    return names.index(name) if name in names else -2
