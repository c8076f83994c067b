"""What whoever runs the installation looks at and decides, with a line in the audit log for each decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping

from xsight_core.db import operations as rows
from xsight_core.errors import NotFound
from xsight_core.services.audit import Actor, record
from xsight_core.services.jobs import Doorbell
from xsight_core.services.webhooks import announce
from xsight_core.tenancy import Tenancy

__all__ = ["State", "discard_job", "read_state", "retry_job", "settle_letters"]

_SHOWN: Final = 100
_STORES: Final = 50


@dataclass(frozen=True)
class State:
    """The installation at a glance."""

    queue: Sequence[RowMapping]
    given_up: Sequence[RowMapping]
    letters: Sequence[RowMapping]
    stores: Sequence[RowMapping]
    after: str | None
    postgres: str


async def read_state(tenancy: Tenancy, *, after: str = "") -> State:
    """Queue, dead letters and fifty stores, those after a short name."""
    async with tenancy.control() as session:
        stores = await rows.stores(session, after=after, limit=_STORES + 1)
        return State(
            queue=await rows.queue(session),
            given_up=await rows.given_up(session, limit=_SHOWN),
            letters=await rows.letters(session, limit=_SHOWN),
            stores=stores[:_STORES],
            after=stores[_STORES - 1]["slug"] if len(stores) > _STORES else None,
            postgres=await rows.versions(session),
        )


async def retry_job(tenancy: Tenancy, actor: Actor, job_id: UUID, doorbell: Doorbell) -> None:
    """Try a job again that was given up."""
    async with tenancy.control() as session:
        job = await rows.retry_job(session, job_id)
    if job is None:
        raise NotFound("No such job was given up, or one like it is waiting already.")
    await _note(tenancy, actor, job["tenant_id"], "job.retried", str(job["kind"]))
    await doorbell.ring(job_id)


async def discard_job(tenancy: Tenancy, actor: Actor, job_id: UUID) -> None:
    """Forget a job that was given up."""
    async with tenancy.control() as session:
        job = await rows.discard_job(session, job_id)
    if job is None:
        raise NotFound("No such job was given up.")
    await _note(tenancy, actor, job["tenant_id"], "job.discarded", str(job["kind"]))


async def settle_letters(
    tenancy: Tenancy, actor: Actor, tenant_id: UUID, topic: str, *, retry: bool, doorbell: Doorbell
) -> int:
    """Work on a store's dead webhooks of a topic again, or forget them; how many."""
    async with tenancy.scope(tenant_id) as session:
        settle = rows.retry_letters if retry else rows.discard_letters
        count = await settle(session, tenant_id, topic)
    action = "webhooks.retried" if retry else "webhooks.discarded"
    await _note(tenancy, actor, tenant_id, action, topic)
    if retry:
        await announce(tenancy, tenant_id, doorbell)
    return count


async def _note(tenancy: Tenancy, actor: Actor, tenant_id: UUID, action: str, what: str) -> None:
    async with tenancy.scope(tenant_id) as session:
        await record(session, tenant_id, actor, action, object=what)
