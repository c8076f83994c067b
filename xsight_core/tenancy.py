"""The only ways to the database. Tenant data is reached through a scope that names the tenant, and not otherwise.

A scope is one transaction. The tenant is set with ``set_config(…, is_local => true)``, so it dies with the transaction
and a pooled connection can never carry one tenant into the next request; row-level security underneath shows no row
when it is not set. Nobody else commits.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NewType
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

__all__ = ["Tenancy", "TenantId"]

TenantId = NewType("TenantId", UUID)

_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant_id, true)")


class Tenancy:
    """A pool of connections as the application's role, handed out per tenant.

    ``statement_timeout_s`` bounds every statement of a session: who waits for an answer is better told to try again.
    """

    def __init__(
        self,
        database_url: str,
        *,
        pool_size: int = 10,
        max_overflow: int = 10,
        statement_timeout_s: float | None = None,
    ) -> None:
        url = make_url(database_url).set(drivername="postgresql+psycopg")
        bound = (
            {"options": f"-c statement_timeout={round(statement_timeout_s * 1000)}"}
            if statement_timeout_s
            else {}
        )
        self._most = pool_size + max_overflow
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_pre_ping=True,
            connect_args=bound,
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)

    @asynccontextmanager
    async def scope(self, tenant_id: UUID) -> AsyncGenerator[AsyncSession]:
        """A session in one transaction that sees this tenant and nothing else; commits on exit, rolls back on error."""
        async with self._sessions.begin() as session:
            await session.execute(_SET_TENANT, {"tenant_id": str(tenant_id)})
            yield session

    @asynccontextmanager
    async def control(self) -> AsyncGenerator[AsyncSession]:
        """A session for the control schema. No tenant is set: tenants' tables show no row."""
        async with self._sessions.begin() as session:
            yield session

    @contextmanager
    def connection(
        self, tenant_id: UUID, *, snapshot: str | None = None
    ) -> Generator[psycopg.Connection[tuple[Any, ...]]]:
        """One transaction on a driver connection of its own, for COPY and bulk reads; same rules as ``scope``.

        ``snapshot``: every statement sees the rows of one moment: of ``"now"``, or of an exported snapshot.
        """
        with psycopg.connect(self._dsn) as connection:
            if snapshot is not None:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            if snapshot not in {None, "now"}:
                connection.execute(
                    sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot))
                )
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
            yield connection

    def pool(self) -> dict[str, int]:
        """Connections of the pool: how many are in use, how many wait for use, how many there may be."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101 - what an engine is made with
        return {"used": pool.checkedout(), "idle": pool.checkedin(), "most": self._most}

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._engine.dispose()
