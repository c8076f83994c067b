"""One task for each kind of job: scope, service, done."""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from worker.resources import Resources
from xsight_core.services.completeness import check_completeness
from xsight_core.services.insights import compute_insights, store_look_back
from xsight_core.services.jobs import ClaimedJob
from xsight_core.services.mail import deliver
from xsight_core.services.pooling import pool_models
from xsight_core.services.sync import complete_run, run_sync
from xsight_core.services.webhooks import dispatch_webhooks

__all__ = ["TASKS", "Task", "run_of"]

Task = Callable[[Resources, ClaimedJob], Awaitable[object]]


async def sync(by: Resources, job: ClaimedJob) -> None:
    """Bring the shop's rows."""
    run, url = UUID(job.payload["run"]), by.settings.public_url
    await run_sync(by.access, by.progress, tenant_id=job.tenant_id, run=run, public_url=url)


async def insights(by: Resources, job: ClaimedJob) -> None:
    """Compute what the rows say and show it."""
    pooled = by.settings.pool_models
    shown = await compute_insights(by.tenancy, job.tenant_id, by.settings.home, pooled=pooled)
    await complete_run(by.tenancy, by.progress, job.tenant_id, run_of(job), shown)
    if pooled:
        await pool_models(by.tenancy)


async def look_back(by: Resources, job: ClaimedJob) -> None:
    """Compute what the rows say as of a past day, and keep it."""
    day = date.fromisoformat(job.payload["as_of"])
    pooled = by.settings.pool_models
    await store_look_back(by.tenancy, job.tenant_id, by.settings.home, day, pooled=pooled)


async def webhooks(by: Resources, job: ClaimedJob) -> None:
    """Fetch anew what the tenant's stored webhooks name."""
    await dispatch_webhooks(by.access, tenant_id=job.tenant_id)


async def completeness(by: Resources, job: ClaimedJob) -> None:
    """Hold what a run has brought against what the shop says it holds."""
    run = UUID(job.payload["of"])
    report = await check_completeness(by.access, tenant_id=job.tenant_id, run=run)
    if report is not None:
        told = {"type": "sync:completeness", "run": str(run), "state": report["state"]}
        await by.progress.publish(job.tenant_id, told)


async def mail(by: Resources, job: ClaimedJob) -> None:
    """Send one message."""
    await deliver(by.tenancy, by.settings, UUID(job.payload["mail"]))


async def heartbeat(by: Resources, job: ClaimedJob) -> None:
    """Keep an idle store's tokens alive."""
    await by.access.keep_alive(job.tenant_id)


TASKS: dict[str, Task] = {
    "sync": sync,
    "insights": insights,
    "look_back": look_back,
    "webhooks": webhooks,
    "mail": mail,
    "completeness": completeness,
    "heartbeat": heartbeat,
}


def run_of(job: ClaimedJob) -> UUID | None:
    """The sync run that a job belongs to."""
    return UUID(job.payload["run"]) if job.payload.get("run") else None
