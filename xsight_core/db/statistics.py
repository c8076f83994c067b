"""What the planner knows of the tables. A first load changes it at once; autovacuum would find out minutes later.

Until then the planner takes a table of a hundred thousand rows for an empty one, and a join that needs
milliseconds may take minutes.
"""

from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Table

from xsight_core.db.tables import Base

__all__ = ["refresh_statistics"]


def refresh_statistics(
    connection: psycopg.Connection[tuple[Any, ...]], *tables: type[Base]
) -> None:
    """Sample the tables' keys and indexed columns anew: all columns would take ten times as long.

    Hold no other work in the transaction: it keeps autovacuum off them until it ends.
    """
    connection.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(map(_looked_up, tables))))


def _looked_up(table: type[Base]) -> sql.Composable:
    """A table with the columns that statements look rows up by."""
    found = {column.name for column in table.__table__.primary_key}
    for index in cast("Table", table.__table__).indexes:
        found |= {column.name for column in index.columns}
    columns = sql.SQL(", ").join(map(sql.Identifier, sorted(found)))
    name = sql.Identifier(table.__table__.schema or "", table.__tablename__)
    return sql.SQL("{} ({})").format(name, columns)
