"""Customers' scores in bulk: a million rows in seconds, under row-level security.

COPY writes past policies, so PostgreSQL refuses it where they hold. Rows travel by binary COPY into a temporary table
of this transaction and are inserted from there, where every one of them is checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

__all__ = ["Column", "Named", "insert_scores", "move_to_history"]

_Connection = psycopg.Connection[tuple[Any, ...]]
_Array = NDArray[Any]

_BLOCK: Final = 50_000
_HEAD: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TAIL: Final = b"\xff\xff"
_MISSING: Final = {"int8": np.iinfo(np.int64).min, "int4": np.iinfo(np.int32).min}


@dataclass(frozen=True, eq=False)
class Named:
    """A column of texts that repeat, as a position in ``names`` per row; ``listed``: words of a text make an array."""

    code: _Array
    names: Sequence[str]
    listed: bool = False


Column = _Array | Named
"""Numbers per customer: in a float column NaN, in an integer column its lowest value, stands for null."""


def insert_scores(
    connection: _Connection,
    table: str,
    tenant_id: UUID,
    run: UUID,
    columns: Mapping[str, Column],
) -> None:
    """Rows of a run into ``customer_insights`` or ``customer_history``: each column under its own name."""
    wire = {name: _wire(column) for name, column in columns.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE scores ({}) ON COMMIT DROP").format(
                sql.SQL(", ").join(
                    sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
                    for name, (kind, _) in wire.items()
                )
            )
        )
        with cursor.copy("COPY scores FROM STDIN (FORMAT binary)") as copy:
            copy.write(_HEAD)
            rows = len(next(iter(wire.values()))[1])
            for start in range(0, rows, _BLOCK):
                part = {n: values[start : start + _BLOCK] for n, (_, values) in wire.items()}
                copy.write(_packed(part))
            copy.write(_TAIL)
        values: dict[str, Any] = {"tenant": tenant_id, "run": run}
        for name, column in columns.items():
            if isinstance(column, Named):
                values[f"names of {name}"] = list(column.names)
        cursor.execute(
            sql.SQL(
                "INSERT INTO xsight.{} (tenant_id, insight_run, {}) SELECT %(tenant)s, %(run)s, {} FROM scores"
            ).format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, wire)),
                sql.SQL(", ").join(
                    _read(name, column, wire[name][0]) for name, column in columns.items()
                ),
            ),
            values,
        )
        cursor.execute("DROP TABLE scores")


def move_to_history(connection: _Connection, tenant_id: UUID, runs: Sequence[UUID]) -> None:
    """Keep of these runs' scores what ``customer_history`` has room for."""
    names = (
        "customer_id, orders, net_minor, last_day, r, f, m, segment, p_alive, churn_90, "
        "expected_orders_90, clv_365_minor"
    )
    connection.execute(
        f"INSERT INTO xsight.customer_history (tenant_id, insight_run, {names}) "  # noqa: S608 - our own names
        f"SELECT tenant_id, insight_run, {names} FROM xsight.customer_insights "
        "WHERE tenant_id = %s AND insight_run = ANY(%s) ON CONFLICT DO NOTHING".encode(),
        [tenant_id, list(runs)],
    )


def _wire(column: Column) -> tuple[LiteralString, _Array]:
    """PostgreSQL's type of a column and its values in network order."""
    if isinstance(column, Named):
        return "int4", column.code.astype(">i4")
    if column.dtype.kind == "f":
        return "float8", column.astype(">f8")
    if column.dtype.itemsize <= np.dtype(np.int32).itemsize:
        return "int4", column.astype(">i4")
    return "int8", column.astype(">i8")


def _read(name: str, column: Column, kind: LiteralString) -> sql.Composable:
    """What becomes of a column's value on its way into the table."""
    here = sql.Identifier(name)
    if isinstance(column, Named):
        text = sql.SQL("({}::text[])[{} + 1]").format(sql.Placeholder(f"names of {name}"), here)
        return sql.SQL("string_to_array({}, ' ')").format(text) if column.listed else text
    missing = "NaN" if kind == "float8" else str(_MISSING[kind])
    return sql.SQL("nullif({}, {}::{})").format(here, sql.Literal(missing), sql.SQL(kind))


def _packed(columns: Mapping[str, _Array]) -> memoryview:
    """Rows as binary COPY wants them: number of fields, then length and bytes of each."""
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, values in columns.items():
        layout += [(f"{name} bytes", ">i4"), (name, values.dtype)]
    rows = np.empty(len(next(iter(columns.values()))), np.dtype(layout))
    rows["fields"] = len(columns)
    for name, values in columns.items():
        rows[f"{name} bytes"] = values.dtype.itemsize
        rows[name] = values
    return rows.data.cast("B")
