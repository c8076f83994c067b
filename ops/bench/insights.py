"""``xsight bench insights``: a shop of 1 M customers and 5 M orders, from PostgreSQL to every insight.

A PostgreSQL of its own is filled with a seeded shop. Then, each in a process of its own: the floor (the server reads
the stored columns and gives them to nobody), the ledger's full read, its refresh after 50,000 changed orders, all
insights on it, and what DuckDB needs on the same arrays for RFM, cohorts and daily revenue alone.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from ops import embedded
from ops.bench import report
from ops.bench.insights_data import fill
from ops.config import Config
from ops.processes import FRUGAL
from xsight_core.db import migrate, roles

__all__ = ["main", "measure", "measure_at"]

TENANT = UUID("00000000-0000-4000-8000-0000000000c2")
CHANGED = 50_000
_PASSWORD = "bench"  # noqa: S105 - of a server that lives for minutes, on a socket of its own
_STORED = {
    "orders": "id, customer_id, day, gross_minor, discounts_minor, returns_minor, net_minor, taxes_minor, "
    "shipping_minor, units, test, cancelled_at, deleted_at, currency, channel, country, discount_codes",
    "order_lines": "order_id, product_id, variant_id, quantity, gift_card, gross_minor, net_minor",
    "refunds": "order_id, id, day, total",
    "customers": "id, ordinal, merged_into, deleted_at",
}
_PARTS = ("order_lines", "refunds", "refund_lines")
_SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "60min",
    "fsync": "off",  # filling; nothing that is timed writes
    "full_page_writes": "off",
    "jit": "off",
    "autovacuum": "off",
}


def measure(config: Config) -> int:  # noqa: ARG001 - a bench of its own server
    """Fill a server, measure, remove it."""
    folder = Path(tempfile.mkdtemp(prefix="xs-bench-"))
    folder.chmod(0o711)
    try:
        with _server(folder) as urls:
            started = time.perf_counter()
            fill(urls["admin"], TENANT)
            _say(f"filled in {time.perf_counter() - started:.0f} s")
            return report("insights", measure_at(urls["admin"], urls["app"], folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_at(admin_url: str, app_url: str, folder: Path) -> dict[str, float]:
    """The figures of a filled server."""
    floor = min(_floor(admin_url) for _ in range(2))
    read = _part("read", app_url, folder)
    _change(admin_url)
    refresh = _part("refresh", app_url, folder)
    compute = _part("compute", app_url, folder)
    peer = _part("duckdb", app_url, folder)
    for name, figures in {"floor": {"s": floor}, "read": read, "refresh": refresh}.items():
        _say(f"{name}: {figures}")
    _say(f"compute: {compute}")
    _say(f"duckdb: {peer}")
    return {
        "read_s": read["s"],
        "read_ratio_vs_floor": read["s"] / floor,
        "refresh_s": refresh["s"],
        "compute_s": compute["s"],
        "ratio_vs_duckdb": peer["s"] / compute["s"],
        "peak_mb": max(part["peak_mb"] for part in (read, refresh, compute)),
    }


@contextmanager
def _server(folder: Path) -> Iterator[dict[str, str]]:
    embedded.init_postgres(folder / "data", password=_PASSWORD)
    sockets = folder / "s"
    sockets.mkdir()
    command = embedded.postgres_command(
        folder / "data",
        socket_dir=sockets,
        port=5432,
        settings=_SETTINGS | {"listen_addresses": ""},
    )
    user: dict[str, Any] = dict(embedded.postgres_user())
    if os.geteuid() == 0:
        os.chown(sockets, user["user"], user["group"])
    with (folder / "postgres.log").open("wb") as log:
        server: Any = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, **user
        )

    def url(role: str, database: str = "xsight") -> str:
        return f"postgresql://{role}:{_PASSWORD}@/{database}?host={sockets}&port=5432"

    try:
        embedded.wait_for_postgres(url("postgres", "postgres"), server)
        with psycopg.connect(url("postgres", "postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE xsight")
        migrate.upgrade(url("postgres"), dict.fromkeys(roles.LOGINS, _PASSWORD))
        yield {"admin": url("postgres"), "app": url(roles.APP)}
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def _floor(admin_url: str) -> float:
    """Seconds in which the server reads and encodes the same stored columns, for nobody."""
    started = time.perf_counter()
    with psycopg.connect(admin_url) as admin:
        for table, columns in _STORED.items():
            statement = (
                f"COPY (SELECT {columns} FROM xsight.{table} WHERE tenant_id = '{TENANT}') "  # noqa: S608
                "TO '/dev/null' (FORMAT binary)"
            )
            admin.execute(statement.encode())
    return time.perf_counter() - started


def _change(admin_url: str) -> None:
    """A day's changes, as a sync writes them: orders all over the shop's time, their lines and refunds replaced."""
    with psycopg.connect(admin_url) as admin:
        admin.execute(
            "CREATE TEMP TABLE changed ON COMMIT DROP AS SELECT id FROM xsight.orders "
            "WHERE tenant_id = %s ORDER BY hashint8(id) LIMIT %s",
            [TENANT, CHANGED],
        )
        admin.execute(
            "UPDATE xsight.orders SET returns_minor = gross_minor - discounts_minor, net_minor = 0, updated_at = now() "
            "WHERE tenant_id = %s AND id IN (SELECT id FROM changed)",
            [TENANT],
        )
        for table in _PARTS:
            name = sql.Identifier("xsight", table)
            of = sql.SQL("FROM {} WHERE tenant_id = {} AND order_id IN (SELECT id FROM changed)")
            them = of.format(name, TENANT)
            admin.execute(sql.SQL("CREATE TEMP TABLE parts AS SELECT * {}").format(them))
            admin.execute(sql.SQL("DELETE {}").format(them))
            admin.execute(sql.SQL("INSERT INTO {} SELECT * FROM parts").format(name))
            admin.execute("DROP TABLE parts")
        admin.execute(
            "UPDATE xsight.tenant_state SET data_version = data_version + 1 WHERE tenant_id = %s",
            [TENANT],
        )
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("VACUUM ANALYZE xsight.orders (changed_in)")
        admin.execute("VACUUM xsight.order_lines, xsight.refunds, xsight.refund_lines")


def _part(name: str, app_url: str, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "ops.bench.insights_parts", name, str(folder), str(TENANT)],
        env=os.environ
        | FRUGAL
        | {"XSIGHT_BENCH_URL": app_url},  # memory is kept as under `xsight up`
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _say(text: str) -> None:
    sys.stderr.write(f"bench insights: {text}\n")


def main() -> int:
    """For a server that is there: address as the superuser, as the application, and a folder."""
    admin_url, app_url, folder = sys.argv[1:]
    return report("insights", measure_at(admin_url, app_url, Path(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
