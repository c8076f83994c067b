"""Statements of whoever runs the installation: what waits, what was given up, which stores there are."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = [
    "discard_job",
    "discard_letters",
    "given_up",
    "letters",
    "queue",
    "read_gauges",
    "retry_job",
    "retry_letters",
    "shown_forecast",
    "stores",
    "versions",
]

_QUEUE: Final = """
SELECT kind,
       count(*) FILTER (WHERE status = 'queued') AS waiting,
       count(*) FILTER (WHERE status = 'running') AS running,
       count(*) FILTER (WHERE status IN ('failed', 'dead') AND finished_at > now() - interval '1 day') AS failed,
       count(*) FILTER (WHERE status = 'done' AND finished_at > now() - interval '1 day') AS done,
       coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE status = 'queued' AND due_at <= now())), 0)::float
         AS oldest_due_s
FROM control.jobs GROUP BY kind ORDER BY kind"""

_STORES: Final = """
SELECT t.id, t.slug, t.name, t.suspended_at, s.domain,
       (SELECT count(*) FROM control.memberships m WHERE m.tenant_id = t.id) AS members,
       (SELECT max(finished_at) FROM control.jobs j WHERE j.tenant_id = t.id AND j.kind = 'sync' AND j.status = 'done')
         AS synced_at
FROM control.tenants t LEFT JOIN LATERAL
  (SELECT min(domain) AS domain FROM control.shops WHERE tenant_id = t.id) s ON true
WHERE t.slug > :after ORDER BY t.slug LIMIT :limit"""

_GIVEN_UP: Final = """
SELECT j.id, j.kind, j.status, j.attempts, j.finished_at, j.error, t.slug FROM control.jobs j
LEFT JOIN control.tenants t ON t.id = j.tenant_id
WHERE j.status IN ('failed', 'dead') ORDER BY j.finished_at DESC NULLS LAST LIMIT :limit"""

_LETTERS: Final = """
SELECT i.tenant_id, t.slug, i.topic, count(*) AS count, min(i.received_at) AS oldest, min(left(i.error, 200)) AS error
FROM control.inbox i JOIN control.tenants t ON t.id = i.tenant_id
WHERE i.dead_at IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 5 LIMIT :limit"""

# A job whose like is waiting already needs no second one.
_RETRY: Final = """
UPDATE control.jobs j SET status = 'queued', attempts = 0, due_at = now(), sent_at = NULL, lease = NULL,
  finished_at = NULL, error = NULL
WHERE id = :id AND status IN ('failed', 'dead') AND NOT EXISTS (
  SELECT FROM control.jobs o WHERE o.tenant_id = j.tenant_id AND o.kind = j.kind AND o.key = j.key
    AND o.status IN ('queued', 'running'))
RETURNING tenant_id, kind"""

_DISCARD: Final = """
DELETE FROM control.jobs WHERE id = :id AND status IN ('failed', 'dead') RETURNING tenant_id, kind"""

_GAUGES: Final = """
SELECT (SELECT count(*) FROM control.inbox WHERE done_at IS NULL AND dead_at IS NULL) AS inbox_waiting,
       (SELECT coalesce(extract(epoch FROM now() - min(received_at)), 0)::float FROM control.inbox
          WHERE done_at IS NULL AND dead_at IS NULL) AS inbox_oldest_s,
       (SELECT count(*) FROM control.inbox WHERE dead_at IS NOT NULL) AS inbox_dead,
       (SELECT count(*) FROM control.tenants WHERE suspended_at IS NULL) AS stores,
       (SELECT count(*) FROM control.shops) AS shops,
       (SELECT count(*) FROM pg_roles WHERE rolname ~ '^nb_[0-9a-f]{12}$') AS hub_servers,
       (SELECT coalesce(max(extract(epoch FROM now() - synced)), 0)::float FROM (
          SELECT max(j.finished_at) AS synced FROM control.jobs j JOIN control.shops s ON s.tenant_id = j.tenant_id
          WHERE j.kind = 'sync' AND j.status = 'done' GROUP BY j.tenant_id) one) AS sync_lag_s"""


async def queue(session: AsyncSession) -> Sequence[RowMapping]:
    """Each kind of job: how many wait, run, failed and ended well within a day."""
    return (await session.execute(text(_QUEUE))).mappings().all()


async def given_up(session: AsyncSession, *, limit: int) -> Sequence[RowMapping]:
    """Jobs that nobody tries any more, newest first."""
    return (await session.execute(text(_GIVEN_UP).bindparams(limit=limit))).mappings().all()


async def letters(session: AsyncSession, *, limit: int) -> Sequence[RowMapping]:
    """Dead webhooks by store and topic, oldest first."""
    return (await session.execute(text(_LETTERS).bindparams(limit=limit))).mappings().all()


async def stores(session: AsyncSession, *, after: str, limit: int) -> Sequence[RowMapping]:
    """Stores by short name, and when a sync of theirs last ended within the week that jobs are kept."""
    statement = text(_STORES).bindparams(after=after, limit=limit)
    return (await session.execute(statement)).mappings().all()


async def versions(session: AsyncSession) -> str:
    """The server's."""
    return str(await session.scalar(text("SELECT current_setting('server_version')")))


async def retry_job(session: AsyncSession, job_id: UUID) -> RowMapping | None:
    """Queue it again; nothing where it is not given up, or its like is waiting."""
    return (await session.execute(text(_RETRY).bindparams(id=job_id))).mappings().one_or_none()


async def discard_job(session: AsyncSession, job_id: UUID) -> RowMapping | None:
    """Forget it."""
    return (await session.execute(text(_DISCARD).bindparams(id=job_id))).mappings().one_or_none()


async def retry_letters(session: AsyncSession, tenant_id: UUID, topic: str) -> int:
    """Work on them again; how many."""
    found = await session.execute(
        text(
            "UPDATE control.inbox SET dead_at = NULL, attempts = 0, due_at = now(), error = NULL"
            " WHERE tenant_id = :tenant AND topic = :topic AND dead_at IS NOT NULL RETURNING 1"
        ).bindparams(tenant=tenant_id, topic=topic)
    )
    return len(found.all())


async def discard_letters(session: AsyncSession, tenant_id: UUID, topic: str) -> int:
    """Forget them: the next reconciliation brings what they were about; how many."""
    found = await session.execute(
        text(
            "DELETE FROM control.inbox WHERE tenant_id = :tenant AND topic = :topic AND dead_at IS NOT NULL RETURNING 1"
        ).bindparams(tenant=tenant_id, topic=topic)
    )
    return len(found.all())


async def shown_forecast(session: AsyncSession) -> str:
    """What the forecast of the shown run is: steady, worse, or none."""
    query = text(
        "SELECT CASE WHEN r.drift IS NOT NULL THEN 'worse' WHEN r.summary -> 'holdout' <> 'null'::jsonb THEN 'steady'"
        " ELSE 'none' END FROM xsight.tenant_state s JOIN xsight.insight_runs r ON r.id = s.insight_run"
    )
    return str(await session.scalar(query) or "none")


def read_gauges(database_url: str) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """What a scrape shows: single figures, and the queue by kind. Blocks two seconds at most."""
    options = "-c statement_timeout=2000"
    with (
        psycopg.connect(database_url, connect_timeout=2, options=options) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        figures = cursor.execute(_GAUGES).fetchone() or {}
        return dict(figures), cursor.execute(_QUEUE).fetchall()
