"""The queue as Prometheus sees it: read from the database when somebody scrapes, at most every ten seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from xsight_core.db.operations import read_gauges

__all__ = ["Gauges"]

log = structlog.get_logger()

_FRESH_S: Final = 10.0
_KINDS: Final = {
    "xsight_jobs_waiting": ("waiting", "Jobs that are queued."),
    "xsight_jobs_running": ("running", "Jobs under way."),
    "xsight_jobs_failed_day": ("failed", "Jobs that were given up within a day."),
    "xsight_queue_oldest_due_seconds": ("oldest_due_s", "How long the oldest due job has waited."),
}
_FIGURES: Final = {
    "xsight_inbox_waiting": ("inbox_waiting", "Webhooks stored and not worked on yet."),
    "xsight_inbox_oldest_seconds": ("inbox_oldest_s", "Age of the oldest of these."),
    "xsight_inbox_dead": ("inbox_dead", "Webhooks that were given up."),
    "xsight_stores": ("stores", "Stores that are not suspended."),
    "xsight_shops_connected": ("shops", "Shops that send webhooks."),
    "xsight_hub_servers": (
        "hub_servers",
        "Notebook servers of the Hub: each has a role in the database.",
    ),
    "xsight_sync_lag_seconds": (
        "sync_lag_s",
        "Since the last good sync of the store that waits longest.",
    ),
}

Read = Callable[[], tuple[dict[str, float], list[dict[str, Any]]]]

Pool = Callable[[], dict[str, int]]


class Gauges(Collector):
    """Figures of one installation, whichever process is asked. ``xsight_database_up`` is 0 when there are none."""

    def __init__(
        self, database_url: str, *, read: Read | None = None, pool: Pool | None = None
    ) -> None:
        self._pool: Pool = pool or dict[str, int]
        self._read: Read = read or (lambda: read_gauges(database_url))
        self._lock = threading.Lock()
        self._known: list[GaugeMetricFamily] = []
        self._read_at = float("-inf")

    def describe(self) -> list[Any]:
        """Nothing yet: to register must not ask the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As of now, or of the last ten seconds."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_S:
                self._known = list(self._measure())
                self._read_at = time.monotonic()
            yield from self._known
        used = GaugeMetricFamily(
            "xsight_pool_connections",
            "Connections of this process, and the most.",
            labels=["state"],
        )
        for state, count in self._pool().items():
            used.add_metric([state], count)
        yield used

    def _measure(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("xsight_database_up", "Whether the database answers.")
        try:
            figures, kinds = self._read()
        except Exception as error:  # noqa: BLE001 - whatever the reason, a scrape is answered
            log.warning("gauges.database", reason=type(error).__name__)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        for name, (key, words) in _FIGURES.items():
            yield GaugeMetricFamily(name, words, value=figures[key])
        for name, (key, words) in _KINDS.items():
            family = GaugeMetricFamily(name, words, labels=["kind"])
            for kind in kinds:
                family.add_metric([kind["kind"]], kind[key])
            yield family
