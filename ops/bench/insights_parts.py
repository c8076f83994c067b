"""The parts of ``bench insights``, each run in a process of its own so that peaks of memory do not mix."""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

import duckdb
import pyarrow as pa

from xsight_core.analytics import (
    METRICS,
    Grain,
    Orders,
    Rfm,
    buyers,
    cohorts,
    daily,
    rfm,
    shopify_groups,
    top_customers_between,
    top_products,
    totals,
)
from xsight_core.analytics.columns import Int
from xsight_core.analytics.metrics.evaluate import slices
from xsight_core.analytics.periods import period
from xsight_core.clv import (
    DEFAULT_PRIORS,
    BetaGeoFitter,
    Choice,
    ModifiedBetaGeoFitter,
    Shortage,
    choose,
    predict,
    purchase_summary,
    value_totals,
)
from xsight_core.clv.shortage import fit_spend
from xsight_core.ledger import LedgerFolder, read_shop
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
        ledger = folder.load(connection, read_shop(connection), partial(tenancy.connection, tenant))
        seconds = time.perf_counter() - started
    _say(orders=len(ledger.orders), lines=len(ledger.orders.lines))
    return seconds


def refresh(folder: LedgerFolder, tenancy: Tenancy, tenant: UUID) -> float:
    """The ledger of the next version, from what changed; as read."""
    return read(folder, tenancy, tenant)


def compute(folder: LedgerFolder, tenancy: Tenancy, tenant: UUID) -> float:
    """Metrics, RFM and cohorts on one core, purchase models, intervals and values on the other; best of two runs.

    The choice between models, which tries them on the past, is timed beside it and does not count.
    """

    def once() -> float:
        with tenancy.connection(tenant) as connection:
            ledger = folder.load(
                connection, read_shop(connection), partial(tenancy.connection, tenant)
            )
        started = time.perf_counter()
        orders = ledger.orders.counted(_AS_OF)
        scored = rfm(buyers(orders, _AS_OF))
        with ThreadPoolExecutor(2) as pool:
            for done in (pool.submit(part, orders, scored) for part in (_models, _sales)):
                done.result()
        seconds = time.perf_counter() - started
        started = time.perf_counter()
        choose(*_history(orders), _AS_OF)
        _say(all=seconds, choice_beside_it=time.perf_counter() - started)
        return seconds

    return min(once() for _ in range(_RUNS))


def _sales(orders: Orders, scored: Rfm) -> None:
    """Totals, all metrics by day, best customers and products, cohorts, both groupings of RFM."""
    totals(orders, scored.buyers)
    daily(orders, _AS_OF)
    months = cohorts(orders, _AS_OF)
    for measure in ("retention", "ltv_minor", "aov_minor", "refund_rate"):
        months.measure(measure)
    scored.segments()
    shopify_groups(scored)
    sliced, _ = slices(orders, _AS_OF, Grain.DAY)
    for metric in METRICS.values():
        metric.function(sliced)
    top_customers_between(orders, _AS_OF - 90, _AS_OF)
    top_products(orders, _AS_OF - 90, _AS_OF)


def _models(orders: Orders, scored: Rfm) -> None:
    """Both purchase models and the spend model, scores with intervals, values by segment and cohort."""
    summary = purchase_summary(*_history(orders), _AS_OF)
    columns = summary.frequency, summary.recency, summary.T
    lasting = ModifiedBetaGeoFitter().fit(*columns, prior=DEFAULT_PRIORS["MBG/NBD"])
    usual = BetaGeoFitter().fit(*columns, prior=DEFAULT_PRIORS["BG/NBD"])
    _say(log_likelihoods_apart=lasting.log_likelihood_ - usual.log_likelihood_)
    spend = fit_spend(summary)
    untried = Shortage("backtest")
    choice = Choice(_AS_OF, "unproven", None, lasting.name, lasting, lasting, spend, untried)
    predict(choice, summary)
    born = period(_AS_OF - summary.T, Grain.MONTH)
    value_totals(choice, summary, {"segment": scored.segment, "cohort": born - born.min()})


def _history(orders: Orders) -> tuple[Int, Int, Int]:
    return orders.ordered("customer"), orders.ordered("day"), orders.ordered("net_minor")


def duck(folder: LedgerFolder, tenancy: Tenancy, tenant: UUID) -> float:
    """RFM, cohorts and daily revenue in DuckDB on the same columns; best of two runs."""
    with tenancy.connection(tenant) as connection:
        ledger = folder.load(connection, read_shop(connection), partial(tenancy.connection, tenant))
    orders = ledger.orders.counted(_AS_OF)
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
