"""Statements on the keys that seal people's data in copies: one a customer, one an order."""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from psycopg import Connection, Cursor
from psycopg.types.json import Jsonb

from xsight_core.db.personal import HOLDINGS
from xsight_core.db.scoped import TENANT, trusted

__all__ = [
    "SEALED_TABLES",
    "add_keys",
    "key_of",
    "keys",
    "make_keys",
    "put_back",
    "rows_to_seal",
]

_ROWS_AT_ONCE: Final = 2000
SEALED_TABLES: Final[Mapping[str, str]] = {
    holding.table: f"'{holding.sealed_by.removesuffix('_id')}:' || t.{holding.sealed_by}"
    for holding in HOLDINGS
    if holding.sealed_by is not None
}
"""Tables whose rows name people, and whose key seals a row."""


def make_keys(cursor: Cursor[Any]) -> None:
    """A key of 32 random bytes for everybody who has none."""
    for table, subject in SEALED_TABLES.items():
        cursor.execute(
            trusted(f"""
            INSERT INTO xsight.person_keys (tenant_id, subject, key)
            SELECT {TENANT}, subject, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
            FROM (SELECT DISTINCT {subject} AS subject FROM {table} t WHERE tenant_id = {TENANT}) s
            ON CONFLICT DO NOTHING""")
        )


def key_of(cursor: Cursor[Any], subject: str) -> bytes:
    """The key of somebody who came after :func:`make_keys`."""
    row = cursor.execute(
        trusted(f"""
        INSERT INTO xsight.person_keys AS k (tenant_id, subject, key)
        VALUES ({TENANT}, %s, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
        ON CONFLICT (tenant_id, subject) DO UPDATE SET key = k.key RETURNING key"""),
        [subject],
    ).fetchone()
    return bytes(row[0]) if row else b""


def rows_to_seal(connection: Connection[Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Table, subject and row of everything that names people."""
    for table, subject in SEALED_TABLES.items():
        with connection.cursor("sealing") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(
                trusted(f"""
                SELECT {subject}, to_jsonb(t) - 'tenant_id' FROM {table} t
                WHERE t.tenant_id = {TENANT}""")
            )
            for found in cursor:
                yield table, found[0], found[1]


def keys(cursor: Cursor[Any]) -> dict[str, bytes]:
    """Every key there still is, by subject."""
    cursor.execute(f"SELECT subject, key FROM xsight.person_keys WHERE tenant_id = {TENANT}")
    return {row[0]: bytes(row[1]) for row in cursor.fetchall()}


def add_keys(cursor: Cursor[Any], found: Mapping[str, bytes]) -> None:
    """Bring keys back; one that is there stays."""
    cursor.executemany(
        f"INSERT INTO xsight.person_keys (tenant_id, subject, key) VALUES ({TENANT}, %s, %s)"
        " ON CONFLICT DO NOTHING",
        list(found.items()),
    )


def put_back(cursor: Cursor[Any], table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as they were; one that is there is newer and stays."""
    if table not in SEALED_TABLES:
        raise ValueError(table)
    cursor.execute(
        trusted(f"""
        INSERT INTO {table}
        SELECT r.* FROM jsonb_array_elements(%s) one, jsonb_populate_record(
          NULL::{table}, one || jsonb_build_object('tenant_id', {TENANT})) r
        ON CONFLICT DO NOTHING"""),
        [Jsonb([dict(row) for row in rows])],
    )
