"""``/api/v1/tenants/me*``: the store one looks at, and its syncs."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath

from api.actors import actor_of
from api.resources import Wired
from api.rights import Right
from xsight_core.services import alerts, jobs, sync, tenants
from xsight_core.services.accounts import Identity
from xsight_core.services.documents import document_parts

__all__ = ["handlers", "tenant_of"]

UserRequest = Request[Identity, Any, Any]
READ = {"right": Right.READ}
State = Annotated[
    dict[str, Any], msgspec.Meta(description="The state of a sync run, as the websocket sends it.")
]


class ShopView(msgspec.Struct):
    """The connected shop; ``connection`` is none, connected or disconnected."""

    domain: str | None
    name: str | None
    currency: str
    timezone: str
    connection: str
    scopes: list[str]
    history_since: date | None


class StoreView(msgspec.Struct):
    """The store and how fresh its rows are."""

    id: UUID
    slug: str
    name: str
    role: str
    pii: bool
    shop: ShopView
    data_version: int
    synced_at: datetime | None
    insight_run: UUID | None
    alerts_firing: int
    insights_failed_at: datetime | None


class Stats(msgspec.Struct):
    """Totals of the newest computation; money in minor units of the shop's currency."""

    insight_run: UUID
    data_version: int
    shop: dict[str, Any]
    totals: dict[str, Any]
    freshness: dict[str, Any]


class Runs(msgspec.Struct):
    """Sync runs."""

    runs: list[State]


class LatestRun(msgspec.Struct):
    """The newest run, whatever became of it."""

    run: State | None


def tenant_of(request: UserRequest) -> UUID:
    """The store one looks at; the route's right has made sure that there is one."""
    tenant_id = request.user.tenant_id
    assert tenant_id is not None  # noqa: S101 - see above
    return tenant_id


@get("/api/v1/tenants/me", opt=READ, tags=["Store"])
async def store(request: UserRequest, resources: Wired) -> StoreView:
    """The store, its shop and connection."""
    identity = request.user
    state = await tenants.tenant_state(resources.tenancy, tenant_of(request))
    return StoreView(
        id=tenant_of(request),
        slug=identity.slug or "",
        name=identity.tenant_name or "",
        role=identity.role or "",
        pii=identity.pii,
        shop=ShopView(
            domain=state.domain,
            name=state.shop_name,
            currency=state.currency,
            timezone=state.timezone,
            connection=state.connection,
            scopes=list(state.scopes),
            history_since=state.history_since,
        ),
        data_version=state.data_version,
        synced_at=state.synced_at,
        insight_run=state.insight_run,
        alerts_firing=await alerts.firing_alerts(resources.tenancy, tenant_of(request)),
        insights_failed_at=await jobs.failed_at(resources.tenancy, tenant_of(request), "insights"),
    )


@post(
    "/api/v1/tenants/me/disconnect",
    status_code=204,
    opt={"right": Right.CONNECT},
    tags=["Store"],
)
async def disconnect_store(request: UserRequest, resources: Wired) -> None:
    """Give the access to the shop back: no sync runs until it is connected again. What was synced stays."""
    await resources.shops.disconnect(tenant_of(request), actor_of(request))


@get("/api/v1/tenants/me/stats", opt=READ, tags=["Store"])
async def stats(request: UserRequest, resources: Wired) -> Response[Stats]:
    """Customers, orders, revenue, average order value, as of the newest computation."""
    tenant_id = tenant_of(request)
    view = await resources.ledgers.viewpoint(tenant_id)

    async def find() -> bytes:
        key, parts = await document_parts(
            resources.tenancy, tenant_id, "overview", ("shop", "totals", "freshness")
        )
        return msgspec.json.encode(Stats(key.insight_run, key.data_version, **parts))

    body: Any = await resources.cache.read(tenant_id, view.run_key, "stats", find)
    return Response(body, media_type=MediaType.JSON)


@post("/api/v1/tenants/me/sync", status_code=202, opt={"right": Right.SYNC}, tags=["Sync"])
async def start_sync(request: UserRequest, resources: Wired) -> State:
    """Sync now. While one is under way, that one is the answer."""
    return await sync.request_sync(
        resources.tenancy,
        tenant_of(request),
        requested_by=request.user.user_id,
        doorbell=resources.doorbell,
    )


@get("/api/v1/tenants/me/sync-status", opt=READ, tags=["Sync"])
async def sync_status(request: UserRequest, resources: Wired) -> LatestRun:
    """The newest run."""
    return LatestRun(await sync.latest_run(resources.tenancy, tenant_of(request)))


@get("/api/v1/tenants/me/sync/active", opt=READ, tags=["Sync"])
async def active_syncs(request: UserRequest, resources: Wired) -> Runs:
    """What is under way."""
    return Runs(await sync.active_runs(resources.tenancy, tenant_of(request)))


@get("/api/v1/tenants/me/sync/runs", opt=READ, tags=["Sync"])
async def sync_runs(request: UserRequest, resources: Wired) -> Runs:
    """The last 50 runs, newest first, each with rows, bytes, cost points and seconds (``stats``)."""
    return Runs(await sync.run_history(resources.tenancy, tenant_of(request)))


@get("/api/v1/tenants/me/sync/{run:uuid}/status", opt=READ, tags=["Sync"])
async def run_status(request: UserRequest, resources: Wired, run: FromPath[UUID]) -> State:
    """One run."""
    return await sync.run_state(resources.tenancy, tenant_of(request), run)


handlers = [
    store,
    disconnect_store,
    stats,
    start_sync,
    sync_status,
    active_syncs,
    sync_runs,
    run_status,
]
