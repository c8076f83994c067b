"""What a page shows before any kernel is asked: the tenant's newest document, read as the server's own role."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from xsight_ui.documents import query_of, values_of

__all__ = ["Stored", "close", "read"]


_KEPT_S = 30.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A page's stored document, None before the first insights; the shop's name and domain, None before it connects.

    ``brand``: the store's own name, colour and the version of its picture; None where it chose none of them.
    """

    shop_name: str | None
    domain: str | None
    document: dict[str, Any] | None
    brand: dict[str, str | None] | None
    published: Sequence[dict[str, str]] = ()
    """Notebooks that became pages, ``id`` and ``title``: the navigation names them."""


async def read(name: str, search: str = "") -> Stored:
    """The document of a page whose address has the query `search`. Raises psycopg.Error."""
    statement = f"""
        SELECT (SELECT shop_name FROM xsight.tenant_state),
               (SELECT domain FROM xsight.tenant_state), ({query_of(name)}),
               (SELECT jsonb_build_object('name', name, 'accent', accent,
                  'logo_version', left(encode(sha256(logo), 'hex'), 12)) FROM xsight.branding),
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title) ORDER BY p.title), '[]')
                  FROM xsight.publications p WHERE p.published IS NOT NULL)"""  # noqa: S608 - our own text
    row = await _line.ask(statement.encode(), values_of(name, search))
    return Stored(*row) if row else Stored(None, None, None, None)


async def close() -> None:
    """End the kept connection now."""
    await _line.close()


class _Line:
    """One connection, kept for the next view and closed when none comes: its log-in is much of what a view waits for.

    Who comes while it is busy gets one of their own, so that nobody waits for another's view.
    """

    def __init__(self) -> None:
        self._kept: psycopg.AsyncConnection[Any] | None = None
        self._busy = False
        self._closing: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def ask(self, statement: bytes, values: dict[str, Any]) -> tuple[Any, ...] | None:
        """The answer's first row. A connection that was lost since the last one is made anew."""
        if self._busy:
            async with await _connect() as connection:
                return await _first_row(connection, statement, values)
        self._busy = True
        if self._closing:
            self._closing.cancel()
        try:
            return await self._ask(statement, values)
        except BaseException:
            await self.close()  # what may be under way on it is nobody's any more
            raise
        finally:
            self._busy = False
            self._closing = asyncio.get_running_loop().call_later(_KEPT_S, self._close_soon)

    async def _ask(self, statement: bytes, values: dict[str, Any]) -> tuple[Any, ...] | None:
        if self._kept is not None:
            try:
                return await _first_row(self._kept, statement, values)
            except psycopg.OperationalError:
                await self.close()
        self._kept = await _connect()
        return await _first_row(self._kept, statement, values)

    def _close_soon(self) -> None:
        self._ending = asyncio.ensure_future(self.close())

    async def close(self) -> None:
        """End it."""
        if self._closing:
            self._closing.cancel()
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()


_line = _Line()


async def _connect() -> psycopg.AsyncConnection[Any]:
    dsn = Path(os.environ["XSIGHT_DSN_FILE"]).read_text().strip()  # noqa: ASYNC240 - 100 bytes of tmpfs
    return await psycopg.AsyncConnection.connect(dsn, connect_timeout=5, autocommit=True)


async def _first_row(
    connection: psycopg.AsyncConnection[Any], statement: bytes, values: dict[str, Any]
) -> tuple[Any, ...] | None:
    cursor = await connection.execute(statement, values)
    return await cursor.fetchone()
