"""``python -m worker.calculator``: does the jobs that compute, for the worker that started it.

The numerical libraries, and what a large shop's arrays have taken, are in this process only and gone with it. It is
given jobs by its standard input, a line of JSON each, and answers each with a line: what went wrong, or nothing. The
end of its input is its own end, whatever it is doing: its worker is gone, or no longer wants it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from typing import BinaryIO
from uuid import UUID

import msgspec
import structlog
from structlog.contextvars import bound_contextvars

from worker.calculators import Answer
from worker.reports import deliver_report
from worker.resources import Resources, open_resources
from worker.tasks import run_of
from xsight_core.errors import XsightError
from xsight_core.logging import configure_logging
from xsight_core.services.alerts import judge_alerts
from xsight_core.services.export_making import make_export
from xsight_core.services.insights import compute_insights, store_look_back
from xsight_core.services.jobs import ClaimedJob
from xsight_core.services.mail import Post
from xsight_core.services.pooling import pool_models
from xsight_core.services.segment_books import prepare_book
from xsight_core.services.segment_members import request_refresh
from xsight_core.services.segment_refresh import refresh_segments
from xsight_core.services.sync import complete_run
from xsight_core.settings import Settings

__all__ = ["TASKS", "main"]

log = structlog.get_logger()


async def insights(by: Resources, job: ClaimedJob) -> None:
    """Compute what the rows say and show it."""
    pooled = by.settings.pool_models
    shown = await compute_insights(by.tenancy, job.tenant_id, by.settings.home, pooled=pooled)
    await complete_run(by.tenancy, by.progress, job.tenant_id, run_of(job), shown)
    await request_refresh(by.tenancy, job.tenant_id)  # scores decide who is in segments
    await alerts(by, job)
    if pooled:
        await pool_models(by.tenancy)


async def alerts(by: Resources, job: ClaimedJob) -> None:
    """Hold the store's alert rules against the run that is shown."""
    home, url = by.settings.home, by.settings.public_url
    post = Post.from_settings(by.settings)
    for letter in await judge_alerts(by.tenancy, post, job.tenant_id, home, public_url=url):
        await by.doorbell.ring(letter)


async def report(by: Resources, job: ClaimedJob) -> None:
    """Make a page ready for its reader and send it."""
    delivery = UUID(job.payload["delivery"])
    await deliver_report(by.tenancy, by.settings, job.tenant_id, delivery)


async def look_back(by: Resources, job: ClaimedJob) -> None:
    """Compute what the rows say as of a past day, and keep it."""
    day = date.fromisoformat(job.payload["as_of"])
    pooled = by.settings.pool_models
    await store_look_back(by.tenancy, job.tenant_id, by.settings.home, day, pooled=pooled)


async def export(by: Resources, job: ClaimedJob) -> None:
    """Write a file of rows that somebody asked for."""
    made = await make_export(
        by.tenancy, job.tenant_id, UUID(job.payload["export"]), by.settings.home
    )
    if made is not None:
        told = {"type": "export:completed", "run": str(made.id), "rows": made.rows}
        await by.progress.publish(job.tenant_id, told)


async def segments(by: Resources, job: ClaimedJob) -> None:
    """Work out who is in each segment; then what previews are going to read."""
    await refresh_segments(by.tenancy, job.tenant_id, by.settings.home)
    await asyncio.to_thread(prepare_book, by.tenancy, job.tenant_id, by.settings.home)


TASKS: dict[str, Callable[[Resources, ClaimedJob], Awaitable[None]]] = {
    "insights": insights,
    "look_back": look_back,
    "alerts": alerts,
    "report": report,
    "export": export,
    "segments": segments,
}


async def calculate(settings: Settings, answers: BinaryIO) -> None:
    """Answer one job after the other."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with open_resources(settings) as by:
        while line := await reader.readline():
            job = msgspec.json.decode(line, type=ClaimedJob)
            computing = asyncio.ensure_future(_answer(by, job))
            ending = asyncio.ensure_future(reader.read(1))  # the next job comes after the answer
            await asyncio.wait([computing, ending], return_when="FIRST_COMPLETED")
            if ending.done():
                os._exit(1)  # a thread that computes cannot be told to stop
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
            answers.write(msgspec.json.encode(await computing) + b"\n")
            answers.flush()


async def _answer(by: Resources, job: ClaimedJob) -> Answer:
    with bound_contextvars(job_id=str(job.id), kind=job.kind, tenant_id=str(job.tenant_id)):
        try:
            await TASKS[job.kind](by, job)
        except XsightError as error:
            return Answer(str(error), code=error.code, retryable=error.retryable)
        except Exception as error:
            log.exception("job.broken")
            return Answer(f"{type(error).__name__}: {error}")
    return Answer()


def main() -> None:
    """Entry point."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)  # it is for the worker, which ends us
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no answer
    settings = Settings()  # pyright: ignore[reportCallIssue] - from the environment
    configure_logging(level=settings.log_level, form=settings.log_format)
    asyncio.run(calculate(settings, answers))


if __name__ == "__main__":
    main()
