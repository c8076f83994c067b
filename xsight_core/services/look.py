"""A shop's orders as seen from one of its days, for whoever asks: a ledger is opened once for each data version."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from xsight_core.analytics import DEFAULT_RULE, day_number, day_of
from xsight_core.clv import Prior
from xsight_core.db.insights import InsightRun, shown_run
from xsight_core.errors import InvalidInput, NotFound
from xsight_core.ledger import Ledger, ShopState, ledger_folder, read_shop
from xsight_core.services.insights import METHOD_VERSION
from xsight_core.services.pooling import read_priors
from xsight_core.tenancy import Tenancy

__all__ = ["Ledgers", "Look", "Viewpoint"]

_OPEN_AT_ONCE: Final = 32
_ASKED_AT_ONCE: Final = 2
_NOTHING_YET: Final = "Nothing has been computed for this store yet; connect it and sync it first."


@dataclass(frozen=True)
class Viewpoint:
    """What every number depends on, but for what is asked: rows, rule, method, day."""

    shop: ShopState
    run: InsightRun | None
    as_of: int
    priors: Mapping[str, Prior]

    @property
    def key(self) -> str:
        """For conditional requests: equal keys, equal answers to the same question."""
        method = f"{DEFAULT_RULE.version}.{METHOD_VERSION}"
        return f"{self.shop.data_version}.{self.as_of}.{method}"


@dataclass(frozen=True, eq=False)
class Look:
    """The orders, and from where they are seen."""

    view: Viewpoint
    ledger: Ledger

    @property
    def as_of(self) -> int:
        """The day, in days since 1970-01-01."""
        return self.view.as_of


class Ledgers:
    """The ledgers this process has open, the least used one let go first."""

    def __init__(self, tenancy: Tenancy, home: Path, *, pooled: bool = False) -> None:
        self._tenancy, self._home, self._pooled = tenancy, home, pooled
        self._open: OrderedDict[UUID, Ledger] = OrderedDict()
        self._lock = threading.Lock()
        self._building: dict[UUID, threading.Lock] = {}
        self._turns = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def viewpoint(self, tenant_id: UUID, as_of: date | None = None) -> Viewpoint:
        """Where one stands; without a day, that of the run that is shown.

        Raises
        ------
        NotFound
            The store was never synced.
        InvalidInput
            ``as_of`` has not come yet.
        """
        return await asyncio.to_thread(self._viewpoint, tenant_id, as_of)

    async def ask(
        self, tenant_id: UUID, view: Viewpoint, question: Callable[[Look], dict[str, Any]]
    ) -> dict[str, Any]:
        """The answer to a question about the orders as seen from there, worked out in a thread, few at a time."""

        def answer() -> dict[str, Any]:
            return question(Look(view, self._ledger(tenant_id, view)))

        async with self._turns:
            return await asyncio.to_thread(answer)

    def _viewpoint(self, tenant_id: UUID, as_of: date | None) -> Viewpoint:
        with self._tenancy.connection(tenant_id) as connection:
            shop, run = read_shop(connection), shown_run(connection)
            _, priors = read_priors(connection, pooled=self._pooled)
        if run is None and shop.data_version == 0:
            raise NotFound(_NOTHING_YET)
        today = shop.day(datetime.now(UTC))
        if as_of is None:
            return Viewpoint(shop, run, day_number(run.as_of) if run else today, priors)
        if day_number(as_of) > today:
            raise InvalidInput(
                "as_of", f"{as_of} has not come yet: it is {day_of(today)} in the shop."
            )
        return Viewpoint(shop, run, day_number(as_of), priors)

    def _ledger(self, tenant_id: UUID, view: Viewpoint) -> Ledger:
        with self._lock:
            building = self._building.setdefault(tenant_id, threading.Lock())
        with building:  # one builds, the others wait for it
            with self._lock:
                found = self._open.get(tenant_id)
            if found is None or found.data_version < view.shop.data_version:
                found = self._load(tenant_id, view)
            with self._lock:
                self._open[tenant_id] = found
                self._open.move_to_end(tenant_id)
                while len(self._open) > _OPEN_AT_ONCE:
                    gone, _ = self._open.popitem(last=False)
                    self._building.pop(gone, None)
        return found

    def _load(self, tenant_id: UUID, view: Viewpoint) -> Ledger:
        folder = ledger_folder(self._home, tenant_id)
        found = folder.open(view.shop.data_version)
        if found is not None:
            return found
        with self._tenancy.connection(tenant_id) as connection:
            return folder.load(connection, read_shop(connection))
