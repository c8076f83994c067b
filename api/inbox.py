"""Webhooks into the inbox, in batches that form by themselves.

One task writes. While it commits, what arrives queues up and becomes the next batch; and while few wait, it lets two
milliseconds pass between commits, for a statement costs as much as ten more rows in it. So a webhook that comes alone
is written at once, and of a thousand a second a handful at a time. Whoever waits in ``store`` returns after the commit
of the row, so an acknowledged webhook is on disk. The role in use can insert and look up shops, nothing else.
"""

import asyncio
import time
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog

from xsight_core.db.intake import Webhook, store_webhooks

__all__ = ["InboxWriter"]

LARGEST_BATCH: Final = 500
ENOUGH: Final = 16
PACE_S: Final = 0.002
RETRIES: Final = 2
STATEMENT_TIMEOUT_S: Final = 2  # twice, and Shopify, who waits for five seconds, still hears of it

log = structlog.stdlib.get_logger("api.inbox")

Waiting = tuple[Webhook, "asyncio.Future[UUID | None]"]


class InboxWriter:
    """The only writer of this process."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._writer: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._writer = asyncio.create_task(self._write_batches())

    async def store(self, webhook: Webhook) -> UUID | None:
        """Return after the commit: the tenant it is for, or ``None`` for a shop nobody has connected."""
        stored: asyncio.Future[UUID | None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((webhook, stored))
        return await stored

    async def close(self) -> None:
        """Write what is queued, then stop."""
        if self._writer is not None:
            await self._drain()
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._forget()

    async def _drain(self) -> None:
        try:
            await asyncio.wait_for(self._queue.join(), timeout=3)
        except TimeoutError:
            log.exception("inbox.unwritten", webhooks=self._queue.qsize())

    async def _write_batches(self) -> None:
        written_at = 0.0
        while True:
            batch = [await self._queue.get()]
            if self._queue.qsize() < ENOUGH:
                await asyncio.sleep(written_at + PACE_S - time.monotonic())
            while len(batch) < LARGEST_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._settle(batch)
            written_at = time.monotonic()
            for _ in batch:
                self._queue.task_done()

    async def _settle(self, batch: list[Waiting]) -> None:
        """Write a batch and tell everybody in it."""
        try:
            tenants = await self._write([webhook for webhook, _ in batch])
        except Exception as error:  # whatever it is, the only writer goes on
            log.exception("inbox.refused", webhooks=len(batch))
            for _, stored in batch:
                if not stored.done():
                    stored.set_exception(error)
            return
        for webhook, stored in batch:
            if not stored.done():
                stored.set_result(tenants.get(webhook.shop))

    async def _write(self, webhooks: list[Webhook]) -> dict[str, UUID]:
        for attempt in range(RETRIES):
            try:
                return await store_webhooks(await self._open(), webhooks)
            except psycopg.OperationalError:
                await self._forget()
                if attempt == RETRIES - 1:
                    raise
        raise AssertionError  # the loop returns or raises

    async def _open(self) -> psycopg.AsyncConnection[Any]:
        """Autocommit: the statement is the transaction."""
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._database_url,
                autocommit=True,
                connect_timeout=3,
                # Planned once: planning anew costs more than storing, and there is one way to do it.
                options=f"-c statement_timeout={STATEMENT_TIMEOUT_S * 1000} -c plan_cache_mode=force_generic_plan",
            )
        return self._connection

    async def _forget(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
