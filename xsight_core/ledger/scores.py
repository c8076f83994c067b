# pyright: reportMissingTypeStubs=false
"""The scores of an insight run by customer ordinal, as rules ask for them."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg
import psycopg.sql
from sqlalchemy import Double, Text

from xsight_core.analytics.orders import Int
from xsight_core.db.tables import CustomerInsight
from xsight_core.ledger.columns import keep_columns, open_columns

__all__ = ["SCORES", "Scores", "load_scores"]

_TABLE: Any = CustomerInsight.__table__
_KEYS: Final = {"tenant_id", "insight_run", "customer_id", "reasons", "action", "segment"}
SCORES: Final[tuple[str, ...]] = tuple(
    column.name
    for column in _TABLE.columns
    if column.name not in _KEYS and not isinstance(column.type, Text)
)
"""Numbers of ``customer_insights``; floats stay floats, everything else is whole."""

_FLOATS: Final = {name for name in SCORES if isinstance(_TABLE.columns[name].type, Double)}
_NONE: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Scores:
    """Columns of one run, mapped, one entry per row; ``at`` finds the row of a customer's id.

    A missing float is NaN; a missing whole number is the least int64.
    """

    run: UUID
    columns: dict[str, Any]
    segments: tuple[str, ...]

    def rows_of(self, ids: Int) -> Int:
        """The row of each customer id, -1 where it has no score."""
        known = self.columns["customer_id"]
        if len(known) == 0:
            return np.full(len(ids), -1)
        row = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return np.where(known[row] == ids, row, -1)


def load_scores(folder: Path, connection: psycopg.Connection[tuple[Any, ...]], run: UUID) -> Scores:
    """The scores of a run: out of the folder, or read from the rows and kept there."""
    place = folder / f"scores-{run}"
    found = open_columns(place)
    if found is None:
        columns, segments = _read(connection, run)
        keep_columns(place, columns, {"segments": segments})
        for other in folder.glob("scores-*"):
            if other != place:
                shutil.rmtree(other, ignore_errors=True)
        found = open_columns(place) or (columns, {"segments": segments})
    columns, meta = found
    return Scores(run, columns, tuple(meta["segments"]))


def _read(
    connection: psycopg.Connection[tuple[Any, ...]], run: UUID
) -> tuple[dict[str, Any], list[str]]:
    sql = psycopg.sql
    segments = [
        name
        for (name,) in connection.execute(
            "SELECT DISTINCT segment FROM xsight.customer_insights WHERE insight_run = %s ORDER BY 1",
            [run],
        )
    ]
    packed = [
        sql.SQL(
            "string_agg(float8send(coalesce({0}, 'NaN')), '' ORDER BY customer_id)"
            if name in _FLOATS
            else "string_agg(int8send(coalesce({0}, -9223372036854775808)), '' ORDER BY customer_id)"
        ).format(sql.Identifier(name))
        for name in SCORES
    ]
    query = sql.SQL(
        "SELECT string_agg(int8send(customer_id), '' ORDER BY customer_id), "
        "string_agg(int2send((array_position(%s::text[], segment) - 1)::int2), '' ORDER BY customer_id), {} "
        "FROM (SELECT *, (row_number() OVER (ORDER BY customer_id) - 1) / 50000 AS block "
        "FROM xsight.customer_insights WHERE insight_run = %s) rows GROUP BY block ORDER BY block"
    ).format(sql.SQL(", ").join(packed))
    wires = [">i8", ">i2", *(">f8" if name in _FLOATS else ">i8" for name in SCORES)]
    with connection.cursor(binary=True) as cursor:
        blocks = [
            [np.frombuffer(part, wire) for part, wire in zip(row, wires, strict=True)]
            for row in cursor.execute(query, [segments, run])
        ]
    parts = list(zip(*blocks, strict=True)) or [(np.zeros(0, wire),) for wire in wires]
    columns = [np.concatenate(part) for part in parts]
    named = dict(zip(["customer_id", "segment", *SCORES], columns, strict=True))
    return {
        name: column.astype(column.dtype.newbyteorder("=")) for name, column in named.items()
    }, segments
