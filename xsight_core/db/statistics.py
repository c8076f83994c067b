"""What the planner knows of the tables. A first load changes it at once; autovacuum would find out minutes later.

Until then the planner takes a table of a hundred thousand rows for an empty one, and a join that needs
milliseconds may take minutes.
"""

from typing import Any

import psycopg
from psycopg import sql

from xsight_core.db.tables import Base

__all__ = ["refresh_statistics"]


def refresh_statistics(
    connection: psycopg.Connection[tuple[Any, ...]], *tables: type[Base]
) -> None:
    """Sample the tables anew. Hold no other work in the transaction: it keeps autovacuum off them until it ends."""
    names = sql.SQL(", ").join(
        sql.Identifier(table.__table__.schema or "", table.__tablename__) for table in tables
    )
    connection.execute(sql.SQL("ANALYZE {}").format(names))
