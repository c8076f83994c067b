"""What a worker counts of itself, for Prometheus."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram

from xsight_core.tenancy import Tenancy

__all__ = ["count_model", "count_rows", "measure", "watch_pool"]

_JOBS: Final = Counter("xsight_jobs", "Jobs that ended in this worker.", ["kind", "outcome"])
_SECONDS: Final = Histogram(
    "xsight_job_duration_seconds",
    "How long jobs took that were done or failed.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800),
)
_ROWS: Final = Counter("xsight_sync_rows", "Rows of syncs that ended.", ["kind", "outcome"])
_MODELS: Final = Counter(
    "xsight_insight_runs", "Insight runs that are shown, by what their forecast is.", ["model"]
)
_POOL: Final = Gauge(
    "xsight_pool_connections",
    "Connections to the database of this process, and the most.",
    ["state"],
)


def count_model(state: str) -> None:
    """Of a new insight run: steady, worse, or none where no forecast is shown."""
    _MODELS.labels(state).inc()


def watch_pool(tenancy: Tenancy) -> None:
    """Tell the pool's use at each scrape."""
    for state in tenancy.pool():
        _POOL.labels(state).set_function(partial(_in_state, tenancy, state))


def _in_state(tenancy: Tenancy, state: str) -> float:
    return tenancy.pool()[state]


def measure(kind: str) -> Callable[[str], None]:
    """A watch that is stopped with the outcome: done, failed, gave_way, waited, stopped."""
    begun = time.perf_counter()

    def stop(outcome: str) -> None:
        _JOBS.labels(kind, outcome).inc()
        if outcome in {"done", "failed"}:
            _SECONDS.labels(kind).observe(time.perf_counter() - begun)

    return stop


def count_rows(message: Mapping[str, Any]) -> None:
    """Of a sync's last message: how many rows it brought, and how it ended."""
    if message.get("type") in {"sync:completed", "sync:failed"}:
        kind, outcome = str(message.get("kind")), str(message.get("status"))
        _ROWS.labels(kind, outcome).inc(int(message.get("rows") or 0))
