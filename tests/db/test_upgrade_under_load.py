"""The next revision arrives while the version before it serves: nobody's statement fails, no row is lost."""

import shutil
import threading
import time

import psycopg
import pytest

from tests.support.rows import fill_all_tables
from tests.support.tenants import add_tenant
from xsight_core.db import migrate
from xsight_core.db.lint import findings
from xsight_core.errors import DatabaseBusy

# what a release may do while the one before serves: only add; see docs/operations.md
EXPAND = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade():
    op.add_column("orders", sa.Column("weight_g", sa.BigInteger, nullable=True), schema="xsight")
    op.add_column("orders", sa.Column("gift", sa.Boolean, server_default="false", nullable=False), schema="xsight")
    op.execute("ALTER TABLE xsight.orders ADD CONSTRAINT weight CHECK (weight_g >= 0) NOT VALID")
    op.create_table("parcels", sa.Column("tenant_id", sa.Uuid, primary_key=True),
                    sa.Column("id", sa.BigInteger, primary_key=True), schema="xsight")
"""
ADD = """
INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at) VALUES (%s, %s, %s, now(), now())"""


@pytest.fixture
def later(monkeypatch, tmp_path):
    """The revisions of the version after this one."""
    scripts = tmp_path / "alembic"
    shutil.copytree(migrate.SCRIPTS, scripts)
    text = EXPAND.format(head=migrate.known_revisions()[0])
    (scripts / "versions" / "next_expands.py").write_text(text)
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)


class Load:
    """A program of the version before: writes and reads until told to stop, and notes what failed."""

    def __init__(self, url: str, tenant, number: int) -> None:
        self.failed: list[Exception] = []
        self.slowest_s = 0.0
        self.written = 0
        self._url, self._tenant, self._number = url, tenant, number
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.is_set():
                begun = time.monotonic()
                one = 1000 + 2 * self.written + self._number
                try:
                    with connection.transaction():
                        connection.execute(
                            "SELECT set_config('app.tenant_id', %s, true)", [str(self._tenant.id)]
                        )
                        connection.execute(ADD, [self._tenant.id, one, one])
                        connection.execute(
                            "SELECT count(*), sum(net_minor) FROM xsight.orders"
                        ).fetchone()
                        connection.execute("UPDATE xsight.orders SET units = units + 1")
                    self.written += 1
                except psycopg.Error as error:
                    self.failed.append(error)
                self.slowest_s = max(self.slowest_s, time.monotonic() - begun)


def until(found, *, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_filled_database_is_upgraded_while_it_serves(own_database, later):
    tenant = add_tenant(own_database.admin_url, "north")
    fill_all_tables(own_database.admin_url, tenant.id)
    with Load(own_database.app_url, tenant, 0) as one, Load(own_database.app_url, tenant, 1) as two:
        until(lambda: min(one.written, two.written) > 20)
        migrate.upgrade(own_database.admin_url, {})
        before = one.written, two.written
        until(lambda: one.written > before[0] + 20 and two.written > before[1] + 20)
    assert one.failed + two.failed == []
    assert max(one.slowest_s, two.slowest_s) < 5
    with psycopg.connect(own_database.admin_url) as admin:
        revision = admin.execute("SELECT version_num FROM private.alembic_version").fetchone()
        assert revision == ("next",)
        people = admin.execute("SELECT count(*) FROM xsight.customers").fetchone()
        assert people == (1 + one.written + two.written,)
        order = admin.execute("SELECT units, weight_g, gift FROM xsight.orders").fetchone()
        assert order == (7 + one.written + two.written, None, False)
    assert [one.what for one in findings(own_database.admin_url) if "orders" in one.what] == []


def test_a_migration_does_not_queue_behind_a_forgotten_transaction(
    own_database, later, monkeypatch
):
    tenant = add_tenant(own_database.admin_url, "north")
    fill_all_tables(own_database.admin_url, tenant.id)
    with (
        monkeypatch.context() as impatient,
        psycopg.connect(own_database.admin_url) as forgotten,
    ):
        # Only here: an autovacuum gives way to a waiting lock after a second, not after half of one.
        impatient.setattr(migrate, "_LOCK_TIMEOUT_S", 0.5)
        forgotten.execute("SELECT 1 FROM xsight.orders")
        with Load(own_database.app_url, tenant, 0) as load:
            until(lambda: load.written > 5)
            with pytest.raises(DatabaseBusy, match="nothing was changed"):
                migrate.upgrade(own_database.admin_url, {})
            seen = load.written
            until(lambda: load.written > seen + 5)
        assert load.failed == []
        assert load.slowest_s < 3
    migrate.upgrade(own_database.admin_url, {})
