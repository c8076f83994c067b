"""What has not been done yet, over all tenants, as an operator sees it."""

from dataclasses import dataclass

import psycopg

__all__ = ["Backlog", "counts_statements", "read_backlog", "schema_revision"]


@dataclass(frozen=True)
class Backlog:
    """Jobs that wait, webhooks that were given up, stores that lost their connection."""

    oldest_due_s: float
    dead_webhooks: int
    disconnected: tuple[str, ...]


def schema_revision(admin_url: str) -> str | None:
    """None: there is no schema yet."""
    with psycopg.connect(admin_url, connect_timeout=5) as connection:
        found = connection.execute("SELECT to_regclass('private.alembic_version')").fetchone()
        if found == (None,):
            return None
        row = connection.execute("SELECT version_num FROM private.alembic_version").fetchone()
        return str(row[0]) if row else None


def counts_statements(admin_url: str) -> bool:
    """Whether the server counts what notebooks ask, for the audit log."""
    with psycopg.connect(admin_url, connect_timeout=5) as connection:
        row = connection.execute(
            "SELECT to_regprocedure('statements.pg_stat_statements(boolean)') IS NOT NULL "
            "AND current_setting('pg_stat_statements.track', true) IS NOT NULL"
        ).fetchone()
        return bool(row and row[0])


def read_backlog(admin_url: str) -> Backlog:
    """Asked as the administrator."""
    with psycopg.connect(admin_url, connect_timeout=5) as connection:
        row = connection.execute(
            """
            SELECT coalesce(extract(epoch FROM now() - (SELECT min(due_at) FROM control.jobs j
                     WHERE status = 'queued' AND due_at <= now() AND NOT EXISTS (SELECT FROM control.tenants t
                       WHERE t.id = j.tenant_id AND t.suspended_at IS NOT NULL))), 0)::float,
                   (SELECT count(*) FROM control.inbox WHERE dead_at IS NOT NULL),
                   coalesce((SELECT array_agg(t.slug ORDER BY t.slug) FROM xsight.tenant_state s
                     JOIN control.tenants t ON t.id = s.tenant_id
                     WHERE s.connection = 'disconnected' AND t.suspended_at IS NULL), '{}')"""
        ).fetchone()
    return Backlog(row[0], row[1], tuple(row[2])) if row else Backlog(0, 0, ())
