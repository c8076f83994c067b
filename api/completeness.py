"""``/api/v1/tenants/me/sync/…/completeness``: what a sync has left, held against the shop."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import FromPath

from api.resources import Wired
from api.stores import READ, UserRequest, tenant_of
from xsight_core.services import completeness, webhooks

__all__ = ["handlers"]

Report = Annotated[
    dict[str, Any],
    msgspec.Meta(
        description="Counts by object, sales by day, and every difference with its cause. "
        "`state`: equal, explained or differs."
    ),
]


class LatestReport(msgspec.Struct):
    """The newest report, or none yet."""

    report: Report | None


class WebhookHealth(msgspec.Struct):
    """Webhooks of the store: how many wait, were done in the last day, are dead letters."""

    waiting: int
    done: int
    dead: int
    last_received_at: str | None
    waiting_since: str | None


@get("/api/v1/tenants/me/sync/{run:uuid}/completeness", opt=READ, tags=["Sync"])
async def run_completeness(request: UserRequest, resources: Wired, run: FromPath[UUID]) -> Report:
    """One run's proof of completeness; 404 until it is made, which is right after the sync."""
    return await completeness.completeness(resources.tenancy, tenant_of(request), run)


@get("/api/v1/tenants/me/completeness", opt=READ, tags=["Sync"])
async def newest_completeness(request: UserRequest, resources: Wired) -> LatestReport:
    """The newest proof of completeness."""
    found = await completeness.latest_completeness(resources.tenancy, tenant_of(request))
    return LatestReport(found)


@get("/api/v1/tenants/me/webhooks", opt=READ, tags=["Sync"])
async def webhook_health(request: UserRequest, resources: Wired) -> WebhookHealth:
    """How the store's webhooks fare."""
    facts = await webhooks.webhook_health(resources.tenancy, tenant_of(request))
    return WebhookHealth(**facts)


handlers = [run_completeness, newest_completeness, webhook_health]
