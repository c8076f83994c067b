"""The document that the Overview dashboard paints from: plain JSON, no personal data."""

from dataclasses import asdict

from xsight_core.analytics import SEGMENTS, day_of, top_customers
from xsight_core.db.insights import InsightRun
from xsight_core.ledger import ShopState
from xsight_core.services.drift import Drift
from xsight_core.services.figures import Figures
from xsight_core.services.outlook import churn_part, value_part
from xsight_core.services.parts import Json, cohorts_part, daily_part, rfm_part

__all__ = ["overview"]


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
        "churn": churn_part(figures.forecast, drift),
        "clv": value_part(figures.forecast),
        "top_customers": _top(figures),
    }


def _top(figures: Figures) -> list[Json]:
    buyers, found = figures.buyers, figures.forecast.predictions
    value = found.clv_minor if found is not None and figures.forecast.choice.value_shown else None
    return [
        {
            "id": int(buyers.customer_id[i]),
            "orders": int(buyers.orders[i]),
            "net_minor": int(buyers.net_minor[i]),
            "last_order_on": day_of(int(buyers.last_day[i])).isoformat(),
            "segment": SEGMENTS[int(figures.rfm.segment[i])].key,
            "churn_90": None if found is None else float(found.churn_90[i]),
            "clv_365_minor": None if value is None else round(float(value[i, -1])),
        }
        for i in top_customers(buyers).tolist()
    ]
