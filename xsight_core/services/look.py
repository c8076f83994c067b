"""A shop's orders as seen from one of its days, for whoever asks: a ledger is opened once for each data version."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from xsight_core.analytics import DEFAULT_RULE, day_number, day_of
from xsight_core.clv import DEFAULT_PRIORS, Prior
from xsight_core.db.insights import InsightRun, read_run
from xsight_core.errors import NO_SHOP, InvalidInput, NotFound
from xsight_core.ledger import Ledger, ShopState, ledger_folder, load_ledger, read_shop
from xsight_core.ledger.shop import shop_state
from xsight_core.services.insights import METHOD_VERSION
from xsight_core.services.pooling import read_priors
from xsight_core.services.together import Together
from xsight_core.tenancy import Tenancy

__all__ = ["Ledgers", "Look", "Viewpoint"]

_OPEN_AT_ONCE: Final = 32
_ASKED_AT_ONCE: Final = 2
_RUNS_KNOWN: Final = 64
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

    @property
    def run_key(self) -> str:
        """The same for what the run that is shown has left."""
        return f"{self.run.id.hex}.{self.run.data_version}" if self.run else self.key


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
        self._runs: OrderedDict[UUID, InsightRun] = OrderedDict()
        self._states = Together(self._read_states)

    async def viewpoint(self, tenant_id: UUID, as_of: date | None = None) -> Viewpoint:
        """Where one stands; without a day, that of the run that is shown.

        Raises
        ------
        NotFound
            The store was never synced.
        InvalidInput
            ``as_of`` has not come yet.
        """
        found = await self._states.ask(tenant_id)
        if found is None:
            raise NotFound(NO_SHOP)
        shop, run = found
        if run is None and shop.data_version == 0:
            raise NotFound(_NOTHING_YET)
        today = shop.day(datetime.now(UTC))
        if as_of is not None and day_number(as_of) > today:
            raise InvalidInput(
                "as_of", f"{as_of} has not come yet: it is {day_of(today)} in the shop."
            )
        newest = day_number(run.as_of) if run else today
        day = newest if as_of is None else day_number(as_of)
        priors = (
            await asyncio.to_thread(self._priors, tenant_id) if self._pooled else DEFAULT_PRIORS
        )
        return Viewpoint(shop, run, day, priors)

    async def ask(
        self, tenant_id: UUID, view: Viewpoint, question: Callable[[Look], dict[str, Any]]
    ) -> dict[str, Any]:
        """The answer to a question about the orders as seen from there, worked out in a thread, few at a time."""

        def answer() -> dict[str, Any]:
            return question(Look(view, self._ledger(tenant_id, view)))

        async with self._turns:
            return await asyncio.to_thread(answer)

    async def _read_states(
        self, tenants: Sequence[UUID]
    ) -> dict[UUID, tuple[ShopState, InsightRun | None]]:
        found = await asyncio.gather(*(self._read_state(tenant_id) for tenant_id in tenants))
        return {tenant_id: one for tenant_id, one in zip(tenants, found, strict=True) if one}

    async def _read_state(self, tenant_id: UUID) -> tuple[ShopState, InsightRun | None] | None:
        async with self._tenancy.scope(tenant_id) as session:
            shop = await shop_state(session)
            if shop is None or shop.insight_run is None:
                return (shop, None) if shop else None
            run = self._runs.get(shop.insight_run)  # what is told of it never changes
            if run is None and (run := await read_run(session, shop.insight_run)) is not None:
                self._runs[run.id] = run
                while len(self._runs) > _RUNS_KNOWN:
                    self._runs.popitem(last=False)
        return shop, run

    def _priors(self, tenant_id: UUID) -> Mapping[str, Prior]:
        with self._tenancy.connection(tenant_id) as connection:
            return read_priors(connection, pooled=True)[1]

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
            shop = read_shop(connection)
            return load_ledger(self._tenancy, self._home, tenant_id, connection, shop)
