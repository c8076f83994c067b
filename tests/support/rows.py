"""A row in every table of a tenant, made from the tables alone: a new table is filled without being named."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, Column, ForeignKeyConstraint, Table

from xsight_core.db.rls import tenant_tables

__all__ = ["fill_all_tables"]

_MADE_UP: dict[type, Any] = {
    str: "text",
    int: 7,
    float: 0.5,
    bool: False,
    bytes: b"bytes",
    Decimal: Decimal("12.3400"),
    date: date(2026, 1, 2),
    datetime: datetime(2026, 1, 2, tzinfo=UTC),
}


def fill_all_tables(admin_url: str, tenant_id: UUID, *, marker: str = "text") -> None:
    """One row a table; texts are `marker`, so that a leak is recognised."""
    made: dict[Table, dict[str, Any]] = {}
    with psycopg.connect(admin_url) as admin:
        for table in tenant_tables():
            row = {
                column.name: _value(column, tenant_id, marker)
                for column in table.columns
                if column.identity is None
            }
            for constraint in table.constraints:
                if isinstance(constraint, ForeignKeyConstraint):
                    referred = made[constraint.referred_table]
                    row |= {e.parent.name: referred[e.column.name] for e in constraint.elements}
            made[table] = row
            columns = ", ".join(f'"{name}"' for name in row)
            values = ", ".join(["%s"] * len(row))
            admin.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING",
                list(row.values()),
            )


def _value(column: Column[Any], tenant_id: UUID, marker: str) -> Any:
    if column.name == "tenant_id":
        return tenant_id
    if isinstance(column.type, JSON):
        return Jsonb({"a": marker})
    kind = column.type.python_type
    if kind is UUID:
        return uuid4()
    if kind is str:
        return marker
    return [marker] if kind is list else _MADE_UP[kind]
