"""Reading the runs that are kept: what there is, a model card, a customer's way through the segments."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from xsight_core.db import run_history as rows
from xsight_core.errors import InvalidInput, NotFound
from xsight_core.services.jobs import enqueue
from xsight_core.services.tenants import tenant_state
from xsight_core.tenancy import Tenancy

__all__ = [
    "CustomerPoint",
    "RunPage",
    "RunView",
    "customer_history",
    "list_runs",
    "read_card",
    "request_look_back",
]

_LONGEST_AGO: Final = date(1990, 1, 1)


class RunView(msgspec.Struct, frozen=True):
    """A stored run. ``rows``: scores, history or none of its customers are kept; ``drift``: the alarm, if any."""

    id: UUID
    kind: str
    as_of: date
    computed_at: datetime
    data_version: int
    rule_version: str
    rows: str
    duration_s: float
    summary: dict[str, Any]
    drift: dict[str, Any] | None


class RunPage(msgspec.Struct, frozen=True):
    """A page of runs, the newest first."""

    items: list[RunView]
    total: int
    next_cursor: str | None


class CustomerPoint(msgspec.Struct, frozen=True):
    """A customer as of a day; ``null`` = could not be estimated."""

    as_of: date
    computed_at: datetime
    kind: str
    orders: int
    net_minor: int
    r: int
    f: int
    m: int
    segment: str
    p_alive: float | None
    churn_90: float | None
    expected_orders_90: float | None
    clv_365_minor: int | None


async def list_runs(
    tenancy: Tenancy, tenant_id: UUID, *, cursor: str | None = None, limit: int = 50
) -> RunPage:
    """What is kept, a page at a time; the cursor is the last run of the page before."""
    async with tenancy.scope(tenant_id) as session:
        found = [RunView(*row) for row in await rows.list_runs(session)]
    start = 0
    if cursor is not None:
        ids = [str(run.id) for run in found]
        if cursor not in ids:
            raise InvalidInput("cursor", "Start again without a cursor: that run is not kept.")
        start = ids.index(cursor) + 1
    page = found[start : start + limit]
    more = start + limit < len(found)
    return RunPage(page, len(found), str(page[-1].id) if more else None)


async def read_card(
    tenancy: Tenancy, tenant_id: UUID, run: UUID | None = None
) -> tuple[str, dict[str, Any]]:
    """The model card of a run, or of the one that is shown, and what its content depends on."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.card_of(session, run)
    if found is None:
        raise NotFound(
            "There is no such run."
            if run
            else "Nothing has been computed for this store yet; connect it and sync it first."
        )
    return found[0].hex, found[1]


async def customer_history(
    tenancy: Tenancy, tenant_id: UUID, customer_id: int
) -> list[CustomerPoint]:
    """A customer's scores over the runs that keep them."""
    async with tenancy.scope(tenant_id) as session:
        found = await rows.customer_points(session, customer_id)
    if not found:
        raise NotFound("No run has scores of such a customer.")
    return [CustomerPoint(*row) for row in found]


async def request_look_back(tenancy: Tenancy, tenant_id: UUID, as_of: date) -> UUID:
    """Promise a stored run as of a past day. The job's id."""
    state = await tenant_state(tenancy, tenant_id)
    if state.data_version == 0:
        raise NotFound("There is nothing to look back on yet; connect a store and sync it first.")
    if not _LONGEST_AGO <= as_of <= date.max:
        raise InvalidInput("as_of", f"Give a day from {_LONGEST_AGO} on.")
    async with tenancy.scope(tenant_id) as session:
        return await enqueue(
            session,
            tenant_id=tenant_id,
            kind="look_back",
            key=as_of.isoformat(),
            payload={"as_of": as_of.isoformat()},
        )
