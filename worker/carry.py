"""Carrying out a job whose id came by the stream: lease it, do it once, end it."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from worker.measures import count_model, measure
from worker.notebooks import notebook_failed
from worker.resources import Resources
from worker.tasks import TASKS, run_of
from xsight_core.db.operations import shown_forecast
from xsight_core.errors import XsightError
from xsight_core.services.exports import fail_export
from xsight_core.services.jobs import (
    HEAVY,
    ClaimedJob,
    GaveWay,
    claim,
    fail,
    finish,
    give_back,
    leased,
)
from xsight_core.services.sync import fail_run
from xsight_core.sync.turns import tenant_turn
from xsight_core.telemetry import span, within

__all__ = ["carry_out"]

_TURN_PAUSE = timedelta(seconds=1)

log = structlog.get_logger()


async def carry_out(by: Resources, job_id: UUID) -> None:
    """Do what the job asks for, unless it is done, not due, or leased to another worker."""
    lease = by.settings.lease
    job = await claim(by.tenancy, job_id, lease=lease)
    if job is None:
        return
    measured = measure(job.kind)
    with (
        bound_contextvars(job_id=str(job.id), kind=job.kind, tenant_id=str(job.tenant_id)),
        within(job.payload),
        span(f"job {job.kind}", job_id=str(job.id), attempt=job.attempts),
    ):
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(leased(by.tenancy, job, lease=lease))
                if job.kind in HEAVY and not await _have_turn(by, job, stack):
                    await give_back(by.tenancy, job, "It waits for its turn.", delay=_TURN_PAUSE)
                    measured("waited")
                    return
                await TASKS[job.kind](by, job)
        except asyncio.CancelledError:
            # We are stopping, or another worker has the lease: theirs is not ours to give back.
            await asyncio.shield(give_back(by.tenancy, job, "The worker was stopped."))
            measured("stopped")
            raise
        except GaveWay:
            measured("gave_way")
            await give_back(by.tenancy, job, "Others were waiting.")
            await by.doorbell.ring(job.id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must end
            measured("failed")
            await _give_up(by, job, error)
        else:
            ended = await finish(by.tenancy, job)
            measured("done")
            if job.kind == "insights":
                async with by.tenancy.scope(job.tenant_id) as session:
                    count_model(await shown_forecast(session))
            log.info("job.done", ended=ended)
            await by.doorbell.ring(job.id)  # it may have promised another one


async def _have_turn(by: Resources, job: ClaimedJob, stack: AsyncExitStack) -> bool:
    """One heavy job a tenant, and a place left in this worker for what is light."""
    if by.heavy.locked():
        return False
    await stack.enter_async_context(by.heavy)
    return await stack.enter_async_context(tenant_turn(by.tenancy, job.tenant_id))


async def _give_up(by: Resources, job: ClaimedJob, error: Exception) -> None:
    """Try again later, or end the job and the run it belongs to."""
    if isinstance(error, XsightError):
        log.warning("job.failed", error=str(error), code=error.code, attempt=job.attempts)
        ended = await fail(by.tenancy, job, str(error), retryable=error.retryable)
    else:
        log.error("job.broken", attempt=job.attempts, exc_info=error)
        ended = await fail(by.tenancy, job, f"{type(error).__name__}: {error}")
    run = run_of(job)
    if ended in {"failed", "dead"} and run is not None:
        await fail_run(by.tenancy, by.progress, job.tenant_id, run, error)
    if ended in {"failed", "dead"} and job.kind == "export":
        await fail_export(by.tenancy, job, error)
    if ended in {"failed", "dead"} and job.kind == "notebook":
        await notebook_failed(by, job, error)
