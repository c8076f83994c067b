# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""What repeats, what goes together, what comes next, and what broke the habit. Pure; run in a thread."""

from collections.abc import Callable
from typing import Final

from xsight_core.analytics import Orders, daily, day_of
from xsight_core.analytics.affinity import Pairs, bought_together, next_product
from xsight_core.analytics.anomalies import Anomaly, anomalies
from xsight_core.analytics.forecast import forecast_revenue
from xsight_core.analytics.repurchase import repurchase_latency
from xsight_core.services.look import Look
from xsight_core.services.parts import Json

__all__ = [
    "anomaly_analysis",
    "forecast_analysis",
    "next_analysis",
    "repurchase_analysis",
    "together_analysis",
]

_SHARES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
_YEAR: Final = 364  # whole weeks: a Monday beside a Monday


def together_analysis(look: Look, *, product: int | None, at_least: int, limit: int) -> Json:
    """Products found in one order more often than chance would have it; of all, or of those with ``product``."""
    return _pairs(look, bought_together, product, at_least, limit)


def next_analysis(look: Look, *, product: int | None, at_least: int, limit: int) -> Json:
    """What customers buy in the order after one with a product: after each, or after ``product``."""
    return _pairs(look, next_product, product, at_least, limit)


def repurchase_analysis(look: Look, *, nth: int | None, span: int) -> Json:
    """How long until the next purchase: shares who bought again by day, and the chance of each span of days."""
    found = repurchase_latency(look.ledger.orders, look.as_of, nth=nth)
    ends = range(span, len(found.waiting) + 1, span)
    chance = found.hazard_by(span)["chance"].tolist()
    return {
        "as_of": day_of(look.as_of).isoformat(),
        "nth": nth,
        "purchases": found.purchases,
        "repeats": found.repeats,
        "quantiles": [{"share": share, "days": found.quantile(share)} for share in _SHARES],
        "span_days": span,
        "curve": [
            {
                "days": day,
                "at_risk": int(found.at_risk[day - span]),
                "waiting": float(found.waiting[day - 1]),
                "waiting_low": float(found.low[day - 1]),
                "waiting_high": float(found.high[day - 1]),
                "chance": chance[k],
            }
            for k, day in enumerate(ends)
        ],
    }


def forecast_analysis(look: Look, *, days: int) -> Json:
    """Net sales of the coming days beside last year's, with how such a forecast did before."""
    orders = look.ledger.orders
    found = forecast_revenue(orders, look.as_of, days)
    past = daily(orders, look.as_of - 1)
    evidence = found.evidence

    def year_before(day: int) -> int | None:
        place = day - _YEAR - past.start
        return int(past.net_minor[place]) if 0 <= place < len(past) else None

    return {
        "as_of": day_of(look.as_of).isoformat(),
        "method": found.method,
        "total_minor": round(found.total),
        "total_minor_low": round(found.total_low),
        "total_minor_high": round(found.total_high),
        "days": [
            {
                "day": day_of(look.as_of + k).isoformat(),
                "net_minor": round(float(found.daily[k])),
                "net_minor_low": round(float(found.low[k])),
                "net_minor_high": round(float(found.high[k])),
                "last_year_minor": year_before(look.as_of + k),
            }
            for k in range(len(found.daily))
        ],
        "evidence": {
            "stretches": evidence.stretches,
            "mae_minor": round(evidence.mae),
            "naive": evidence.naive,
            "naive_mae_minor": round(evidence.naive_mae),
            "total_error": evidence.total_error,
            "naive_total_error": evidence.naive_total_error,
            "beats_naive": evidence.beats_naive,
        },
    }


def anomaly_analysis(look: Look, *, last: int, threshold: float) -> Json:
    """Days out of line, the latest first, each with what made it so."""
    found = anomalies(look.ledger.orders, look.as_of, last=last, threshold=threshold)
    return {
        "as_of": day_of(look.as_of).isoformat(),
        "last": last,
        "threshold": threshold,
        "days": [_anomaly(one) for one in found],
    }


def _anomaly(one: Anomaly) -> Json:
    return {
        "day": day_of(one.day).isoformat(),
        "net_minor": one.net_minor,
        "expected_minor": round(one.expected_minor),
        "difference_minor": one.net_minor - round(one.expected_minor),
        "z": round(one.z, 2),
        "causes": [
            {"kind": cause.kind, "name": cause.name, "minor": round(cause.minor)}
            for cause in one.causes
        ],
    }


def _pairs(
    look: Look, find: Callable[..., Pairs], product: int | None, at_least: int, limit: int
) -> Json:
    orders: Orders = look.ledger.orders
    found = find(orders, look.as_of, product=product, at_least=at_least, most=limit)
    names = orders.products
    title = {key: names.name(i) for i, key in enumerate(names.product_id.tolist())}

    def named(key: int) -> Json:
        return {"id": key, "title": title[key]}

    return {
        "as_of": day_of(look.as_of).isoformat(),
        "baskets": found.total,
        "at_least": at_least,
        "pairs": [
            {
                "first": named(int(found.first[i])),
                "second": named(int(found.second[i])),
                "together": int(found.together[i]),
                "support": float(found.support[i]),
                "confidence": float(found.confidence[i]),
                "lift": float(found.lift[i]),
                "lift_low": float(found.lift_low[i]),
                "lift_high": float(found.lift_high[i]),
            }
            for i in range(len(found))
        ],
    }
