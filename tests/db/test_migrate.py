"""Migrations: from nothing to the tables as declared, again without change, and clear words when they cannot."""

import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.support.postgres import PASSWORDS, start_cluster, stop_cluster
from xsight_core.db import migrate
from xsight_core.db.lint import findings
from xsight_core.db.tables import metadata
from xsight_core.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseLoginRefused,
    DatabaseRightMissing,
    DatabaseTooNew,
    DatabaseUnreachable,
    InvalidInput,
)


@pytest.fixture
def database(own_database):
    """Tables and rights are changed here."""
    return own_database


def differences(admin_url: str) -> list:
    """What Alembic would change so that the database equals the tables."""
    engine = create_engine(
        admin_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: (
                    kind != "schema" or name in {"xsight", "control", "private"}
                ),
                "version_table_schema": "private",
                "compare_server_default": True,
            },
        )
        return compare_metadata(context, metadata)


def test_the_revisions_make_exactly_the_declared_tables(database):
    assert differences(database.admin_url) == []


def test_a_second_run_changes_nothing(database):
    def everything():
        with psycopg.connect(database.admin_url) as admin:
            return [
                admin.execute(f"SELECT xmin, * FROM pg_catalog.{table} ORDER BY oid").fetchall()
                for table in ("pg_class", "pg_policy", "pg_proc", "pg_namespace")
            ]

    before = everything()
    migrate.upgrade(database.admin_url, {})
    assert everything() == before


def test_rights_that_were_given_by_hand_are_gone_once_access_is_applied_anew(database):
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("GRANT SELECT ON control.users TO xsight_notebook, PUBLIC")
        admin.execute("CREATE POLICY more ON xsight.orders USING (true)")
        admin.execute("CREATE POLICY odd ON control.users USING (true)")
        admin.execute("COMMENT ON SCHEMA private IS 'access of an earlier version'")
    assert len(findings(database.admin_url)) == 3
    migrate.upgrade(database.admin_url, PASSWORDS)
    assert findings(database.admin_url) == []


def test_every_login_gets_its_password(database):
    for url in (database.app_url, database.ingest_url, database.spawner_url):
        psycopg.connect(url).close()


def test_a_wrong_password_is_said_without_repeating_it(database):
    url = database.admin_url.replace(database.superuser_password, "s3cr3t-typo")
    with pytest.raises(DatabaseLoginRefused, match=r"refuses role 'postgres'") as refused:
        migrate.upgrade(url, {})
    assert "s3cr3t-typo" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_an_address_where_nobody_answers(database):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(DatabaseUnreachable, match=f"127.0.0.1:{port} cannot be reached"):
            migrate.upgrade(f"postgresql://postgres:pw@127.0.0.1:{port}/x", {})


def test_a_database_that_does_not_exist(database):
    with pytest.raises(DatabaseUnreachable, match="CREATE DATABASE nowhere"):
        migrate.upgrade(database.admin_url.replace(database.name, "nowhere"), {})


@pytest.mark.parametrize("url", ["", "not an address", "mysql://x@y/z"])
def test_an_address_of_something_else(url):
    with pytest.raises(InvalidInput) as refused:
        migrate.upgrade(url, {})
    assert refused.value.field == "XSIGHT_ADMIN_DATABASE_URL"


def test_a_password_for_an_unknown_role():
    with pytest.raises(InvalidInput, match="postgres"):
        migrate.upgrade("postgresql://x@y/z", {"postgres": "mine"})


def test_a_login_without_the_right_is_told_which(database):
    with pytest.raises(DatabaseRightMissing, match="WITH ADMIN OPTION") as refused:
        migrate.upgrade(database.app_url, {})
    assert PASSWORDS["xsight_app"] not in str(refused.value)


def test_a_database_of_a_later_version_is_left_alone(database):
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("UPDATE private.alembic_version SET version_num = '9999'")
        admin.execute("COMMENT ON SCHEMA private IS 'theirs'")
    with pytest.raises(DatabaseTooNew, match="9999"):
        migrate.upgrade(database.admin_url, {})
    with psycopg.connect(database.admin_url) as admin:
        kept = admin.execute("SELECT obj_description('private'::regnamespace, 'pg_namespace')")
        assert kept.fetchone() == ("theirs",)


def test_a_lock_that_is_not_free_is_not_waited_for(database, monkeypatch):
    with monkeypatch.context() as hurried, psycopg.connect(database.admin_url) as admin:
        hurried.setattr(migrate, "_LOCK_TIMEOUT_S", 0.3)
        admin.execute("COMMENT ON SCHEMA private IS 'access of an earlier version'")
        admin.commit()
        admin.execute(
            "SELECT * FROM xsight.orders"
        )  # a notebook that forgot to end its transaction
        with pytest.raises(DatabaseBusy, match="nothing was changed"):
            migrate.upgrade(database.admin_url, {})
    migrate.upgrade(database.admin_url, {})


def test_a_revision_that_fails_leaves_nothing_behind(cluster, monkeypatch, tmp_path):
    scripts = tmp_path / "alembic"
    shutil.copytree(migrate.SCRIPTS, scripts)
    (scripts / "versions" / "zzzz_breaks.py").write_text(
        "from alembic import op\nrevision = 'zzzz'\ndown_revision = '0001'\n"
        "def upgrade():\n    op.execute('CREATE TABLE xsight.half (id int)')\n"
        "    op.execute('SELECT 1/0')\n"
    )
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)
    with cluster.fresh("template0") as database:
        with pytest.raises(DatabaseError, match="division by zero"):
            migrate.upgrade(database.admin_url, PASSWORDS)
        with psycopg.connect(database.admin_url) as admin:
            schemas = admin.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname IN ('xsight', 'control', 'private')"
            )
            assert schemas.fetchall() == []


def test_two_at_once_take_turns(cluster):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with cluster.fresh("template0") as database, ThreadPoolExecutor(3) as threads:
        runs = [threads.submit(migrate.upgrade, database.admin_url, PASSWORDS) for _ in range(3)]
        assert [run.result() for run in runs] == [None] * 3
        assert differences(database.admin_url) == []


def test_the_command_reads_the_environment_and_says_one_line(database, capsys):
    environ = {
        "XSIGHT_ADMIN_DATABASE_URL": database.admin_url,
        "XSIGHT_DATABASE_URL": database.app_url,
    }
    assert migrate.main(environ) == 0
    assert migrate.main({}) == 1
    assert migrate.main(environ | {"XSIGHT_DATABASE_URL": database.spawner_url}) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "Set XSIGHT_ADMIN_DATABASE_URL" in lines[0]
    assert "xsight_app, not xsight_spawner" in lines[1]


def test_an_owner_who_may_create_roles_is_enough():
    """A managed PostgreSQL gives no superuser. A server of its own: roles belong to the whole server."""
    folder = Path(tempfile.mkdtemp(prefix="xs-"))
    folder.chmod(0o711)
    try:
        cluster = start_cluster(folder, os.getpid())
        with psycopg.connect(cluster.maintenance_url, autocommit=True) as admin:
            admin.execute("CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'pw'")
            admin.execute("CREATE DATABASE managed OWNER dba")
        database = cluster.database("managed")
        for _ in range(2):
            migrate.upgrade(database.url("dba", "pw"), PASSWORDS)
        assert findings(database.admin_url) == []
        assert differences(database.admin_url) == []
        tenant = secrets.token_hex(4)
        with psycopg.connect(database.admin_url) as admin:
            admin.execute(
                "INSERT INTO control.tenants (id, slug, name) VALUES (gen_random_uuid(), %s, 'x')",
                [tenant],
            )
        with psycopg.connect(database.spawner_url) as spawner:
            (role,) = spawner.execute(
                "SELECT private.mint_server_role(%s, NULL, false, 's', 'sixteen-characters', now() + '1 h')",
                [tenant],
            ).fetchone()
        with psycopg.connect(database.url(role, "sixteen-characters")) as notebook:
            assert notebook.execute("SELECT count(*) FROM xsight.orders").fetchone() == (0,)
            with psycopg.connect(database.spawner_url) as spawner:
                dropped = spawner.execute("SELECT private.drop_server_role(%s)", [role])
                assert dropped.fetchone() == (True,)
            with pytest.raises(psycopg.OperationalError):
                notebook.execute("SELECT 1")
    finally:
        stop_cluster(folder)
