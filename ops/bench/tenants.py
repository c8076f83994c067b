"""``python -m ops.bench.tenants [STORES…]``: what an installation of so many stores asks for, and what breaks first.

A simulation of one day, minute by minute, of what `xsight_core.services.schedule` promises (a delta sync every quarter
of an hour, insights once in the shop's night) and of what Shopify sends. ``Costs`` says which figure was measured by
which bench (docs/benchmarks.md) and which is an estimate. Sizes of shops follow a heavy-tailed distribution with a
median of 1,500 customers, cut at a million: an assumption too. It knows nothing of other hardware, of a real Shopify's
pauses, or of a sales day.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from xsight_core.services.schedule import SYNC_EVERY, night_minute, slot_start

__all__ = ["Costs", "Day", "day", "main"]

_MINUTES = 1440
_MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
_SPREAD = 1.6  # of the logarithm of a shop's customers
_MEDIAN_CUSTOMERS, _MOST_CUSTOMERS = 1_500, 1_000_000
_ORDERS_A_CUSTOMER = 3.0
_ORDERS_A_DAY = 1 / 700  # of a shop's orders so far
_WEBHOOKS_AN_ORDER = 4.0
_ZONES = np.array([-8, -7, -6, -5, -5, -5, 0, 1, 1, 2, 8, 9, 10])  # hours, as shops are spread


@dataclass(frozen=True)
class Costs:
    """Seconds of one core, bytes."""

    delta_s: float = 0.35  # estimate: a delta of few changes, worker and server
    insights_fixed_s: float = 1.5  # estimate: a calculator starts, reads little, writes
    insights_per_order_s: float = 8e-6  # bench insights: 33.1 s read and 5.1 s compute of 5,000,000
    webhook_s: float = 0.0003  # bench webhooks: API 0.20 ms, PostgreSQL 0.10 ms
    refetch_s: float = 0.006  # estimate: fetched again and written, in batches
    order_bytes: float = 1_200  # bench api: 6 GB of 5,000,000 orders with lines
    sync_points: float = 30.0  # estimate: of Shopify's bucket, a delta of few changes
    restore_per_s: float = 100.0  # of that bucket, a shop's own
    calls_at_once: int = 4  # jobs of a worker
    connections: int = 20  # of a worker's pool, at most
    most_connections: int = 300  # deploy: PostgreSQL
    scheduler_s: float = 0.018  # docs/scaling.md: a look at one store where nothing is due


@dataclass(frozen=True)
class Day:
    """What a day asks for. Cores are those of the busiest minute."""

    stores: int
    orders_m: float
    disk_gb: float
    webhooks_per_s: float
    api_cores: float
    worker_cores: float
    worker_cores_mean: float
    workers: int
    connections: int
    scheduler_s: float
    bucket_share: float

    def breaks(self, costs: Costs) -> str:
        """What gives way first at this size."""
        limits = {
            "the scheduler: one leader looks at every store within its ten seconds": self.scheduler_s
            / 10,
            "PostgreSQL's connections: a pooler (PgBouncer, transaction mode) or smaller pools": self.connections
            / costs.most_connections,
            "one PostgreSQL's disk and memory: Citus by tenant_id": self.disk_gb / 2_000,
            "one PostgreSQL's writes: Citus by tenant_id": self.webhooks_per_s / 3_500,
            "Shopify's own limit of a shop": self.bucket_share,
        }
        worst = max(limits, key=limits.__getitem__)
        return f"{limits[worst]:.0%} of {worst}"


def day(stores: int, costs: Costs, seed: int = 20261123) -> Day:
    """Simulate one day of so many stores."""
    rng = np.random.default_rng(seed)
    ids = [UUID(int=int.from_bytes(rng.bytes(16), "big")) for _ in range(stores)]
    customers = np.exp(rng.normal(np.log(_MEDIAN_CUSTOMERS), _SPREAD, stores))
    orders = np.minimum(customers, _MOST_CUSTOMERS) * _ORDERS_A_CUSTOMER
    busy = np.zeros(_MINUTES)
    every = int(SYNC_EVERY.total_seconds() // 60)
    first = np.array([_offset_min(one) for one in ids])
    for minute in range(every):
        busy[minute::every] += costs.delta_s * np.count_nonzero(first == minute)
    night = (np.array([night_minute(one) for one in ids]) - 60 * rng.choice(_ZONES, stores)) % 1440
    _lay(busy, night, costs.insights_fixed_s + costs.insights_per_order_s * orders)
    a_day = orders.sum() * _ORDERS_A_DAY * _WEBHOOKS_AN_ORDER
    hours = 1 + 0.6 * np.sin(np.linspace(0, 2 * np.pi, _MINUTES))
    hooks_per_s = a_day / 86_400 * hours
    busy += 60 * hooks_per_s * costs.refetch_s
    cores = busy / 60
    workers = max(2, int(np.ceil(cores.max() / 2)))
    return Day(
        stores=stores,
        orders_m=float(orders.sum() / 1e6),
        disk_gb=float(orders.sum() * costs.order_bytes / 1e9),
        webhooks_per_s=float(hooks_per_s.max()),
        api_cores=float(hooks_per_s.max() * costs.webhook_s),
        worker_cores=float(cores.max()),
        worker_cores_mean=float(cores.mean()),
        workers=workers,
        connections=workers * costs.connections + 60,
        scheduler_s=stores * costs.scheduler_s,
        bucket_share=costs.sync_points / (costs.restore_per_s * SYNC_EVERY.total_seconds()),
    )


def _offset_min(tenant: UUID) -> int:
    from_slot = slot_start(tenant, _MIDNIGHT)
    return int((_MIDNIGHT - from_slot).total_seconds() // 60) * -1 % 15


def _lay(busy: np.ndarray, minute: np.ndarray, seconds: np.ndarray) -> None:
    """Work of so many seconds that begins at a minute goes on into the next ones, a core wide."""
    for start, rest in zip(minute, seconds, strict=True):
        at, left = int(start), float(rest)
        while left > 0:
            busy[at % _MINUTES] += min(left, 60.0)
            at, left = at + 1, left - 60.0


def main(sizes: Sequence[int]) -> None:
    """One row a size."""
    costs = Costs()
    print(
        "| stores | M orders | GB | webhooks/s | api cores | worker cores, busiest minute (mean) | workers"
        " | connections | a scheduler's round, s | first to give way |"
    )
    print("|---" * 10 + "|")
    for stores in sizes:
        one = day(stores, costs)
        print(
            f"| {stores:,} | {one.orders_m:,.1f} | {one.disk_gb:,.0f} | {one.webhooks_per_s:,.1f} |"
            f" {one.api_cores:.2f} | {one.worker_cores:.1f} ({one.worker_cores_mean:.1f}) | {one.workers} |"
            f" {one.connections} | {one.scheduler_s:.1f} | {one.breaks(costs)} |"
        )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10, 100, 1_000, 3_000, 10_000])
