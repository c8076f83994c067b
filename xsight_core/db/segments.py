"""Statements around segments that are not a rule's own: saved rules, what a store has, a rule's ids."""

from typing import Any, Final, LiteralString

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import psycopg as driver

__all__ = ["find_ids", "missing_data", "saved_rules"]

_Connection = psycopg.Connection[tuple[Any, ...]]

_HAS: Final[dict[str, LiteralString]] = {
    "collections": "EXISTS (SELECT FROM xsight.product_collections)",
    "metafields": "EXISTS (SELECT FROM xsight.customer_metafields)",
    "coordinates": "EXISTS (SELECT FROM xsight.customer_places)",
    "traits": "EXISTS (SELECT FROM xsight.customer_traits)",
}
_HAS_ALL: Final[LiteralString] = "SELECT " + ", ".join(_HAS.values())


def saved_rules(connection: _Connection) -> dict[str, dict[str, Any]]:
    """The rules of all saved segments by id, as they are stored."""
    return dict(connection.execute("SELECT id::text, rule FROM xsight.segments").fetchall())


def missing_data(connection: _Connection) -> frozenset[str]:
    """What this store has none of, by the name that fields need it under."""
    row = connection.execute(_HAS_ALL).fetchone() or ()
    return frozenset(name for name, there in zip(_HAS, row, strict=True) if not there)


def find_ids(connection: _Connection, statement: Select[Any]) -> NDArray[np.int64]:
    """The ids that a rule's statement finds."""
    compiled = statement.compile(
        dialect=driver.dialect(), compile_kwargs={"render_postcompile": True}
    )
    rows = connection.execute(str(compiled).encode(), compiled.params).fetchall()
    return np.array([row[0] for row in rows], np.int64)
