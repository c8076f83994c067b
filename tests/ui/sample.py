"""A document like the ones that insights store, made from a seed: a plausible shop."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

__all__ = ["SEGMENTS", "empty_document", "make_document"]

SEGMENTS = (
    ("champions", "Champions", 0.09, 0.34),
    ("loyal", "Loyal", 0.10, 0.19),
    ("potential_loyalists", "Potential loyalists", 0.13, 0.13),
    ("new_customers", "New customers", 0.08, 0.03),
    ("promising", "Promising", 0.06, 0.04),
    ("need_attention", "Need attention", 0.07, 0.07),
    ("about_to_sleep", "About to sleep", 0.09, 0.04),
    ("at_risk", "At risk", 0.11, 0.09),
    ("cannot_lose", "Can’t lose", 0.03, 0.04),
    ("hibernating", "Hibernating", 0.14, 0.02),
    ("lost", "Lost", 0.10, 0.01),
)
_ACTIONS = "Reward them: early access, a thank-you, an invitation to refer a friend."

PROVEN = {
    "state": "ok",
    "horizon_days": 90,
    "observed": 0.71,
    "predicted": 0.69,
    "brier": 0.121,
    "skill": 0.14,
    "beats_baseline": True,
    "baselines": {"base_rate": 0.205, "recency_threshold": 0.141},
    "value": [{"name": "model", "mae": 1800.0}, {"name": "rule", "mae": 2000.0}],
}
BEATEN = {
    "state": "no_better_than_a_rule",
    "horizon_days": 90,
    "message": "On this store’s own past the models were no better than a rule of thumb, so no prediction is shown.",
    "evidence": PROVEN | {"brier": 0.151, "skill": -0.07, "beats_baseline": False},
    "drift": None,
}


def make_document(
    *, days: int = 900, last_day: date = date(2026, 11, 21), seed: int = 7, **shop: Any
) -> dict[str, Any]:
    """A shop with `days` days of history."""
    rng = random.Random(seed)
    daily: dict[str, Any] = {"start": (last_day - timedelta(days=days - 1)).isoformat()}
    names = (
        "orders",
        "gross_minor",
        "discounts_minor",
        "returns_minor",
        "net_minor",
        "new_customers",
    )
    daily |= {name: [] for name in (*names, "returning_customers")}
    for day in range(days):
        weekday = (last_day - timedelta(days=days - 1 - day)).weekday()
        level = (18 + 14 * day / days) * (1.25 if weekday in {4, 5, 6} else 0.9)
        orders = max(0, round(rng.gauss(level, level**0.5)))
        gross = sum(rng.randint(1_900, 14_000) for _ in range(orders))
        discounts, returns = (
            round(gross * rng.uniform(0, 0.08)),
            round(gross * rng.uniform(0, 0.06)),
        )
        new = round(orders * rng.uniform(0.3, 0.5))
        values = (orders, gross, discounts, returns, gross - discounts - returns, new, orders - new)
        for name, value in zip((*names, "returning_customers"), values, strict=True):
            daily[name].append(value)
    revenue, orders, buyers = (
        sum(daily["net_minor"]),
        sum(daily["orders"]),
        sum(daily["new_customers"]),
    )
    return {
        "data_version": 41,
        "insight_run": "0193c0de-0000-7000-8000-000000000041",
        "computed_at": "2026-11-22T10:42:11+00:00",
        "rule_version": "rfm-1",
        "shop": {
            "name": "Garden & Grove",
            "domain": "garden-grove.myshopify.com",
            "currency": "USD",
            "currency_exponent": 2,
            "timezone": "America/New_York",
        }
        | shop,
        "freshness": {
            "synced_at": datetime.now(UTC).isoformat(),
            "last_order_on": last_day.isoformat(),
            "history_since": daily["start"],
        },
        "totals": {
            "customers": buyers + 210,
            "buyers": buyers,
            "orders": orders,
            "revenue_minor": revenue,
            "aov_minor": revenue // max(1, orders),
            "guest_orders": 0,
            "repeat_rate": 0.41,
        },
        "daily": daily,
        "rfm": _rfm(rng, buyers, revenue, last_day),
        "cohorts": _cohorts(rng, last_day, months=14),
        "churn": {
            "state": "ok",
            "horizon_days": 90,
            "customers": buyers,
            "expected_churn": buyers * 0.52,
            "at_risk": round(buyers * 0.2),
            "histogram": [
                round(buyers * share)
                for share in (0.06, 0.07, 0.08, 0.08, 0.09, 0.1, 0.11, 0.12, 0.14, 0.15)
            ],
            "model": {"name": "MBG/NBD"},
            "evidence": PROVEN,
            "drift": None,
        },
        "clv": {
            "state": "ok",
            "horizon_days": 365,
            "total_minor": round(revenue * 0.31),
            "total_minor_low": round(revenue * 0.28),
            "total_minor_high": round(revenue * 0.35),
            "mean_minor": round(revenue * 0.31 / buyers),
            "evidence": PROVEN,
            "model": {"name": "Gamma-Gamma"},
        },
        "top_customers": [
            {
                "id": 7_000_000_000_000 + n,
                "orders": 44 - 3 * n,
                "net_minor": 402_155 - 27_431 * n,
                "last_order_on": (last_day - timedelta(days=3 + 9 * n)).isoformat(),
                "segment": ("champions", "champions", "loyal", "at_risk", "cannot_lose")[n % 5],
                "churn_90": None if n == 8 else round(0.04 + 0.09 * n, 3),
                "clv_365_minor": None if n == 8 else 90_000 - 7_000 * n,
            }
            for n in range(10)
        ],
    }


def _rfm(rng: random.Random, buyers: int, revenue: int, as_of: date) -> dict[str, Any]:
    weights = [[(1 + abs(r - f) * -0.16 + rng.uniform(0, 0.3)) for f in range(5)] for r in range(5)]
    total = sum(map(sum, weights))
    return {
        "as_of": as_of.isoformat(),
        "segments": [
            {
                "key": key,
                "name": name,
                "customers": round(buyers * share),
                "revenue_minor": round(revenue * worth),
                "action": _ACTIONS,
            }
            for key, name, share, worth in SEGMENTS
        ],
        "grid": [[round(buyers * weight / total) for weight in row] for row in weights],
    }


def _cohorts(rng: random.Random, last_day: date, months: int) -> dict[str, Any]:
    first = last_day.year * 12 + last_day.month - months
    labels = [f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, first + months)]
    size = [rng.randint(240, 420) for _ in labels]
    active: list[list[int | None]] = []
    revenue: list[list[int | None]] = []
    for row, count in enumerate(size):
        known = months - 1 - row
        back = [count] + [
            round(count * rng.uniform(0.12, 0.2) * 0.93**k + count * 0.05) for k in range(1, months)
        ]
        active.append([value if k < known else None for k, value in enumerate(back)])
        revenue.append([value * 5_400 if k < known else None for k, value in enumerate(back)])
    return {
        "grain": "month",
        "cohorts": labels,
        "size": size,
        "active": active,
        "revenue_minor": revenue,
    }


def empty_document() -> dict[str, Any]:
    """A shop that was synced and has no order."""
    document = make_document(days=1)
    daily = {
        name: [] if isinstance(value, list) else None for name, value in document["daily"].items()
    }
    missing = {
        "state": "not_enough_data",
        "have": {"repeat_customers": 0},
        "need": {"repeat_customers": 30},
    }
    return document | {
        "daily": daily,
        "totals": dict.fromkeys(document["totals"], 0) | {"repeat_rate": None},
        "rfm": {"as_of": "2026-11-21", "segments": [], "grid": [[0] * 5 for _ in range(5)]},
        "cohorts": {"grain": "month", "cohorts": [], "size": [], "active": [], "revenue_minor": []},
        "churn": missing
        | {"message": "A forecast needs customers who came back; there are none yet."},
        "clv": missing
        | {"message": "A forecast needs customers who came back; there are none yet."},
        "top_customers": [],
        "freshness": document["freshness"] | {"last_order_on": None, "history_since": None},
    }
