"""Staging and the guarded merge: the one way records get into the tenant's tables.

A batch is copied into temporary tables and merged in the transaction that copied it. A record is
accepted if Shopify's ``updated_at`` is not older than what is stored, if it is no tombstone, and if
this run has not brought the same version already. Parts (lines, refunds, variants) have no version
of their own: they are replaced as a whole with an accepted parent. Parts that came apart from their
parent are handed back for ``merge_late``.
"""

# ruff: noqa: S608 - statements are made of names from COLUMNS; every value is a parameter
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any, LiteralString, cast
from uuid import UUID

from psycopg import Connection, Cursor

from xsight_core.shopify.mapping import COLUMNS, PARTS, Rows
from xsight_core.sync.copytext import copy_text

__all__ = [
    "TENANT",
    "Fault",
    "bump",
    "merge",
    "merge_late",
    "merge_refunds",
    "put_aside",
    "stage",
    "take_back",
]

Fault = tuple[str, str, str]
"""A record that could not be understood: object, reason, the record as it came."""

_PII = {"customers": ("customer_pii", "customer_id"), "orders": ("order_pii", "order_id")}
_PARENT_KEY = {"orders": "order_id", "products": "product_id"}
_REFUND_TABLES = ("refunds", "refund_lines")
TENANT = "current_setting('app.tenant_id')::uuid"
_LONGEST_RAW = 20_000

# What an order's lines say, by order. Gift cards are a liability, not a sale.
_LINE_SUMS = """
    SELECT order_id, coalesce(sum(gross) FILTER (WHERE NOT gift_card), 0) AS gross,
           coalesce(sum(discounts) FILTER (WHERE NOT gift_card), 0) AS discounts
    FROM {lines} GROUP BY order_id"""
_ORDER_SUMS: Mapping[str, str] = {
    "gross": "{gross}",
    "discounts": "{discounts}",
    "subtotal": "{gross} - {discounts}",
    "gross_minor": "round({gross} * {minor})::bigint",
    "discounts_minor": "round({discounts} * {minor})::bigint",
    "returns_minor": "round(({gross} - {discounts} - {current}) * {minor})::bigint",
    # so that net = gross - discounts - returns holds in minor units, whatever was rounded
    "net_minor": "round({gross} * {minor})::bigint - round({discounts} * {minor})::bigint"
    " - round(({gross} - {discounts} - {current}) * {minor})::bigint",
}


def stage(connection: Connection[Any], family: str, rows: Rows, *, clean: bool) -> None:
    """Copy a batch into this transaction's temporary tables."""
    with connection.cursor() as cursor:
        for table in (family, *_tables_beside(family)):
            _copy_in(cursor, table, rows, clean=clean)


def merge(
    connection: Connection[Any],
    family: str,
    *,
    run: UUID,
    exponent: int,
    late: Mapping[str, IO[bytes]] | None = None,
    keep: frozenset[str] = frozenset(),
) -> int:
    """Merge what is staged and count what was accepted.

    ``late`` takes parts whose parent is not accepted in this batch (bulk files only). ``keep`` names
    tables of parts this source knows nothing about (a bulk file has no refund lines).
    """
    with connection.cursor() as cursor:
        _analyze(cursor, family)
        cursor.execute("CREATE TEMP TABLE s_accepted (id bigint, known boolean) ON COMMIT DROP")
        if family == "customers":
            _number_customers(cursor)
        cursor.execute(_sql(_upsert(family)), {"run": run, "minor": 10**exponent})
        accepted = cursor.rowcount
        cursor.execute("ANALYZE s_accepted")
        if accepted and family in _PII:
            cursor.execute(_sql(_upsert_pii(family)))
        known = cursor.execute("SELECT FROM s_accepted WHERE known LIMIT 1").fetchone() is not None
        for table in PARTS[family]:
            if table not in keep:
                if known:
                    _remove_parts(cursor, family, table)
                _add_parts(cursor, family, table)
                if late is not None:
                    _spool(cursor, family, table, late[table])
        if accepted:
            bump(cursor)
        return accepted


def merge_late(
    connection: Connection[Any],
    family: str,
    late: Mapping[str, IO[bytes]],
    *,
    run: UUID,
    exponent: int,
) -> int:
    """Merge parts that came apart from their parents, for parents this run has accepted."""
    merged = 0
    key = _PARENT_KEY[family]
    with connection.cursor() as cursor:
        for table, spool in late.items():
            _create_staging(cursor, table)
            spool.seek(0)
            with cursor.copy(_sql(f"COPY s_{table} FROM STDIN")) as copy:
                while block := spool.read(1 << 20):
                    copy.write(block)
            cursor.execute(_sql(f"ANALYZE s_{table} ({key})"))
            cursor.execute(
                _sql(f"""
                INSERT INTO xsight.{table} (tenant_id, {_list(table)})
                SELECT {TENANT}, {_list(table, "s.")} FROM s_{table} s
                JOIN xsight.{family} p ON p.tenant_id = {TENANT} AND p.id = s.{key}
                WHERE p.sync_run = %(run)s ON CONFLICT DO NOTHING"""),
                {"run": run},
            )
            merged += cursor.rowcount
        if "order_lines" in late and merged:
            cursor.execute(_sql(_resum_orders()), {"run": run, "minor": 10**exponent})
        if merged:
            bump(cursor)
    return merged


def merge_refunds(connection: Connection[Any], rows: Rows, versions: Mapping[int, datetime]) -> int:
    """Replace the refunds of stored orders by what a page of refunds says; how many orders.

    ``versions``: each order's ``updated_at`` on that page. An order stored in a newer version keeps
    what it has.
    """
    with connection.cursor() as cursor:
        for table in _REFUND_TABLES:
            _copy_in(cursor, table, rows, clean=False)
        cursor.execute(
            _sql(f"""
            CREATE TEMP TABLE s_accepted ON COMMIT DROP AS
            SELECT o.id, true AS known FROM unnest(%s::bigint[], %s::timestamptz[]) AS v (id, at)
            JOIN xsight.orders o ON o.tenant_id = {TENANT} AND o.id = v.id
            WHERE o.updated_at <= v.at AND o.deleted_at IS NULL"""),
            (list(versions), list(versions.values())),
        )
        accepted = cursor.rowcount
        for table in _REFUND_TABLES:
            _remove_parts(cursor, "orders", table)
            _add_parts(cursor, "orders", table)
        if accepted:
            bump(cursor)
        return accepted


def put_aside(connection: Connection[Any], faults: list[Fault], *, run: UUID) -> None:
    """Keep records that could not be understood, with the reason."""
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO xsight.quarantine (tenant_id, sync_run, object, reason, raw)"
            f" VALUES ({TENANT}, %s, %s, %s, %s)".encode(),
            [
                (run, kind, reason, raw[:_LONGEST_RAW].replace("\0", ""))
                for kind, reason, raw in faults
            ],
        )


def take_back(connection: Connection[Any], family: str, *, run: UUID) -> None:
    """Forget what this run has put aside of an object: it is about to be read again."""
    connection.execute(
        _sql(f"""
        DELETE FROM xsight.quarantine
        WHERE tenant_id = {TENANT} AND sync_run = %s AND object = %s"""),
        (run, family),
    )


def bump(cursor: Cursor[Any]) -> None:
    """Count up the tenant's data version. Last in its transaction: the row is locked from here on."""
    cursor.execute(
        _sql(f"""
        UPDATE xsight.tenant_state SET data_version = data_version + 1
        WHERE tenant_id = {TENANT}""")
    )


def _tables_beside(family: str) -> tuple[str, ...]:
    pii = (_PII[family][0],) if family in _PII else ()
    return (*pii, *PARTS[family])


def _copy_in(cursor: Cursor[Any], table: str, rows: Rows, *, clean: bool) -> None:
    _create_staging(cursor, table)
    if block := copy_text(rows.tables[table].values(), clean=clean):
        with cursor.copy(_sql(f"COPY s_{table} FROM STDIN")) as copy:
            copy.write(block)


def _create_staging(cursor: Cursor[Any], table: str) -> None:
    cursor.execute(
        _sql(f"""
        CREATE TEMP TABLE s_{table} ON COMMIT DROP AS
        SELECT {_list(table)} FROM xsight.{table} WITH NO DATA""")
    )


def _analyze(cursor: Cursor[Any], family: str) -> None:
    """Statistics of the keys only: of all columns they cost more than the merge gains."""
    keys = [f"s_{family} (id)"]
    if family in _PII:
        keys.append("s_{} ({})".format(*_PII[family]))
    keys += [f"s_{table} ({_PARENT_KEY[family]})" for table in PARTS[family]]
    cursor.execute(_sql(f"ANALYZE {', '.join(keys)}"))


def _number_customers(cursor: Cursor[Any]) -> None:
    """Give new customers the next ordinals; the tenant's row is locked, so they stay dense."""
    cursor.execute(
        _sql(f"""
        WITH state AS MATERIALIZED (
          SELECT next_ordinal FROM xsight.tenant_state WHERE tenant_id = {TENANT} FOR UPDATE)
        SELECT next_ordinal FROM state""")
    )
    first = cast("tuple[int]", cursor.fetchone())[0]
    cursor.execute("ALTER TABLE s_customers ADD COLUMN ordinal integer")
    cursor.execute(
        _sql(f"""
        UPDATE s_customers s SET ordinal = n.ordinal FROM (
          SELECT s.id, coalesce(c.ordinal, %(first)s - 1 + row_number()
                   OVER (PARTITION BY c.id IS NULL ORDER BY s.id)) AS ordinal
          FROM s_customers s
          LEFT JOIN xsight.customers c ON c.tenant_id = {TENANT} AND c.id = s.id) n
        WHERE n.id = s.id"""),
        {"first": first},
    )
    cursor.execute(
        _sql(f"""
        UPDATE xsight.tenant_state SET next_ordinal =
          greatest(next_ordinal, (SELECT max(ordinal) + 1 FROM s_customers))
        WHERE tenant_id = {TENANT}""")
    )


def _upsert(family: str) -> str:
    columns = {name: f"s.{name}" for name in COLUMNS[family]}
    source = f"s_{family} s"
    if family == "customers":
        columns["ordinal"] = "s.ordinal"
    if family == "orders":
        source += f" LEFT JOIN ({_LINE_SUMS.format(lines='s_order_lines')}) l ON l.order_id = s.id"
        columns |= _order_sums("coalesce(l.gross, 0)", "coalesce(l.discounts, 0)", "s.")
    columns["sync_run"] = "%(run)s::uuid"
    changes = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in {"id", "ordinal"})
    return f"""
        WITH accepted AS (
          INSERT INTO xsight.{family} AS t (tenant_id, {", ".join(columns)})
          SELECT {TENANT}, {", ".join(columns.values())} FROM {source}
          ON CONFLICT (tenant_id, id) DO UPDATE SET {changes}
          WHERE t.deleted_at IS NULL AND (excluded.updated_at > t.updated_at
            OR (excluded.updated_at = t.updated_at AND t.sync_run IS DISTINCT FROM excluded.sync_run))
          RETURNING new.id, old.id IS NOT NULL AS known)
        INSERT INTO s_accepted SELECT id, known FROM accepted"""


def _upsert_pii(family: str) -> str:
    table, key = _PII[family]
    changes = ", ".join(f"{c} = excluded.{c}" for c in COLUMNS[table] if c != key)
    return f"""
        INSERT INTO xsight.{table} (tenant_id, {_list(table)})
        SELECT {TENANT}, {_list(table, "s.")} FROM s_{table} s JOIN s_accepted a ON a.id = s.{key}
        ON CONFLICT (tenant_id, {key}) DO UPDATE SET {changes}"""


def _remove_parts(cursor: Cursor[Any], family: str, table: str) -> None:
    cursor.execute(
        _sql(f"""
        DELETE FROM xsight.{table} d USING s_accepted a
        WHERE a.known AND d.tenant_id = {TENANT} AND d.{_PARENT_KEY[family]} = a.id""")
    )


def _add_parts(cursor: Cursor[Any], family: str, table: str) -> None:
    cursor.execute(
        _sql(f"""
        INSERT INTO xsight.{table} (tenant_id, {_list(table)})
        SELECT {TENANT}, {_list(table, "s.")} FROM s_{table} s
        JOIN s_accepted a ON a.id = s.{_PARENT_KEY[family]}
        ON CONFLICT DO NOTHING""")
    )


def _spool(cursor: Cursor[Any], family: str, table: str, spool: IO[bytes]) -> None:
    orphans = f"""
        SELECT {_list(table, "s.")} FROM s_{table} s
        WHERE NOT EXISTS (SELECT FROM s_accepted a WHERE a.id = s.{_PARENT_KEY[family]})"""
    with cursor.copy(_sql(f"COPY ({orphans}) TO STDOUT")) as copy:
        for block in copy:
            spool.write(block)


def _resum_orders() -> str:
    lines = f"""xsight.order_lines WHERE tenant_id = {TENANT}
        AND order_id IN (SELECT order_id FROM s_order_lines)"""
    changes = ", ".join(
        f"{c} = {e}" for c, e in _order_sums("l.gross", "l.discounts", "o.").items()
    )
    return f"""
        UPDATE xsight.orders o SET {changes} FROM ({_LINE_SUMS.format(lines=lines)}) l
        WHERE o.tenant_id = {TENANT} AND o.id = l.order_id AND o.sync_run = %(run)s"""


def _order_sums(gross: str, discounts: str, order: str) -> dict[str, str]:
    names = {"gross": gross, "discounts": discounts, "minor": "%(minor)s::numeric"}
    return {
        column: expression.format(**names, current=f"{order}current_subtotal")
        for column, expression in _ORDER_SUMS.items()
    }


def _list(table: str, prefix: str = "") -> str:
    return ", ".join(prefix + column for column in COLUMNS[table])


def _sql(text: str) -> LiteralString:
    """Text made of this module's own names only; every value goes in as a parameter."""
    return cast("LiteralString", text)
