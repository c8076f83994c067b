"""What the Overview dashboard shows of a run."""

from xsight_core.analytics import METRICS, SEGMENTS, day_of, top_customers
from xsight_core.services.drift import Drift
from xsight_core.services.figures import Figures
from xsight_core.services.outlook import churn_part, value_part
from xsight_core.services.parts import Json, cohorts_part, daily_part, rfm_part

__all__ = ["overview"]


def overview(figures: Figures, drift: Drift | None) -> Json:
    """The parts of the document ``overview``; ``definitions`` says what each metric means, by its name."""
    return {
        "daily": daily_part(figures.daily),
        "rfm": rfm_part(figures.rfm),
        "cohorts": cohorts_part(figures.cohorts),
        "churn": churn_part(figures.forecast, drift),
        "clv": value_part(figures.forecast),
        "top_customers": _top(figures),
        "definitions": {metric.name: metric.definition for metric in METRICS.values()},
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
