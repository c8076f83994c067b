"""What a run says of each customer, as columns of the tables that keep it."""

import numpy as np

from xsight_core.analytics import SEGMENTS
from xsight_core.clv import ChurnScores, ValueScores
from xsight_core.db.scores import Column, Named
from xsight_core.services.figures import Figures

__all__ = ["history", "scores"]

_HISTORY = (
    "customer_id",
    "orders",
    "net_minor",
    "last_day",
    "r",
    "f",
    "m",
    "segment",
    "p_alive",
    "churn_90",
    "expected_orders_90",
    "clv_365_minor",
)


def scores(result: Figures) -> dict[str, Column]:
    """Columns of ``customer_insights``; a prediction that could not be made has none, and is null."""
    buyers, rfm, purchases = result.buyers, result.rfm, result.purchases
    columns: dict[str, Column] = {
        "customer_id": buyers.customer_id,
        "orders": buyers.orders,
        "net_minor": buyers.net_minor,
        "first_day": buyers.first_day,
        "last_day": buyers.last_day,
        "frequency": purchases.frequency,
        "recency_days": purchases.recency,
        "age_days": purchases.T,
        "r": rfm.r,
        "f": rfm.f,
        "m": rfm.m,
        "segment": Named(rfm.segment, [segment.key for segment in SEGMENTS]),
    }
    if isinstance(result.churn, ChurnScores):
        columns |= {
            "p_alive": result.churn.p_alive,
            "churn_90": result.churn.churn_90,
            "expected_orders_90": result.churn.expected_orders_90,
            "expected_orders_365": result.churn.expected_orders_365,
        }
    if isinstance(result.value, ValueScores):
        columns["clv_365_minor"] = np.rint(result.value.clv_365).astype(np.int64)
    return columns


def history(result: Figures) -> dict[str, Column]:
    """Columns of ``customer_history``: those of the scores that are kept for years."""
    columns = scores(result)
    return {name: columns[name] for name in _HISTORY if name in columns}
