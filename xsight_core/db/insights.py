"""Statements on insight runs: write one whole, show it, let older ones go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import text

from xsight_core.db.scores import Column, insert_scores, move_to_history

if TYPE_CHECKING:  # notebooks import this, and have no greenlet
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = [
    "InsightRun",
    "find_run",
    "lock_insights",
    "read_run",
    "retire",
    "show_run",
    "shown_run",
    "store_run",
    "stored_runs",
]

_Connection = psycopg.Connection[tuple[Any, ...]]

_COLUMNS: Final[LiteralString] = (
    "id, data_version, rule_version, as_of, computed_at, duration_s, kind, rows, parameters, card, summary, drift"
)


@dataclass(frozen=True)
class InsightRun:
    """One computation as of a day of the shop's: from which rows, under which rule, how good, what to mind.

    Attributes
    ----------
    kind : str
        ``shown`` on the dashboards, or ``past``: asked for as of an earlier day.
    rows : str
        Where its customers' rows are: ``scores``, ``history`` or ``none``.
    parameters : dict
        What it was made with, for the next run.
    card : dict
        The model card.
    summary : dict
        A few numbers, for trends over runs.
    drift : dict or None
        The alarm, where the forecast got worse.
    """

    id: UUID
    data_version: int
    rule_version: str
    as_of: date
    computed_at: datetime
    duration_s: float
    kind: str = "shown"
    rows: str = "scores"
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    card: dict[str, Any] = field(default_factory=dict[str, Any])
    summary: dict[str, Any] = field(default_factory=dict[str, Any])
    drift: dict[str, Any] | None = None


def lock_insights(connection: _Connection, tenant_id: UUID) -> None:
    """Wait until no other transaction computes this tenant's insights; held until ours ends."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('insights ' || %s, 0))", [str(tenant_id)]
    )


def shown_run(connection: _Connection) -> InsightRun | None:
    """The run whose rows are shown to the tenant that the connection sees."""
    return _first(connection, "WHERE id = (SELECT insight_run FROM xsight.tenant_state)")


async def read_run(session: "AsyncSession", run: UUID) -> InsightRun | None:
    """A stored run."""
    query = text(f"SELECT {_COLUMNS} FROM xsight.insight_runs WHERE id = :run")  # noqa: S608 - our own names
    row = (await session.execute(query, {"run": run})).one_or_none()
    return None if row is None else InsightRun(*row)


def find_run(connection: _Connection, run: UUID) -> InsightRun | None:
    """A stored run."""
    return _first(connection, "WHERE id = %s", [run])


def stored_runs(connection: _Connection) -> list[InsightRun]:
    """All runs of the tenant, the newest first, without cards and parameters."""
    rows = connection.execute(
        "SELECT id, data_version, rule_version, as_of, computed_at, duration_s, kind, rows, '{}'::jsonb, '{}'::jsonb, "
        "summary, drift FROM xsight.insight_runs ORDER BY computed_at DESC, as_of DESC, id"
    )
    return [InsightRun(*row) for row in rows]


def store_run(
    connection: _Connection, tenant_id: UUID, run: InsightRun, scores: Mapping[str, Column]
) -> None:
    """A run with its customers' rows: ``scores`` holds the columns of the table that ``run.rows`` says."""
    connection.execute(
        f"INSERT INTO xsight.insight_runs (tenant_id, {_COLUMNS}) "  # noqa: S608 - our own names
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            tenant_id,
            run.id,
            run.data_version,
            run.rule_version,
            run.as_of,
            run.computed_at,
            run.duration_s,
            run.kind,
            run.rows,
            Jsonb(run.parameters),
            Jsonb(run.card),
            Jsonb(run.summary),
            run.drift and Jsonb(run.drift),
        ],
    )
    table = "customer_insights" if run.rows == "scores" else "customer_history"
    insert_scores(connection, table, tenant_id, run.id, scores)


def show_run(
    connection: _Connection, tenant_id: UUID, run: InsightRun, documents: dict[str, dict[str, Any]]
) -> None:
    """From the commit on everybody sees this run and its documents."""
    for name, body in documents.items():
        connection.execute(
            "INSERT INTO xsight.documents (tenant_id, name, insight_run, data_version, body, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, name) DO UPDATE "
            "SET (insight_run, data_version, body, created_at) "
            "= (excluded.insight_run, excluded.data_version, excluded.body, excluded.created_at)",
            [tenant_id, name, run.id, run.data_version, Jsonb(body), run.computed_at],
        )
    connection.execute(
        "UPDATE xsight.tenant_state SET insight_run = %s WHERE tenant_id = %s", [run.id, tenant_id]
    )


def retire(
    connection: _Connection,
    tenant_id: UUID,
    *,
    to_history: Iterable[UUID],
    to_none: Iterable[UUID],
    gone: Iterable[UUID],
) -> None:
    """Move runs' rows to the history, forget rows, forget runs."""
    reduced = list(to_history)
    move_to_history(connection, tenant_id, reduced)
    for kept, runs in (("history", reduced), ("none", list(to_none))):
        if not runs:
            continue
        connection.execute(
            "UPDATE xsight.insight_runs SET rows = %s WHERE tenant_id = %s AND id = ANY(%s)",
            [kept, tenant_id, runs],
        )
        tables: tuple[LiteralString, ...] = ("customer_insights",)
        for table in (*tables, "customer_history") if kept == "none" else tables:
            connection.execute(
                f"DELETE FROM xsight.{table} WHERE tenant_id = %s AND insight_run = ANY(%s)",  # noqa: S608 - our own names
                [tenant_id, runs],
            )
    if forgotten := list(gone):
        connection.execute(
            "DELETE FROM xsight.insight_runs WHERE tenant_id = %s AND id = ANY(%s)",
            [tenant_id, forgotten],
        )


def _first(
    connection: _Connection, where: LiteralString, params: list[Any] | None = None
) -> InsightRun | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM xsight.insight_runs {where}",  # noqa: S608 - our own names
        params,
    ).fetchone()
    return None if row is None else InsightRun(*row)
