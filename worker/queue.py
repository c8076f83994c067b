"""``python -m worker.queue``: relay and scheduler in one process, as a machine of its own runs them.

Each waits nearly all the time, and half of what a process of its own weighs is libraries both need.
"""

import asyncio

from worker.alive import stop_signal
from worker.relay import relay
from worker.scheduler import schedule
from xsight_core.logging import configure_logging
from xsight_core.settings import QueueSettings

__all__ = ["main"]


async def _run(settings: QueueSettings) -> None:
    """Both until told to stop; where one ends in an error the other is ended too."""
    stop = stop_signal()
    async with asyncio.TaskGroup() as both:
        both.create_task(relay(settings, stop))
        both.create_task(schedule(settings, stop))


def main() -> None:
    """Entry point."""
    settings = QueueSettings()  # pyright: ignore[reportCallIssue] - from the environment
    configure_logging(level=settings.log_level, form=settings.log_format)
    asyncio.run(_run(settings))


if __name__ == "__main__":
    main()
