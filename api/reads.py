"""Who has seen personal data: written to the audit log a moment later, many at once, so that reading stays quick.

A change is told in its own transaction; a read has none worth waiting for. What a process has not written when it is
killed is lost: at most ``GATHER_S`` of reads, which the access log still names.
"""

import asyncio
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import structlog
from litestar import Request

from api.actors import actor_of
from xsight_core.services.accounts import Identity
from xsight_core.services.audit import Actor, record
from xsight_core.tenancy import Tenancy

__all__ = ["Reads"]

GATHER_S: Final = 0.5
MOST: Final = 20_000
TRIES: Final = 3

log = structlog.stdlib.get_logger("api.reads")


@dataclass(frozen=True)
class Read:
    """Rows with personal data that went to somebody."""

    tenant_id: UUID
    actor: Actor
    action: str
    object: str | None
    rows: int


class Reads:
    """The only writer of this process."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy
        self._waiting: list[Read] = []
        self._writer: asyncio.Task[None] | None = None

    def note(
        self,
        request: Request[Identity, Any, Any],
        action: str,
        *,
        rows: int,
        object: str | None = None,  # noqa: A002 - the log's word
    ) -> None:
        """Remember it, if there was anything to see."""
        tenant_id = request.user.tenant_id
        if tenant_id is None or not rows or not request.user.pii:
            return
        if len(self._waiting) >= MOST:  # the database has been away for long
            log.error("reads.dropped", action=action, rows=rows)
            return
        self._waiting.append(Read(tenant_id, actor_of(request), action, object, rows))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_soon())

    async def close(self) -> None:
        """Write what is waiting."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._write()

    async def _write_soon(self) -> None:
        for _ in range(TRIES):
            await asyncio.sleep(GATHER_S)
            await self._write()
            if not self._waiting:
                return

    async def _write(self) -> None:
        """Tenant by tenant; what could not be written waits on."""
        batch, self._waiting = self._waiting, []
        for tenant_id, group in groupby(sorted(batch, key=_tenant), key=_tenant):
            reads = list(group)
            try:
                async with self._tenancy.scope(tenant_id) as session:
                    for read in reads:
                        await record(
                            session,
                            tenant_id,
                            read.actor,
                            read.action,
                            object=read.object,
                            rows_seen=read.rows,
                        )
            except asyncio.CancelledError:
                self._waiting += reads
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next try may do
                log.warning("reads.unwritten", reads=len(reads), reason=type(error).__name__)
                self._waiting += reads


def _tenant(read: Read) -> UUID:
    return read.tenant_id
