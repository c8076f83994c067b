"""Database roles of servers: one LOGIN role each, made when the server starts and dropped when it stops.

The Hub's own role may call three functions and do nothing else; they are in ``xsight_core/db``.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

__all__ = ["LIFETIME", "MintedRole", "Minter"]

LIFETIME = timedelta(hours=24)
"""A role's password ends after this even if nobody drops it; the culler stops servers an hour earlier."""


@dataclass(frozen=True, slots=True)
class MintedRole:
    """A server's own database role and how it logs in from inside."""

    name: str
    dsn: str
    tenant_id: UUID | None
    """None before the tenant's first row is written."""

    def __repr__(self) -> str:
        return f"MintedRole({self.name})"  # the DSN holds the password


class Minter:
    """Calls the minting functions as the Hub's role."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        info = conninfo_to_dict(database_url)
        self.database = str(info.get("dbname") or "xsight")
        self.host = str(info.get("host") or "127.0.0.1")
        self.port = int(info.get("port") or 5432)

    async def mint(
        self, slug: str, *, user_id: UUID | None, pii: bool, server: str, socket_dir: str
    ) -> MintedRole:
        """A new read-only role of this tenant. ``socket_dir`` is where the server will see PostgreSQL's socket."""
        password = secrets.token_urlsafe(32)
        until = datetime.now(UTC) + LIFETIME
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            cursor = await connection.execute(
                "SELECT private.mint_server_role(%s::text, %s::uuid, %s, %s::text, %s::text, %s)",
                [slug, user_id, pii, server, password, until],
            )
            row = await cursor.fetchone()
        name = str(row[0]) if row else ""
        tenant_id = await self._tenant_id(name, password)
        query = urlencode({"host": socket_dir, "port": self.port})
        dsn = f"postgresql://{name}:{quote(password)}@/{quote(self.database)}?{query}"
        return MintedRole(name, dsn, tenant_id)

    async def drop(self, role: str) -> None:
        """End the role: its connections are closed and it cannot log in again. A role that is gone is fine."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            await connection.execute("SELECT private.drop_server_role(%s)", [role])

    async def reap(self, longest: timedelta) -> int:
        """End transactions of servers that are older than ``longest``, and roles past their date; how many."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            cursor = await connection.execute("SELECT private.reap_server_roles(%s)", [longest])
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    def drop_leftovers(self) -> None:
        """At the Hub's start no server lives: drop what a crash left."""
        with psycopg.connect(self._url, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SELECT private.drop_server_roles_except(%s::text[])", [[]])

    async def _tenant_id(self, role: str, password: str) -> UUID | None:
        """Ask as the new role itself: what it sees is its tenant, and its log-in is proven before a server gets it."""
        conninfo = make_conninfo(self._url, user=role, password=password)
        async with await psycopg.AsyncConnection.connect(conninfo) as connection:
            cursor = await connection.execute("SELECT tenant_id FROM xsight.tenant_state")
            row = await cursor.fetchone()
            return row[0] if row else None
