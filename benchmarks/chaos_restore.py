"""The restore drill: a million orders, backed up and restored into another installation within ten minutes, unchanged.

``make chaos FILES=benchmarks/chaos_restore.py`` (XSIGHT_DRILL_ORDERS=100000 for a shorter one)
"""

import json
import os
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from ops import backup, restore
from ops.vault import Vault
from tests.ops.test_backup import installation, sums
from tests.support.postgres import PASSWORDS, TEMPLATE, start_cluster, stop_cluster
from tests.support.tenants import add_tenant
from xsight_core.db import migrate

ORDERS = int(os.environ.get("XSIGHT_DRILL_ORDERS", "1000000"))
WITHIN_S = 600

FILL = (
    """INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at)
       SELECT %(t)s, n, n, now(), now() FROM generate_series(1, %(n)s / 3) n""",
    """INSERT INTO xsight.customer_pii (tenant_id, customer_id, email, first_name, last_name, city)
       SELECT %(t)s, n, 'person.' || n || '@example.com', 'Zoë', 'O''Hara ' || n, 'Köln'
       FROM generate_series(1, %(n)s / 3) n""",
    """INSERT INTO xsight.orders (tenant_id, id, name, customer_id, created_at, updated_at, processed_at, day, test,
         edited, currency, taxes_included, units, gross_minor, discounts_minor, returns_minor, net_minor,
         gross, discounts,
         subtotal, total, refunded, current_total, current_subtotal, tax, shipping, tip)
       SELECT %(t)s, n, '#' || n, 1 + n %% (%(n)s / 3), at, at, at, 20000, false, false, 'USD', false, 2, n, 0, 0, n,
         n / 100.0, 0, n / 100.0, n / 100.0, 0, n / 100.0, n / 100.0, 0, 0, 0
       FROM generate_series(1, %(n)s) n, LATERAL (SELECT '2025-01-01Z'::timestamptz + n * interval '30 s' AS at) a""",
    """INSERT INTO xsight.order_pii (tenant_id, order_id, email, city)
       SELECT %(t)s, n, 'person.' || n || '@example.com', 'Köln' FROM generate_series(1, %(n)s) n""",
)


@pytest.fixture
def cluster():
    """A server of this drill's own."""
    folder = Path(tempfile.mkdtemp(prefix="xs-"))
    folder.chmod(0o711)
    cluster = start_cluster(folder, os.getpid())
    with psycopg.connect(cluster.maintenance_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate.upgrade(cluster.database(TEMPLATE).admin_url, PASSWORDS)
    yield cluster
    stop_cluster(folder)


def test_a_million_orders_come_back_unchanged(cluster, tmp_path):
    with cluster.fresh() as before, cluster.fresh("template0") as after:
        first = installation(tmp_path / "first", before.admin_url)
        ring = Vault(first.home.secrets).keyring("keyring")
        second = installation(tmp_path / "second", after.admin_url, ring)
        tenant = add_tenant(before.admin_url, "north")
        for statement in FILL:
            with psycopg.connect(before.admin_url) as admin:
                admin.execute(statement, {"t": tenant.id, "n": ORDERS})
        begun = time.monotonic()
        assert backup.make(first, str(tmp_path / "backups"), keep=None) == 0
        backup_s = time.monotonic() - begun
        (made,) = (path.parent for path in (tmp_path / "backups").glob("*/backup.json"))
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        begun = time.monotonic()
        assert restore.bring_back(second, str(made), keys=None) == 0
        restore_s = time.monotonic() - begun
        differences = sum(
            a != b for a, b in zip(sums(before.admin_url), sums(after.admin_url), strict=True)
        )
    figures = {
        "orders": ORDERS,
        "backup_s": round(backup_s, 1),
        "restore_s": round(restore_s, 1),
        "megabytes": round(size / 1e6),
        "differences": differences,
    }
    print(json.dumps({"drill": "restore", "figures": figures}))
    assert differences == 0
    assert restore_s <= WITHIN_S
