"""One PostgreSQL for all workers of a test run, and a fresh copy of the migrated database for each test."""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg

from xsight_core.db import migrate, roles
from xsight_core.db.tables import metadata

__all__ = ["Cluster", "Database", "shared_cluster", "start_cluster", "stop_cluster"]

TEMPLATE = "xsight_template"
PASSWORDS = {role: f"{role}-of-a-test" for role in roles.LOGINS}


@dataclass(frozen=True)
class Database:
    """Addresses of one database, one for each role that logs in."""

    name: str
    port: int
    socket_dir: str
    superuser_password: str

    def url(self, role: str, password: str) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{self.name}"

    @property
    def admin_url(self) -> str:
        return self.url("postgres", self.superuser_password)

    @property
    def app_url(self) -> str:
        return self.url(roles.APP, PASSWORDS[roles.APP])

    @property
    def ingest_url(self) -> str:
        return self.url(roles.INGEST, PASSWORDS[roles.INGEST])

    @property
    def spawner_url(self) -> str:
        return self.url(roles.SPAWNER, PASSWORDS[roles.SPAWNER])

    def empty(self, *, keep_waiting: bool = False) -> None:
        """Delete what there is, whatever refers to it and whatever guards it; whoever is connected is put out.

        ``keep_waiting`` leaves services that outlive a test the connections on which they do nothing and hold nothing:
        a new one has every statement and table to learn.
        """
        with psycopg.connect(self.admin_url) as admin:
            admin.execute(_PUT_OUT, [keep_waiting, list(roles.LOGINS)])
            admin.execute("SELECT private.drop_server_roles_except('{}')")
            admin.execute("SET LOCAL session_replication_role = replica")
            for (name,) in admin.execute(_FILLED).fetchall():
                admin.execute(f"DELETE FROM {name}")


_PUT_OUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND NOT (%s AND state = 'idle' AND usename = ANY (%s)
           AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))
"""
_FILLED = " UNION ALL ".join(
    f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in metadata.sorted_tables
)


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    port: int
    password: str
    socket_dir: str

    def database(self, name: str) -> Database:
        return Database(name, self.port, self.socket_dir, self.password)

    @cached_property
    def maintenance_url(self) -> str:
        return self.database("postgres").admin_url

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[Database]:
        """A copy of ``template``, dropped at the end with whoever is still in it."""
        database = self.database(f"t_{secrets.token_hex(6)}")
        with psycopg.connect(self.maintenance_url, autocommit=True) as admin:
            admin.execute(
                f"CREATE DATABASE {database.name} TEMPLATE {template} STRATEGY FILE_COPY"
            )  # half the time of the default
            for statement in roles.database_statements(
                database.name
            ):  # CREATE DATABASE copies no rights
                admin.execute(statement)
        try:
            yield database
        finally:
            self._drop(database)

    def _drop(self, database: Database) -> None:
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            if admin.execute("SELECT to_regclass('private.server_roles')").fetchone() != (None,):
                admin.execute("SELECT private.drop_server_roles_except('{}')")
        with psycopg.connect(self.maintenance_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {database.name} WITH (FORCE)")


def shared_cluster(folder: Path, watched_pid: int) -> Cluster:
    """The run's server, started and migrated by whichever worker comes first."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "migrated").exists():
            return _running(folder)
        cluster = start_cluster(folder, watched_pid)
        with psycopg.connect(cluster.maintenance_url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate.upgrade(cluster.database(TEMPLATE).admin_url, PASSWORDS)
        (folder / "migrated").touch()
        return cluster


def start_cluster(folder: Path, watched_pid: int) -> Cluster:
    """A server of its own in ``folder``; it stops when the watched process ends."""
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.support.keeper", str(folder), str(watched_pid)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
    while not (folder / "cluster.json").exists():
        if keeper.poll() is not None:
            raise ChildProcessError((folder / "keeper.log").read_text())
        time.sleep(0.05)
    keeper.returncode = 0  # not ours to wait for: whoever comes last stops it
    return _running(folder)


def _running(folder: Path) -> Cluster:
    facts = json.loads((folder / "cluster.json").read_text())
    return Cluster(facts["port"], facts["password"], facts["socket_dir"])


def stop_cluster(folder: Path) -> None:
    """Stop the run's server if one was started, and wait until it is gone."""
    facts_file = folder / "cluster.json"
    if not facts_file.exists():
        return
    pid = json.loads(facts_file.read_text())["pid"]
    try:
        os.kill(pid, signal.SIGTERM)
        while facts_file.exists():
            os.kill(pid, 0)
            time.sleep(0.02)
    except ProcessLookupError:
        return
