"""Staging and the guarded merge: the one way records get into the tenant's tables.

A batch is copied into temporary tables and merged in the transaction that copied it. A record is
accepted if Shopify's ``updated_at`` is not older than what is stored, if it is no tombstone, and if
this run has not brought the same version already. Parts (lines, refunds, variants) have no version
of their own: they are replaced as a whole with an accepted parent. Parts that came apart from their
parent are kept in ``bulk_spool`` until ``merge_late``.

Whoever writes a tenant's rows locks the tenant's own row first: one writer at a time, so no two can
wait for each other, and none can write days of a time zone that the shop has left meanwhile.
"""

# ruff: noqa: S608 - statements are made of names from COLUMNS; every value is a parameter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from psycopg import Connection, Cursor

from xsight_core.db.scoped import TENANT, trusted
from xsight_core.errors import Unavailable
from xsight_core.shopify.mapping import COLUMNS, PARTS, Rows
from xsight_core.sync.copytext import copy_text
from xsight_core.sync.erased import leave_out_erased, leave_out_erased_parts
from xsight_core.sync.unchanged import PARENT_KEY, PII, drop_unchanged

__all__ = [
    "Fault",
    "accepted_before",
    "bump",
    "lock_shop",
    "merge",
    "merge_late",
    "merge_refund_details",
    "put_aside",
    "stage",
    "take_back",
]

Fault = tuple[str, str, str]
"""A record that could not be understood: object, reason, the record as it came."""

_REFUND_PARTS = ("refund_lines", "refund_adjustments", "refund_transactions")
_ONCE = f"(SELECT {TENANT})"  # read once a statement, not once a row
_LONGEST_RAW = 20_000
_KEPT = {"email_consent", "sms_consent", "country", "province"}  # null: no longer shown to us

# What an order's lines say, by order. Gift cards are a liability, not a sale.
_LINE_SUMS = """
    SELECT order_id, coalesce(sum(gross) FILTER (WHERE NOT gift_card), 0) AS gross,
           coalesce(sum(discounts) FILTER (WHERE NOT gift_card), 0) AS discounts,
           coalesce(sum((gross - discounts) * current_quantity / nullif(quantity, 0))
             FILTER (WHERE gift_card), 0) AS gifts
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
    "taxes_minor": "round({order}tax * {minor})::bigint",
    "shipping_minor": "round({order}shipping * {minor})::bigint",
}
_MINOR = f"""
    (SELECT 10::numeric ^ currency_exponent FROM xsight.tenant_state WHERE tenant_id = {TENANT})"""
# Columns that are not in the record but follow from it.
_DERIVED: Mapping[str, Mapping[str, str]] = {
    "order_lines": {
        "gross_minor": f"round(s.gross * {_MINOR})::bigint",
        "net_minor": f"round(s.net * {_MINOR})::bigint",
    }
}


def stage(
    connection: Connection[Any],
    family: str,
    rows: Rows,
    *,
    clean: bool,
    keep: frozenset[str] = frozenset(),
) -> None:
    """Copy a batch into this transaction's temporary tables, but for what is kept as it is."""
    with connection.cursor() as cursor:
        for table in (family, *_tables_beside(family)):
            if table not in keep:
                _copy_in(cursor, table, rows, clean=clean)


def lock_shop(cursor: Cursor[Any]) -> None:
    """Wait until no other transaction writes this tenant's rows, and keep others waiting.

    ``Unavailable`` (try again) when what is staged was cut into days of another time zone.
    """
    cursor.execute(
        trusted(f"""
        SELECT coalesce(timezone = nullif(current_setting('app.timezone', true), ''), true)
        FROM xsight.tenant_state WHERE tenant_id = {TENANT} FOR NO KEY UPDATE""")
    )
    if cursor.fetchone() == (False,):
        raise Unavailable("The shop's time zone has changed; its days are cut anew.")


def merge(
    connection: Connection[Any],
    family: str,
    *,
    run: UUID,
    exponent: int,
    parts: Mapping[str, int] | None = None,
    keep: frozenset[str] = frozenset(),
    changed_only: bool = False,
) -> int:
    """Merge what is staged and count what was accepted.

    ``parts``: how many rows of each part are staged (bulk files only); those whose parent is not
    accepted in this batch are kept for ``merge_late``. ``keep`` names tables of parts this source
    knows nothing about (a bulk file has no refund lines).
    ``changed_only`` leaves out what is stored already as it came.
    """
    with connection.cursor() as cursor:
        _analyze(cursor, family, keep)
        lock_shop(cursor)
        if family == "orders":
            _follow_merged_customers(cursor)
        leave_out_erased(cursor, family, [t for t in _tables_beside(family) if t not in keep])
        if changed_only:
            drop_unchanged(cursor, family)
        _create_accepted(cursor)
        if family == "customers":
            _number_customers(cursor)
        fresh = _is_fresh(cursor, family)
        statement = _insert(family) if fresh else _upsert(family)
        cursor.execute(trusted(statement), {"run": run, "minor": 10**exponent})
        accepted = cursor.rowcount
        cursor.execute("ANALYZE s_accepted")
        if accepted and family in PII:
            cursor.execute(trusted(_insert_pii(family) if fresh else _upsert_pii(family)))
        for table in PARTS[family]:
            if table in keep or (fresh and parts is not None and not parts[table]):
                continue
            if not fresh:
                _remove_parts(cursor, family, table)
            added = _add_parts(cursor, family, table, fresh=fresh)
            if parts is not None and parts[table] > added:
                _spool(cursor, family, table, run)
        if accepted:
            bump(cursor)
        return accepted


def accepted_before(connection: Connection[Any], family: str, moment: datetime) -> int:
    """How many of the records that this transaction's last merge accepted had changed before ``moment``."""
    statement = f"""
        SELECT count(*) FROM s_accepted a JOIN s_{family} s ON s.id = a.id
        WHERE s.updated_at < %s"""
    return cast("tuple[int]", connection.execute(trusted(statement), [moment]).fetchone())[0]


def merge_late(connection: Connection[Any], family: str, *, run: UUID, exponent: int) -> int | None:
    """Merge one batch's parts that came apart from their parents, for parents this run has accepted.

    How many; None when no batch is left. What this run has not accepted keeps what it has.
    """
    if not PARTS[family]:
        return None
    key = PARENT_KEY[family]
    with connection.cursor() as cursor:
        lock_shop(cursor)
        cursor.execute(
            trusted(f"""
            DELETE FROM xsight.bulk_spool WHERE (tenant_id, id) = (
              SELECT tenant_id, id FROM xsight.bulk_spool
              WHERE tenant_id = {TENANT} AND sync_run = %s AND part = ANY(%s) ORDER BY id LIMIT 1)
            RETURNING part, block"""),
            (run, list(PARTS[family])),
        )
        if (row := cast("tuple[str, bytes] | None", cursor.fetchone())) is None:
            return None
        table, block = row
        _create_staging(cursor, table)
        with cursor.copy(trusted(f"COPY s_{table} FROM STDIN")) as copy:
            copy.write(block)
        if family == "orders":
            leave_out_erased_parts(cursor, table)
        cursor.execute(trusted(f"ANALYZE s_{table} ({key})"))
        cursor.execute(
            trusted(f"""
            INSERT INTO xsight.{table} (tenant_id, {_targets(table)})
            SELECT {TENANT}, {_sources(table)} FROM s_{table} s
            JOIN xsight.{family} p ON p.tenant_id = {TENANT} AND p.id = s.{key}
            WHERE p.sync_run = %(run)s ON CONFLICT DO NOTHING"""),
            {"run": run},
        )
        merged = cursor.rowcount
        if merged and table == "order_lines":
            cursor.execute(trusted(_resum_orders()), {"run": run, "minor": 10**exponent})
        if merged:
            bump(cursor)
        return merged


def merge_refund_details(connection: Connection[Any], rows: Rows, refunds: Sequence[int]) -> int:
    """Add lines, adjustments and transactions to stored refunds that lack them; how many refunds.

    A refund that a page or a webhook has completed meanwhile keeps what it has.
    """
    with connection.cursor() as cursor:
        for table in _REFUND_PARTS:
            _copy_in(cursor, table, rows, clean=False)
        lock_shop(cursor)
        cursor.execute("CREATE TEMP TABLE s_completed (order_id bigint, id bigint) ON COMMIT DROP")
        cursor.execute(
            trusted(f"""
            WITH completed AS (
              UPDATE xsight.refunds SET detailed = true
              WHERE tenant_id = {TENANT} AND id = ANY(%s) AND NOT detailed
              RETURNING order_id, id)
            INSERT INTO s_completed SELECT order_id, id FROM completed"""),
            [list(refunds)],
        )
        completed = cursor.rowcount
        cursor.execute("ANALYZE s_completed")  # else the planner reads all refunds for these few
        for table in _REFUND_PARTS:
            cursor.execute(
                trusted(f"""
                DELETE FROM xsight.{table} d USING s_completed c WHERE d.tenant_id = {TENANT}
                  AND d.order_id = c.order_id AND d.refund_id = c.id""")
            )
            cursor.execute(
                trusted(f"""
                INSERT INTO xsight.{table} (tenant_id, {_list(table)})
                SELECT {TENANT}, {_list(table, "s.")} FROM s_{table} s
                JOIN s_completed c ON c.order_id = s.order_id AND c.id = s.refund_id""")
            )
        if completed:
            bump(cursor)
        return completed


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
    """Forget what this run has put aside and spooled of an object: it is about to be read again."""
    connection.execute(
        trusted(f"""
        DELETE FROM xsight.quarantine
        WHERE tenant_id = {TENANT} AND sync_run = %s AND object = %s"""),
        (run, family),
    )
    connection.execute(
        trusted(f"""
        DELETE FROM xsight.bulk_spool
        WHERE tenant_id = {TENANT} AND sync_run = %s AND part = ANY(%s)"""),
        (run, list(PARTS[family])),
    )


def bump(cursor: Cursor[Any]) -> None:
    """Count up the tenant's data version. Last in its transaction: the row is locked from here on."""
    cursor.execute(
        trusted(f"""
        UPDATE xsight.tenant_state SET data_version = data_version + 1
        WHERE tenant_id = {TENANT}""")
    )


def _tables_beside(family: str) -> tuple[str, ...]:
    pii = (PII[family][0],) if family in PII else ()
    return (*pii, *PARTS[family])


def _copy_in(cursor: Cursor[Any], table: str, rows: Rows, *, clean: bool) -> None:
    _create_staging(cursor, table)
    cursor.execute("SELECT set_config('app.timezone', %s, true)", [rows.zone.key])
    if block := copy_text(rows.tables[table].values(), clean=clean):
        with cursor.copy(trusted(f"COPY s_{table} FROM STDIN")) as copy:
            copy.write(block)


def _create_staging(cursor: Cursor[Any], table: str) -> None:
    cursor.execute(
        trusted(f"""
        CREATE TEMP TABLE s_{table} ON COMMIT DROP AS
        SELECT {_list(table)} FROM xsight.{table} WITH NO DATA""")
    )


def _create_accepted(cursor: Cursor[Any]) -> None:
    """What this merge accepts; a transaction may merge one object after another."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.s_accepted")
    cursor.execute("CREATE TEMP TABLE s_accepted (id bigint, known boolean) ON COMMIT DROP")


def _follow_merged_customers(cursor: Cursor[Any]) -> None:
    """An order written before its customer was merged belongs to the one that stayed."""
    cursor.execute(
        trusted(f"""
        UPDATE s_orders s SET customer_id = c.merged_into FROM xsight.customers c
        WHERE c.tenant_id = {TENANT} AND c.merged_into IS NOT NULL AND c.id = s.customer_id""")
    )


def _analyze(cursor: Cursor[Any], family: str, keep: frozenset[str]) -> None:
    """Statistics of the keys only: of all columns they cost more than the merge gains."""
    keys = [f"s_{family} (id)"]
    if family in PII:
        keys.append("s_{} ({})".format(*PII[family]))
    keys += [f"s_{table} ({PARENT_KEY[family]})" for table in PARTS[family] if table not in keep]
    cursor.execute(trusted(f"ANALYZE {', '.join(keys)}"))


def _number_customers(cursor: Cursor[Any]) -> None:
    """Give new customers the next ordinals; the tenant's row is locked, so they stay dense."""
    cursor.execute(
        trusted(f"""
        WITH state AS MATERIALIZED (
          SELECT next_ordinal FROM xsight.tenant_state WHERE tenant_id = {TENANT} FOR UPDATE)
        SELECT next_ordinal FROM state""")
    )
    first = cast("tuple[int]", cursor.fetchone())[0]
    cursor.execute("ALTER TABLE s_customers ADD COLUMN ordinal integer")
    cursor.execute(
        trusted(f"""
        UPDATE s_customers s SET ordinal = n.ordinal FROM (
          SELECT s.id, coalesce(c.ordinal, %(first)s - 1 + row_number()
                   OVER (PARTITION BY c.id IS NULL ORDER BY s.id)) AS ordinal
          FROM s_customers s
          LEFT JOIN LATERAL (SELECT c.id, c.ordinal FROM xsight.customers c
            WHERE c.tenant_id = {TENANT} AND c.id = s.id LIMIT 1) c ON true) n
        WHERE n.id = s.id"""),
        {"first": first},
    )
    cursor.execute(
        trusted(f"""
        UPDATE xsight.tenant_state SET next_ordinal =
          greatest(next_ordinal, (SELECT max(ordinal) + 1 FROM s_customers))
        WHERE tenant_id = {TENANT}""")
    )


def _is_fresh(cursor: Cursor[Any], family: str) -> bool:
    """Whether none of what is staged is stored: a first sync then costs plain inserts.

    True until the transaction ends: every writer of the tenant's rows holds its lock. The ids of a file in their
    order are all new, and one look says so. Others are looked up one by one (a limit keeps the planner from
    joining): before a table that fills has been sampled, it takes it for next to nothing.
    """
    cursor.execute(
        trusted(f"""
        SELECT t.id FROM xsight.{family} t
        WHERE t.tenant_id = {TENANT} AND t.id >= (SELECT min(id) FROM s_{family})
          AND t.id <= (SELECT max(id) FROM s_{family})
        ORDER BY t.id LIMIT 1""")
    )
    if cursor.fetchone() is None:
        return True
    cursor.execute(
        trusted(f"""
        SELECT NOT EXISTS (SELECT FROM s_{family} s, LATERAL (
          SELECT FROM xsight.{family} t WHERE t.tenant_id = {TENANT} AND t.id = s.id LIMIT 1) known)""")
    )
    return cursor.fetchone() == (True,)


def _insert(family: str) -> str:
    columns, source = _values(family)
    return f"""
        WITH inserted AS (
          INSERT INTO xsight.{family} (tenant_id, {", ".join(columns)})
          SELECT {_ONCE}, {", ".join(columns.values())} FROM {source})
        INSERT INTO s_accepted SELECT id, false FROM s_{family}"""


def _insert_pii(family: str) -> str:
    table, key = PII[family]  # what was left out as unchanged still has its row here
    return f"""
        INSERT INTO xsight.{table} (tenant_id, {_list(table)})
        SELECT {_ONCE}, {_list(table, "s.")} FROM s_{table} s JOIN s_accepted a ON a.id = s.{key}"""


def _values(family: str) -> tuple[dict[str, str], str]:
    """A record's columns as expressions, and what they are selected from."""
    columns = {name: f"s.{name}" for name in COLUMNS[family]}
    source = f"s_{family} s"
    if family == "customers":
        columns["ordinal"] = "s.ordinal"
    if family == "orders":
        source += f" LEFT JOIN ({_LINE_SUMS.format(lines='s_order_lines')}) l ON l.order_id = s.id"
        columns |= _order_sums("coalesce(l.gross, 0)", "coalesce(l.discounts, 0)", "s.")
    columns["sync_run"] = "%(run)s::uuid"
    return columns, source


def _upsert(family: str) -> str:
    columns, source = _values(family)
    changes = ", ".join(
        f"{c} = coalesce(excluded.{c}, t.{c})" if c in _KEPT else f"{c} = excluded.{c}"
        for c in columns
        if c not in {"id", "ordinal"}
    )
    return f"""
        WITH accepted AS (
          INSERT INTO xsight.{family} AS t (tenant_id, {", ".join(columns)})
          SELECT {_ONCE}, {", ".join(columns.values())} FROM {source}
          ON CONFLICT (tenant_id, id) DO UPDATE SET {changes}
          WHERE t.deleted_at IS NULL AND (excluded.updated_at > t.updated_at
            OR (excluded.updated_at = t.updated_at AND t.sync_run IS DISTINCT FROM excluded.sync_run))
          RETURNING new.id, old.id IS NOT NULL AS known)
        INSERT INTO s_accepted SELECT id, known FROM accepted"""


def _upsert_pii(family: str) -> str:
    table, key = PII[family]
    named = [column for column in COLUMNS[table] if column not in {key, "note"}]
    # Nothing that names the person: the shop no longer lets us see it, which does not make it untrue.
    seen = f"num_nonnulls({', '.join(f'excluded.{column}' for column in named)}) > 0"
    changes = [
        f"{column} = CASE WHEN {seen} THEN excluded.{column} ELSE t.{column} END"
        for column in named
    ]
    return f"""
        INSERT INTO xsight.{table} AS t (tenant_id, {_list(table)})
        SELECT {TENANT}, {_list(table, "s.")} FROM s_{table} s JOIN s_accepted a ON a.id = s.{key}
        ON CONFLICT (tenant_id, {key}) DO UPDATE
        SET {", ".join(changes)}, note = excluded.note"""


def _remove_parts(cursor: Cursor[Any], family: str, table: str) -> None:
    cursor.execute(
        trusted(f"""
        DELETE FROM xsight.{table} d USING s_accepted a
        WHERE a.known AND d.tenant_id = {TENANT} AND d.{PARENT_KEY[family]} = a.id""")
    )


def _add_parts(cursor: Cursor[Any], family: str, table: str, *, fresh: bool) -> int:
    cursor.execute(
        trusted(f"""
        INSERT INTO xsight.{table} (tenant_id, {_targets(table)})
        SELECT {_ONCE}, {_sources(table)} FROM s_{table} s
        JOIN s_accepted a ON a.id = s.{PARENT_KEY[family]}
        {"" if fresh else "ON CONFLICT DO NOTHING"}""")
    )
    return cursor.rowcount


def _spool(cursor: Cursor[Any], family: str, table: str, run: UUID) -> None:
    """Keep a batch's parts without an accepted parent; they are gone or merged when the run is done."""
    orphans = f"""
        SELECT {_list(table, "s.")} FROM s_{table} s
        WHERE NOT EXISTS (SELECT FROM s_accepted a WHERE a.id = s.{PARENT_KEY[family]})"""
    with cursor.copy(trusted(f"COPY ({orphans}) TO STDOUT")) as copy:
        block = b"".join(copy)
    if block:
        cursor.execute(
            trusted(f"""
            INSERT INTO xsight.bulk_spool (tenant_id, sync_run, part, block)
            VALUES ({TENANT}, %s, %s, %s)"""),
            (run, table, block),
        )


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
    current = f"({order}current_subtotal - coalesce(l.gifts, 0))"
    return {
        column: expression.format(**names, order=order, current=current)
        for column, expression in _ORDER_SUMS.items()
    }


def _targets(table: str) -> str:
    return ", ".join((*COLUMNS[table], *_DERIVED.get(table, {})))


def _sources(table: str) -> str:
    return ", ".join((_list(table, "s."), *_DERIVED.get(table, {}).values()))


def _list(table: str, prefix: str = "") -> str:
    return ", ".join(prefix + column for column in COLUMNS[table])
