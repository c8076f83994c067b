"""The document that the Overview dashboard paints from: plain JSON, no personal data."""

from dataclasses import asdict

import numpy as np

from xsight_core.analytics import SEGMENTS, day_of, top_customers
from xsight_core.clv import ChurnScores, Shortage, ValueScores
from xsight_core.clv.scores import CHURN_DAYS, CLV_DAYS
from xsight_core.db.insights import InsightRun
from xsight_core.ledger import ShopState
from xsight_core.services.card import AT_RISK, shortage
from xsight_core.services.drift import Drift
from xsight_core.services.figures import Figures
from xsight_core.services.parts import Json, cohorts_part, daily_part, rfm_part

__all__ = ["overview"]

_BANDS = 10


def overview(
    figures: Figures, shop: ShopState, *, customers: int, run: InsightRun, drift: Drift | None
) -> Json:
    """Body of the document ``overview``; ``customers`` counts all of the shop's, also those who never ordered."""
    totals = asdict(figures.totals)
    last_day = int(figures.orders.day[-1]) if len(figures.orders) else None
    return {
        "data_version": shop.data_version,
        "insight_run": str(run.id),
        "computed_at": run.computed_at.isoformat(),
        "rule_version": figures.orders.rule.version,
        "shop": {
            "name": shop.name,
            "domain": shop.domain,
            "currency": shop.currency,
            "currency_exponent": shop.currency_exponent,
            "timezone": shop.timezone,
        },
        "freshness": {
            "synced_at": shop.synced_at.isoformat() if shop.synced_at else None,
            "last_order_on": None if last_day is None else day_of(last_day).isoformat(),
            "history_since": shop.history_since.isoformat() if shop.history_since else None,
        },
        "totals": {"customers": customers, **totals},
        "daily": daily_part(figures.daily),
        "rfm": rfm_part(figures.rfm),
        "cohorts": cohorts_part(figures.cohorts),
        "churn": _churn(figures, drift),
        "clv": _value(figures),
        "top_customers": _top(figures),
    }


def _churn(figures: Figures, drift: Drift | None) -> Json:
    churn = figures.churn
    if isinstance(churn, Shortage):
        return shortage(churn)
    bands = np.minimum((churn.churn_90 * _BANDS).astype(int), _BANDS - 1)
    at_risk = (churn.churn_90 >= AT_RISK) & (figures.purchases.frequency > 0)
    return {
        "state": "ok",
        "horizon_days": CHURN_DAYS,
        "customers": len(churn.churn_90),
        "expected_churn": float(churn.churn_90.sum()),
        "at_risk": int(np.count_nonzero(at_risk)),
        "histogram": np.bincount(bands, minlength=_BANDS).tolist(),
        "model": churn.card(),
        "evidence": _evidence(figures),
        "drift": drift.card() if drift else None,
    }


def _evidence(figures: Figures) -> Json:
    """How the forecast would have done on this shop's last 90 days, or why that cannot be said yet."""
    evidence = figures.evidence
    if isinstance(evidence, Shortage):
        return shortage(evidence)
    return {"state": "ok", **evidence.card(), "cutoff": day_of(evidence.cutoff).isoformat()}


def _value(figures: Figures) -> Json:
    value = figures.value
    if isinstance(value, Shortage):
        return shortage(value)
    minor = np.rint(value.clv_365).astype(np.int64)
    return {
        "state": "ok",
        "horizon_days": CLV_DAYS,
        "total_minor": int(minor.sum()),
        "mean_minor": round(float(value.clv_365.mean())),
        "model": value.card(),
    }


def _top(figures: Figures) -> list[Json]:
    buyers, churn, value = figures.buyers, figures.churn, figures.value
    return [
        {
            "id": int(buyers.customer_id[i]),
            "orders": int(buyers.orders[i]),
            "net_minor": int(buyers.net_minor[i]),
            "last_order_on": day_of(int(buyers.last_day[i])).isoformat(),
            "segment": SEGMENTS[int(figures.rfm.segment[i])].key,
            "churn_90": float(churn.churn_90[i]) if isinstance(churn, ChurnScores) else None,
            "clv_365_minor": round(float(value.clv_365[i]))
            if isinstance(value, ValueScores)
            else None,
        }
        for i in top_customers(buyers).tolist()
    ]
