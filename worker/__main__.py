"""``python -m worker``: jobs from the stream, a few at a time, until told to stop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from prometheus_client import start_http_server
from taskiq.acks import AcknowledgeType
from taskiq.receiver import Receiver

from worker.alive import alive, stop_signal
from worker.broker import JOB, StreamBroker, create_broker
from worker.carry import carry_out
from worker.resources import Resources, open_resources
from xsight_core.logging import configure_logging
from xsight_core.settings import Settings
from xsight_core.telemetry import configure_telemetry

__all__ = ["add_job_task", "main", "work"]

_JOBS_AT_ONCE = 4
_GRACE_S = 3.0

log = structlog.get_logger()


def add_job_task(broker: StreamBroker, by: Resources, running: set["asyncio.Task[None]"]) -> None:
    """The one task of the stream: carry out the job with this id."""

    async def job(job_id: str) -> None:
        task = asyncio.ensure_future(carry_out(by, UUID(job_id)))
        running.add(task)
        try:
            await task
        finally:
            running.discard(task)

    broker.register_task(job, task_name=JOB)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Run a worker until ``stop``; jobs that are not done shortly after go back to the queue."""
    async with open_resources(settings) as by, alive(by.redis, "worker"):
        broker = create_broker(settings.redis_url.get_secret_value(), idle_timeout=settings.lease)
        running: set[asyncio.Task[None]] = set()
        add_job_task(broker, by, running)
        broker.is_worker_process = True
        with ThreadPoolExecutor(1) as executor:
            receiver = Receiver(
                broker,
                executor,
                max_async_tasks=_JOBS_AT_ONCE,
                run_startup=True,
                ack_type=AcknowledgeType.WHEN_EXECUTED,
            )
            log.info("worker.ready")
            listening = asyncio.create_task(receiver.listen(stop))
            await asyncio.wait(
                [listening, asyncio.create_task(stop.wait())], return_when="FIRST_COMPLETED"
            )
            if running:
                await asyncio.wait(running, timeout=_GRACE_S)
            for task in running:
                task.cancel()
            await listening
        await broker.shutdown()
    log.info("worker.stopped")


def main() -> None:
    """Entry point."""
    settings = Settings()  # pyright: ignore[reportCallIssue] - from the environment
    configure_logging(level=settings.log_level, form=settings.log_format)
    configure_telemetry(settings, "xsight-worker")
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, addr=settings.metrics_host)

    async def run() -> None:
        await work(settings, stop_signal())

    asyncio.run(run())


if __name__ == "__main__":
    main()
