"""One task for each kind of job: scope, service, done.

What needs the numerical libraries is done elsewhere: nothing that is imported here may import them.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx

from worker.caches import RedisCaches
from worker.notebooks import notebook
from worker.resources import Resources
from xsight_core.crypto import Keyring
from xsight_core.services.completeness import check_completeness
from xsight_core.services.compliance import fulfil
from xsight_core.services.exports import end_of_export
from xsight_core.services.jobs import ClaimedJob
from xsight_core.services.mail import deliver
from xsight_core.services.segment_hooks import deliver_hooks
from xsight_core.services.sync import run_sync
from xsight_core.services.tag_writing import write_tags
from xsight_core.services.webhooks import dispatch_webhooks

__all__ = ["TASKS", "Task", "run_of"]

Task = Callable[[Resources, ClaimedJob], Awaitable[object]]


async def sync(by: Resources, job: ClaimedJob) -> None:
    """Bring the shop's rows."""
    run, url = UUID(job.payload["run"]), by.settings.public_url
    await run_sync(by.access, by.progress, tenant_id=job.tenant_id, run=run, public_url=url)


async def elsewhere(by: Resources, job: ClaimedJob) -> None:
    """Have a calculator do it (``worker.calculator``)."""
    await by.calculators.do(job)


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


async def export_end(by: Resources, job: ClaimedJob) -> None:
    """Remove an exported file whose day is over."""
    await end_of_export(by.tenancy, job.tenant_id, UUID(job.payload["export"]), by.settings.home)


async def privacy(by: Resources, job: ClaimedJob) -> None:
    """Forget a person, or a whole shop."""
    request, caches = job.payload["request"], RedisCaches(by.redis)
    await fulfil(by.tenancy, job.tenant_id, request, home=by.settings.home, caches=caches)


async def segment_hooks(by: Resources, job: ClaimedJob) -> None:
    """Tell others who came into segments and who left them."""
    keyring = Keyring.parse(by.settings.keyring.get_secret_value())
    private = by.settings.hooks_private
    async with httpx.AsyncClient(trust_env=False) as http:
        await deliver_hooks(by.tenancy, keyring, http, job.tenant_id, private=private)


async def segment_tags(by: Resources, job: ClaimedJob) -> None:
    """Write a segment's tag to Shopify, or take it back."""
    await write_tags(by.access, job.tenant_id, UUID(job.payload["action"]))


TASKS: dict[str, Task] = {
    "sync": sync,
    "insights": elsewhere,
    "look_back": elsewhere,
    "alerts": elsewhere,
    "report": elsewhere,
    "webhooks": webhooks,
    "mail": mail,
    "completeness": completeness,
    "heartbeat": heartbeat,
    "privacy": privacy,
    "export": elsewhere,
    "segments": elsewhere,
    "segment_hooks": segment_hooks,
    "segment_tags": segment_tags,
    "export_end": export_end,
    "notebook": notebook,
}


def run_of(job: ClaimedJob) -> UUID | None:
    """The sync run that a job belongs to."""
    return UUID(job.payload["run"]) if job.payload.get("run") else None
