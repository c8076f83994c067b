"""Statements around a dump of the whole database: its moment, what it leaves out, and how rows are compared."""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import Connection, Cursor, sql

from xsight_core.db.person_keys import SEALED_TABLES
from xsight_core.db.scoped import trusted
from xsight_core.db.tables import metadata

__all__ = [
    "NOT_DUMPED",
    "Rows",
    "StoredTenant",
    "all_rows",
    "columns_of",
    "count_rows",
    "drop_database",
    "frozen",
    "holds_installation",
    "make_database",
    "renew_changes",
    "revision",
    "sees_everything",
    "stored_tenants",
    "take_place",
]

NOT_DUMPED: Final = (
    *SEALED_TABLES,  # a copy of their own, that forgets (services/sealed_copy.py)
    "xsight.person_keys",  # the keys to that
    *(
        "control.sessions",
        "control.session_secrets",
        "control.one_time_codes",
    ),  # everybody logs in anew
    "private.server_roles",  # log-ins of notebook servers that ran then
)
"""Tables whose rows are not in a dump."""

_CHANGED: Final = "changed_in"
_WITHOUT: Final = (_CHANGED, "rows_removed_in")
"""Numbers of transactions mean nothing in another cluster."""


@dataclass(frozen=True)
class Rows:
    """How many, and the sum of their hashes: the same whatever their order."""

    columns: tuple[str, ...]
    rows: int
    digest: str


@dataclass(frozen=True)
class StoredTenant:
    """A tenant at the moment of the dump."""

    id: UUID
    slug: str
    name: str


@contextmanager
def frozen(admin_url: str) -> Generator[tuple[Connection[Any], str]]:
    """A connection that sees one moment, and the moment's name for others."""
    with psycopg.connect(admin_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield connection, str(row[0] if row else "")


def sees_everything(connection: Connection[Any]) -> bool:
    """Whether row-level security does not hide rows from this login: a dump would be refused."""
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


def revision(connection: Connection[Any]) -> str | None:
    """The schema's revision; none where there is no schema."""
    if connection.execute("SELECT to_regclass('private.alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT version_num FROM private.alembic_version").fetchone()
    return str(row[0]) if row else None


def stored_tenants(connection: Connection[Any]) -> list[StoredTenant]:
    """Every tenant."""
    found = connection.execute("SELECT id, slug, name FROM control.tenants ORDER BY slug")
    return [StoredTenant(*row) for row in found]


def columns_of(table: str) -> tuple[str, ...]:
    """What is compared of a table."""
    return tuple(c.name for c in metadata.tables[table].columns if c.name not in _WITHOUT)


def count_rows(
    cursor: Cursor[Any], table: str, columns: Sequence[str], *, where: str = "true"
) -> Rows:
    """Count and digest of a table's rows."""
    named = ", ".join(f't."{name}"' for name in columns)
    row = cursor.execute(
        trusted(f"""
        SELECT count(*), coalesce(sum(hashtextextended(ROW({named})::text, 0)), 0)::text
        FROM {table} t WHERE {where}""")
    ).fetchone()
    return Rows(tuple(columns), *row) if row else Rows(tuple(columns), 0, "0")


def all_rows(
    connection: Connection[Any], tables: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Rows]:
    """Count and digest of every table that is dumped or sealed, whatever the session's habits of writing."""
    chosen = tables or {
        name: columns_of(name)
        for name in map(str, metadata.sorted_tables)
        if name in SEALED_TABLES or name not in NOT_DUMPED
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'")
        return {name: count_rows(cursor, name, columns) for name, columns in chosen.items()}


def renew_changes(admin_url: str) -> None:
    """Restored rows were written before all that is to come: their transactions are another cluster's.

    Run between the rows and their indexes: the column is exchanged, no row is written again.
    """
    with psycopg.connect(admin_url) as connection:
        found = connection.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'xsight' AND column_name = %s",
            [_CHANGED],
        ).fetchall()
        for (table,) in found:
            connection.execute(
                trusted(f"""
                ALTER TABLE xsight.{table} DROP COLUMN {_CHANGED};
                ALTER TABLE xsight.{table} ADD COLUMN {_CHANGED} bigint NOT NULL DEFAULT 0;
                ALTER TABLE xsight.{table} ALTER COLUMN {_CHANGED}
                  SET DEFAULT (pg_current_xact_id()::text)::bigint""")
            )
        connection.execute("UPDATE xsight.tenant_state SET rows_removed_in = 0")
        connection.execute("COMMENT ON SCHEMA private IS NULL")  # access is applied anew


def holds_installation(admin_url: str) -> bool:
    """Whether somebody has an account or a store there. An empty schema is nobody's."""
    with psycopg.connect(admin_url) as connection:
        if revision(connection) is None:
            return False
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM control.tenants) OR EXISTS (SELECT FROM control.users)"
        ).fetchone()
        return bool(row and row[0])


def make_database(server_url: str, name: str) -> None:
    """An empty database; what an interrupted restore left under the name goes."""
    drop_database(server_url, name)
    _outside(server_url, ["CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"], name)


def drop_database(server_url: str, name: str) -> None:
    """With whoever is still in it."""
    _outside(server_url, ["DROP DATABASE IF EXISTS {} WITH (FORCE)"], name)


def take_place(server_url: str, made: str, name: str) -> None:
    """The database that was made becomes the one of that name, whose empty one goes."""
    _outside(server_url, ["DROP DATABASE IF EXISTS {} WITH (FORCE)"], name)
    _outside(server_url, ["ALTER DATABASE {} RENAME TO {}"], made, name)


def _outside(server_url: str, statements: Iterable[LiteralString], *names: str) -> None:
    """Statements that no transaction can hold."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
