"""``/api/v1/analytics/runs`` and ``model-card``: what was computed when, how good it is, and looking back."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter

from api.conditional import cached_headers, not_modified
from api.parameters import Cursor, Id, Limit
from api.resources import Wired
from api.rights import Right
from api.stores import tenant_of
from xsight_core.services import runs
from xsight_core.services.accounts import Identity
from xsight_core.services.runs import CustomerPoint, RunPage

__all__ = ["handlers"]

UserRequest = Request[Identity, Any, Any]
READ: dict[str, Any] = {"right": Right.READ}


class LookBack(msgspec.Struct, forbid_unknown_fields=True):
    """A day of the shop's calendar that is over."""

    as_of: date


class Promised(msgspec.Struct):
    """A job under way; the run is then among the runs, kind ``past``."""

    job: UUID
    as_of: date


class ModelCard(msgspec.Struct):
    """Data, rules, models, evidence, drift and warnings of a run."""

    run: dict[str, Any]
    data: dict[str, Any]
    rules: dict[str, Any]
    models: dict[str, Any]
    evidence: dict[str, Any]
    drift: dict[str, Any] | None
    warnings: list[dict[str, Any]]


class CustomerHistory(msgspec.Struct):
    """A customer's scores over the stored runs, by day."""

    items: list[CustomerPoint]


@get("/api/v1/analytics/runs", opt=READ, tags=["Analytics"])
async def run_list(
    request: UserRequest, resources: Wired, cursor: Cursor = None, limit: Limit = 50
) -> RunPage:
    """Every run that is kept, the newest first, with a few numbers for trends."""
    return await runs.list_runs(resources.tenancy, tenant_of(request), cursor=cursor, limit=limit)


@post("/api/v1/analytics/runs", status_code=202, opt={"right": Right.SYNC}, tags=["Analytics"])
async def look_back(request: UserRequest, resources: Wired, data: JSONBody[LookBack]) -> Promised:
    """Store scores as of a past day, from today's rows; what is shown stays as it is."""
    job = await runs.request_look_back(resources.tenancy, tenant_of(request), data.as_of)
    await resources.doorbell.ring(job)
    return Promised(job, data.as_of)


@get("/api/v1/analytics/model-card", opt=READ, tags=["Analytics"])
async def model_card(
    request: UserRequest,
    resources: Wired,
    run: Annotated[
        UUID | None, QueryParameter(description="A stored run; by default the one that is shown.")
    ] = None,
) -> Response[ModelCard | None]:
    """Why to believe a run's numbers, or not to."""
    key, card = await runs.read_card(resources.tenancy, tenant_of(request), run)
    if unchanged := not_modified(request, key):
        return unchanged
    return Response(msgspec.convert(card, ModelCard), headers=cached_headers(key))


@get("/api/v1/customers/{customer_id:int}/history", opt=READ, tags=["Customers"])
async def customer_history(
    request: UserRequest, resources: Wired, customer_id: Id
) -> CustomerHistory:
    """How a customer's scores and segment went."""
    return CustomerHistory(
        await runs.customer_history(resources.tenancy, tenant_of(request), customer_id)
    )


handlers = [run_list, look_back, model_card, customer_history]
