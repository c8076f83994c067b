"""A document of the Sync page like the one that the database makes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

__all__ = ["DIFFERS", "make_sync_document"]

NOW = datetime(2026, 11, 22, 10, 42, 11, tzinfo=UTC)

_TOTALS = {"orders": 41_208, "gross": 291_330_417, "discounts": 9_120_044, "returns": 7_003_310}
_TOTALS["net"] = _TOTALS["gross"] - _TOTALS["discounts"] - _TOTALS["returns"]

EQUAL: dict[str, Any] = {
    "run": str(UUID(int=1)),
    "state": "explained",
    "checked_at": NOW.isoformat(),
    "counts": [
        {"object": name, "shop": count, "ours": count, "difference": 0, "state": "equal", "causes": []}
        for name, count in (("customers", 23_570), ("orders", 41_311), ("products", 412))
    ],
    "sales": {
        "state": "explained",
        "since": "2024-06-01",
        "until": "2026-11-22",
        "days": 905,
        "days_equal": 903,
        "totals": {"ours": _TOTALS, "shop": _TOTALS},
        "differences": [
            {"day": "2026-11-03", "figure": "returns", "ours": 4_000, "shop": 0, "cause": "edit date"},
            {"day": "2026-11-05", "figure": "returns", "ours": 0, "shop": 4_000, "cause": "edit date"},
        ],
        "causes": {"edit date": 2},
    },
    "rules": [
        {"cause": "test", "orders": 12, "net_minor": 48_000},
        {"cause": "cancelled", "orders": 91, "net_minor": 612_300},
        {"cause": "guests", "orders": 0, "net_minor": 0},
        {"cause": "refund date", "orders": 1_900, "net_minor": -7_003_310},
    ],
    "quarantine": {},
}  # fmt: skip

DIFFERS: dict[str, Any] = EQUAL | {
    "state": "differs",
    "counts": [
        EQUAL["counts"][0],
        {
            "object": "orders",
            "shop": 41_311,
            "ours": 41_305,
            "difference": -6,
            "state": "differs",
            "causes": [{"cause": "quarantine", "count": 2}, {"cause": "unknown", "count": 4}],
        },
        EQUAL["counts"][2],
    ],
    "sales": {"state": "not offered", "reason": "The scope read_reports is not granted."},
    "quarantine": {"orders": 2, "customers": 1},
}


def make_sync_document(
    *, connection: str = "connected", history_since: str | None = None, report: Any = EQUAL
) -> dict[str, Any]:
    """A store with a first sync, a failure, a cancellation and changes since."""
    runs = [_run(n, "delta", rows=37 * n % 90, seconds=4 + n) for n in range(1, 12)]
    runs[3] |= {
        "status": "failed",
        "error": {
            "code": "unavailable",
            "message": "The shop has not answered for an hour. The next sync goes on from here.",
        },
    }
    runs[5] |= {"status": "cancelled"}
    runs.append(_run(12, "full", rows=181_440, seconds=88) | {"bytes": 612_400_000, "set_aside": 3})
    return {
        "data_version": 41,
        "insight_run": str(UUID(int=41)),
        "computed_at": NOW.isoformat(),
        "shop": {
            "name": "Garden & Grove",
            "domain": "garden-grove.myshopify.com",
            "currency": "USD",
            "currency_exponent": 2,
            "timezone": "America/New_York",
        },
        "freshness": {
            "synced_at": datetime.now(UTC).isoformat(),
            "last_order_on": None,
            "history_since": history_since,
        },
        "connection": {
            "state": connection,
            "note": None
            if connection == "connected"
            else "Shopify no longer accepts our access: the app was removed from the store. Connect it again; "
            "nothing that was synced is lost.",
            "since": "2026-10-03T08:00:00+00:00",
            "scopes": ["read_customers", "read_orders"],
        },
        "metafields": {"products": ["custom.material", "custom.season"], "customers": []},
        "runs": runs,
        "completeness": report,
    }


def _run(n: int, kind: str, *, rows: int, seconds: float) -> dict[str, Any]:
    started = NOW - timedelta(minutes=15 * n)
    return {
        "run": str(UUID(int=n)),
        "kind": kind,
        "status": "completed",
        "started_at": started.isoformat(),
        "finished_at": (started + timedelta(seconds=seconds)).isoformat(),
        "error": None,
        "rows": rows,
        "bytes": 0,
        "cost_points": 12.0 + rows,
        "requests": 6,
        "set_aside": 0,
    }
