"""Tells the worker that a tenant has webhooks waiting: after they are acknowledged, and once for many."""

import asyncio
import time
from typing import Final
from uuid import UUID

import structlog

from xsight_core.services.jobs import Doorbell, enqueue
from xsight_core.tenancy import Tenancy

__all__ = ["Announcer"]

GATHER_S: Final = 0.05
PAUSE_S: Final = 0.25  # between two of one tenant: in a flash sale each would say the same

log = structlog.stdlib.get_logger("api.announcer")


class Announcer:
    """Promises the job in the database and rings. What it misses, the relay finds in the inbox."""

    def __init__(self, tenancy: Tenancy, doorbell: Doorbell) -> None:
        self._tenancy = tenancy
        self._doorbell = doorbell
        self._soon: set[UUID] = set()
        self._latest_s: dict[UUID, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def announce(self, tenant_id: UUID) -> None:
        """Announce soon, unless that is about to happen."""
        if tenant_id in self._soon:
            return
        self._soon.add(tenant_id)
        task = asyncio.create_task(self._announce(tenant_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _announce(self, tenant_id: UUID) -> None:
        since_s = time.monotonic() - self._latest_s.get(tenant_id, 0.0)
        await asyncio.sleep(max(GATHER_S, PAUSE_S - since_s))
        self._soon.discard(tenant_id)  # what comes in from now on is announced again
        self._latest_s[tenant_id] = time.monotonic()
        try:
            async with self._tenancy.control() as session:
                job_id = await enqueue(session, tenant_id=tenant_id, kind="webhooks")
            await self._doorbell.ring(job_id)
        except Exception:
            log.exception("webhooks.unannounced", tenant_id=str(tenant_id))
