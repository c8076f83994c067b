"""The parts of ``bench insights``, each run in a process of its own so that peaks of memory do not mix."""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import duckdb
import pyarrow as pa

from xsight_core.analytics import (
    METRICS,
    Orders,
    shopify_groups,
    top_customers_between,
    top_products,
)
from xsight_core.analytics.metrics.evaluate import slices
from xsight_core.analytics.periods import Grain
from xsight_core.ledger import LedgerFolder, read_shop
from xsight_core.services.figures import figures
from xsight_core.tenancy import Tenancy

_AS_OF = 20_779
_RUNS = 2

# Sales by day with distinct customers; cohorts with active customers and revenue; RFM by fifths.
_SQL = (
    "SELECT day, count(*), sum(net_minor), count(DISTINCT customer) FROM orders GROUP BY day ORDER BY day",
    """
    WITH first AS (SELECT customer, min(month) AS cohort FROM monthly GROUP BY customer)
    SELECT cohort, month - cohort AS age, count(DISTINCT customer), sum(net_minor)
    FROM monthly JOIN first USING (customer) GROUP BY ALL ORDER BY ALL""",
    """
    WITH c AS (SELECT customer, max(day) AS last, count(*) AS n, sum(net_minor) AS m FROM orders
               WHERE customer >= 0 GROUP BY customer)
    SELECT r, f, m5, count(*), sum(m) FROM (
      SELECT m, ntile(5) OVER (ORDER BY last) AS r, ntile(5) OVER (ORDER BY n) AS f, ntile(5) OVER (ORDER BY m) AS m5
      FROM c) GROUP BY ALL""",
)


def read(folder: LedgerFolder, tenancy: Tenancy, tenant: UUID) -> float:
    """The whole ledger from the tables, written as files."""
    with tenancy.connection(tenant) as connection:
        started = time.perf_counter()
        ledger = folder.load(connection, read_shop(connection))
        seconds = time.perf_counter() - started
    _say(orders=len(ledger.orders), lines=len(ledger.orders.lines))
    return seconds


def refresh(folder: LedgerFolder, tenancy: Tenancy, tenant: UUID) -> float:
    """The ledger of the next version, from what changed; as read."""
    return read(folder, tenancy, tenant)


def compute(folder: LedgerFolder, tenancy: Tenancy, tenant: UUID) -> float:
    """All metrics by day, the best customers and products, RFM twice, cohorts, models, values; best of two runs."""

    def once() -> float:
        with tenancy.connection(tenant) as connection:
            ledger = folder.load(connection, read_shop(connection))
        took: dict[str, float] = {}
        started = last = time.perf_counter()

        def done(name: str) -> None:
            nonlocal last
            took[name] = round(time.perf_counter() - last, 3)
            last = time.perf_counter()

        result = figures(ledger.orders, _AS_OF)
        done("figures")
        sliced, _ = slices(result.orders, _AS_OF, Grain.DAY)
        for metric in METRICS.values():
            metric.function(sliced)
        done("metrics")
        for measure in ("retention", "ltv_minor", "aov_minor", "refund_rate"):
            result.cohorts.measure(measure)
        shopify_groups(result.rfm)
        done("groups")
        top_customers_between(result.orders, _AS_OF - 90, _AS_OF)
        top_products(result.orders, _AS_OF - 90, _AS_OF)
        done("top")
        seconds = time.perf_counter() - started
        _say(**took)
        return seconds

    return min(once() for _ in range(_RUNS))


def duck(folder: LedgerFolder, tenancy: Tenancy, tenant: UUID) -> float:
    """RFM, cohorts and daily revenue in DuckDB on the same columns; best of two runs."""
    with tenancy.connection(tenant) as connection:
        orders = folder.load(connection, read_shop(connection)).orders.counted(_AS_OF)
    database = duckdb.connect()
    database.register("orders", _table(orders))
    database.execute(
        "CREATE VIEW monthly AS SELECT customer, net_minor, date_diff('month', DATE '1970-01-01', "
        "DATE '1970-01-01' + day) AS month FROM orders WHERE customer >= 0"
    )

    def once() -> float:
        started = time.perf_counter()
        for statement in _SQL:
            database.execute(statement).fetchall()
        return time.perf_counter() - started

    return min(once() for _ in range(_RUNS))


def _table(orders: Orders) -> pa.Table:
    return pa.table({name: getattr(orders, name) for name in ("customer", "day", "net_minor")})


def _say(**values: float) -> None:
    sys.stderr.write(f"bench insights: {values}\n")


PARTS: dict[str, Callable[[LedgerFolder, Tenancy, UUID], float]] = {
    "read": read,
    "refresh": refresh,
    "compute": compute,
    "duckdb": duck,
}


def main() -> None:
    """Run a part and print its seconds and peak memory."""
    name, folder, tenant = sys.argv[1:]
    tenancy = Tenancy(os.environ["XSIGHT_BENCH_URL"])
    seconds = PARTS[name](LedgerFolder(Path(folder) / "ledger"), tenancy, UUID(tenant))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"s": seconds, "peak_mb": peak}) + "\n")


if __name__ == "__main__":
    main()
