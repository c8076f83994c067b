# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""Statements on insight runs: write one whole, show it, forget the ones before."""

from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import psycopg
import psycopg.sql
import pyarrow as pa
from psycopg.types.json import Jsonb
from pyarrow import csv

__all__ = ["InsightRun", "lock_insights", "show_run", "shown_run", "store_run"]

_Connection = psycopg.Connection[tuple[Any, ...]]

RECENT_RUNS: Final = 3
MONTHS_KEPT: Final = 25


@dataclass(frozen=True)
class InsightRun:
    """One computation of everything shown: from which rows, under which rule, as of which of the shop's days."""

    id: UUID
    data_version: int
    rule_version: str
    as_of: date
    computed_at: datetime
    duration_s: float
    parameters: dict[str, Any]


def lock_insights(connection: _Connection, tenant_id: UUID) -> None:
    """Wait until no other transaction computes this tenant's insights; held until ours ends."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('insights ' || %s, 0))", [str(tenant_id)]
    )


def shown_run(connection: _Connection) -> InsightRun | None:
    """The run whose rows are shown to the tenant that the connection sees."""
    row = connection.execute(
        "SELECT r.id, r.data_version, r.rule_version, r.as_of, r.computed_at, r.duration_s, r.parameters "
        "FROM xsight.insight_runs r JOIN xsight.tenant_state t ON t.tenant_id = r.tenant_id AND t.insight_run = r.id"
    ).fetchone()
    return None if row is None else InsightRun(*row)


def store_run(
    connection: _Connection, tenant_id: UUID, run: InsightRun, scores: dict[str, Any]
) -> None:
    """A run with its customers' scores: ``scores`` holds a column of ``customer_insights`` under each name.

    Rows travel as one block of text and are inserted under row-level security, which COPY alone would refuse.
    """
    connection.execute(
        "INSERT INTO xsight.insight_runs "
        "(tenant_id, id, data_version, rule_version, as_of, computed_at, duration_s, parameters) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            tenant_id,
            run.id,
            run.data_version,
            run.rule_version,
            run.as_of,
            run.computed_at,
            run.duration_s,
            Jsonb(run.parameters),
        ],
    )
    table = pa.table(scores)
    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, table.column_names))
    with connection.cursor() as cursor:
        cursor.execute(
            psycopg.sql.SQL(
                "CREATE TEMPORARY TABLE scores ON COMMIT DROP AS SELECT {} FROM xsight.customer_insights WITH NO DATA"
            ).format(names)
        )
        with cursor.copy(
            psycopg.sql.SQL("COPY scores ({}) FROM STDIN (FORMAT csv)").format(names)
        ) as copy:
            for batch in table.to_batches(max_chunksize=50_000):
                block = BytesIO()
                csv.write_csv(batch, block, csv.WriteOptions(include_header=False))
                copy.write(block.getbuffer())
        cursor.execute(
            psycopg.sql.SQL(
                "INSERT INTO xsight.customer_insights (tenant_id, insight_run, {0}) SELECT %s, %s, {0} FROM scores"
            ).format(names),
            [tenant_id, run.id],
        )


def show_run(
    connection: _Connection, tenant_id: UUID, run: InsightRun, documents: dict[str, dict[str, Any]]
) -> None:
    """From the commit on everybody sees this run and its documents.

    Of older runs the last few stay, so that a reader in the middle of one is not cut off, and the last of each month,
    so that segments and scores can be had as of then.
    """
    for name, body in documents.items():
        connection.execute(
            "INSERT INTO xsight.documents (tenant_id, name, insight_run, data_version, body, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, name) DO UPDATE "
            "SET (insight_run, data_version, body, created_at) "
            "= (excluded.insight_run, excluded.data_version, excluded.body, excluded.created_at)",
            [tenant_id, name, run.id, run.data_version, Jsonb(body), run.computed_at],
        )
    connection.execute(
        "DELETE FROM xsight.insight_runs WHERE tenant_id = %(tenant)s AND id <> %(run)s AND id IN ("
        "SELECT id FROM (SELECT id, as_of, row_number() OVER (ORDER BY computed_at DESC, id) AS age, row_number() OVER "
        "(PARTITION BY date_trunc('month', as_of) ORDER BY computed_at DESC, id) AS age_in_month "
        "FROM xsight.insight_runs WHERE tenant_id = %(tenant)s) AS runs WHERE age > %(recent)s AND "
        "(age_in_month > 1 OR as_of < %(as_of)s::date - make_interval(months => %(months)s)))",
        {
            "tenant": tenant_id,
            "run": run.id,
            "as_of": run.as_of,
            "recent": RECENT_RUNS,
            "months": MONTHS_KEPT,
        },
    )
    connection.execute(
        "UPDATE xsight.tenant_state SET insight_run = %s WHERE tenant_id = %s", [run.id, tenant_id]
    )
