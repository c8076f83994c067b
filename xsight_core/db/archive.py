"""Statements that read a whole tenant, and write one that comes from another installation. All as that tenant."""

# ruff: noqa: S608 - statements are made of our own names; every value is a parameter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, Cursor

from xsight_core.db.copies import Rows, columns_of, count_rows
from xsight_core.db.scoped import TENANT, trusted
from xsight_core.db.tables import DATA, metadata

__all__ = [
    "LEFT_BEHIND",
    "add_members",
    "add_tenant",
    "archived_tables",
    "count",
    "members",
    "name_of",
    "read_table",
    "settle",
    "tenant_columns",
    "write_table",
]

LEFT_BEHIND: Final = {
    "xsight.shop_tokens": "the store is connected again: its tokens are sealed for this installation",
    "xsight.shop_pace": "how fast Shopify may be asked is learned anew",
    "xsight.bulk_spool": "a sync that was under way begins again",
    "xsight.exports": "exported files live for a day",
    "xsight.person_keys": "backups of the other installation make their own keys",
    "xsight.segment_hooks": "outgoing webhooks are set up again: their secrets are sealed here",
    "xsight.segment_deliveries": "they belong to outgoing webhooks",
    "xsight.report_schedules": "reports go to people of the other installation",
    "xsight.report_deliveries": "they belong to reports",
    "xsight.audit_events": "they go along as a file that verifies by itself; the other log begins anew",
}
"""Tables that do not travel, and why."""
_NOTE: Final = "The store came from another installation: connect it again."


def archived_tables() -> list[str]:
    """Names in the order in which they can be written."""
    return [
        str(table)
        for table in metadata.sorted_tables
        if table.schema == DATA and str(table) not in LEFT_BEHIND
    ]


def tenant_columns(table: str) -> tuple[str, ...]:
    """What travels of a table: numbers that a database deals out itself do not."""
    columns = metadata.tables[table].columns
    return tuple(name for name in columns_of(table) if columns[name].identity is None)


def read_table(cursor: Cursor[Any], table: str, columns: Sequence[str]) -> Iterator[bytes]:
    """Rows in PostgreSQL's text format."""
    key = ", ".join(f'"{column.name}"' for column in metadata.tables[table].primary_key)
    query = f"SELECT {_listed(columns)} FROM {table} WHERE tenant_id = {TENANT} ORDER BY {key}"
    with cursor.copy(trusted(f"COPY ({query}) TO STDOUT")) as copy:
        for block in copy:
            yield bytes(block)


def write_table(
    cursor: Cursor[Any], table: str, columns: Sequence[str], data: Iterable[bytes]
) -> None:
    """Rows as they were read; by way of a table of this transaction, for policies let nobody COPY."""
    listed = _listed(columns)
    cursor.execute(
        trusted(
            f"CREATE TEMP TABLE arriving ON COMMIT DROP AS SELECT {listed} FROM {table} LIMIT 0"
        )
    )
    with cursor.copy(trusted(f"COPY arriving ({listed}) FROM STDIN")) as copy:
        for block in data:
            copy.write(block)
    cursor.execute(trusted(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM arriving"))
    cursor.execute("DROP TABLE arriving")


def count(cursor: Cursor[Any], table: str, columns: Sequence[str]) -> Rows:
    """How many rows the tenant has, and their digest."""
    cursor.execute("SET LOCAL timezone = 'UTC'")
    return count_rows(cursor, table, columns, where=f"t.tenant_id = {TENANT}")


def members(cursor: Cursor[Any]) -> list[dict[str, Any]]:
    """Who may do what in the tenant, by address."""
    found = cursor.execute(
        f"""
        SELECT u.email, m.role, m.pii, m.user_id::text FROM control.memberships m
        JOIN control.users u ON u.id = m.user_id WHERE m.tenant_id = {TENANT} ORDER BY u.email"""
    )
    return [
        {"email": email, "role": role, "pii": pii, "user": user}
        for email, role, pii, user in found.fetchall()
    ]


def name_of(cursor: Cursor[Any]) -> str:
    """The tenant's name."""
    row = cursor.execute(f"SELECT name FROM control.tenants WHERE id = {TENANT}").fetchone()
    return str(row[0]) if row else ""


def add_tenant(connection: Connection[Any], tenant_id: UUID, slug: str, name: str) -> bool:
    """Whether it was not there. The short name has to be free."""
    done = connection.execute(
        "INSERT INTO control.tenants (id, slug, name) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [tenant_id, slug, name],
    )
    return done.rowcount == 1


def add_members(cursor: Cursor[Any], wished: Iterable[tuple[str, str, bool]]) -> dict[str, UUID]:
    """Memberships of those who have an account here; their ids by address."""
    found: dict[str, UUID] = {}
    for email, role, pii in wished:
        row = cursor.execute(
            f"""
            INSERT INTO control.memberships (tenant_id, user_id, role, pii)
            SELECT {TENANT}, id, %s, %s FROM control.users WHERE email = %s AND disabled_at IS NULL
            ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role, pii = excluded.pii
            RETURNING user_id""",
            [role, pii, email.lower()],
        ).fetchone()
        if row:
            found[email] = row[0]
    return found


def settle(cursor: Cursor[Any]) -> None:
    """No sync goes on, and the shop has to be connected again."""
    cursor.execute(
        f"UPDATE xsight.tenant_state SET connection = 'disconnected', connection_note = %s WHERE tenant_id = {TENANT}",
        [_NOTE],
    )
    cursor.execute(
        f"""
        UPDATE xsight.sync_runs SET status = 'cancelled', finished_at = now()
        WHERE tenant_id = {TENANT} AND status NOT IN ('completed', 'failed', 'cancelled')"""
    )


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
