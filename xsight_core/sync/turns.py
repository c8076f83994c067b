"""Turns by PostgreSQL's advisory locks: held while a transaction is open, gone with its process."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.tenancy import Tenancy

__all__ = ["leadership", "tenant_turn"]

_TURN: Final = "xsight turn "
_LEADER: Final = "xsight leader "


@asynccontextmanager
async def tenant_turn(tenancy: Tenancy, tenant_id: UUID) -> AsyncGenerator[bool]:
    """Whether no other heavy job of this tenant runs, on any machine; if so, none will meanwhile."""
    async with tenancy.control() as session:
        lock = select(func.pg_try_advisory_xact_lock(_key(f"{_TURN}{tenant_id}")))
        yield bool((await session.execute(lock)).scalar_one())


@asynccontextmanager
async def leadership(
    tenancy: Tenancy, role: str
) -> AsyncGenerator[Callable[[], Awaitable[None]] | None]:
    """One process at a time leads; None: another does.

    Else call what is given to see that one still does: it raises when the connection, and with it
    the lock, is gone.
    """
    async with tenancy.control() as session:
        lock = select(func.pg_try_advisory_xact_lock(_key(_LEADER + role)))
        if not (await session.execute(lock)).scalar_one():
            yield None
            return

        async def confirm() -> None:
            await _touch(session)

        yield confirm


async def _touch(session: AsyncSession) -> None:
    await session.execute(select(1))


def _key(name: str):  # noqa: ANN202 - an SQL expression
    return func.hashtextextended(name, 0)
