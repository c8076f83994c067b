"""Databases and processes: what answers, and what does not get on."""

from typing import Any

import psycopg
import redis

from ops import postgres
from ops.config import Config
from ops.external import check_database, check_redis
from ops.processes import base_env
from ops.trouble import Trouble
from ops.vault import Vault
from xsight_core.db import migrate
from xsight_core.db.backlog import Backlog, counts_statements, read_backlog, schema_revision

__all__ = ["CHECKS"]

_LAG_S = 300


def _database(config: Config) -> None:
    if config.database_url:
        check_database(config.database_url)


def _schema(config: Config) -> None:
    if (url := _reachable(config)) is None:
        return
    found, known = schema_revision(url), migrate.known_revisions()
    if found is not None and found not in known:
        raise Trouble(
            f"the database is at revision {found}, which this version does not know",
            "install the version that wrote it, or a newer one",
        )
    if found is not None and found != known[0]:
        raise Trouble(
            f"the database is at revision {found}, not {known[0]}", "run `xsight migrate`"
        )


def _statements(config: Config) -> None:
    url = _reachable(config)
    if url and schema_revision(url) and not counts_statements(url):
        raise Trouble(
            "what notebooks ask the database is not in the audit log: PostgreSQL does not count it",
            "start it with shared_preload_libraries=pg_stat_statements and pg_stat_statements.track=none, "
            "then run `xsight migrate` as a superuser",
        )


def _redis(config: Config) -> None:
    if not config.redis_url:
        return
    check_redis(config.redis_url)
    with redis.Redis.from_url(config.redis_url, socket_timeout=5) as client:
        try:
            told: Any = client.config_get("maxmemory-policy")
        except redis.ResponseError:  # a managed one does not say
            return
    if str(told.get("maxmemory-policy")).startswith("allkeys"):
        raise Trouble(
            "Redis throws away what it holds when it is full: jobs start late",
            "set maxmemory-policy to noeviction",
        )


def _processes(config: Config) -> None:
    services = config.home.state().get("services", {}) if config.home.locked() else {}
    for name, service in services.items():
        if not service["ready"]:
            raise Trouble(
                f"{name} is not ready (restarted {service['restarts']} times)",
                f"xsight logs {name}",
            )


def _queue(config: Config) -> None:
    if (backlog := _backlog(config)) and backlog.oldest_due_s > _LAG_S:
        raise Trouble(
            f"a job has been waiting for {backlog.oldest_due_s / 60:.0f} minutes",
            "see that relay and worker run (`xsight status`), and read `xsight logs worker`",
        )


def _webhooks(config: Config) -> None:
    if (backlog := _backlog(config)) and backlog.dead_webhooks:
        raise Trouble(
            f"{backlog.dead_webhooks} webhooks could not be worked on",
            "look at them with `xsight webhooks dead`, then `xsight webhooks replay`",
        )


def _stores(config: Config) -> None:
    if (backlog := _backlog(config)) and backlog.disconnected:
        raise Trouble(
            f"not connected to Shopify any more: {', '.join(backlog.disconnected)}",
            "an owner connects the store again: Settings → Connect your store",
        )


def _backlog(config: Config) -> Backlog | None:
    url = _reachable(config)
    return read_backlog(url) if url and schema_revision(url) else None


def _reachable(config: Config) -> str | None:
    """The administrator's DSN where a database runs; what it lacks is another check's word."""
    url = config.database_url
    if url is None and config.home.locked():
        _, url = postgres.embedded(config.home, Vault(config.home.secrets), base_env())
    try:
        if url:
            psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return None
    return url


CHECKS = {
    "PostgreSQL": _database,
    "schema": _schema,
    "statements": _statements,
    "Redis": _redis,
    "processes": _processes,
    "queue": _queue,
    "webhooks": _webhooks,
    "stores": _stores,
}
