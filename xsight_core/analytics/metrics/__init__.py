"""Metrics: each a small function in a file of its kind, registered by ``@metric``."""

from xsight_core.analytics.metrics import people, sales, volume
from xsight_core.analytics.metrics.evaluate import (
    DIMENSIONS,
    Comparison,
    compare,
    earlier,
    evaluate,
    on_refund_date,
    window,
)
from xsight_core.analytics.metrics.registry import METRICS, Metric, Unit, metric
from xsight_core.analytics.metrics.slices import Sliced
from xsight_core.analytics.metrics.top import Top, top_customers_between, top_products

__all__ = [
    "DIMENSIONS",
    "METRICS",
    "Comparison",
    "Metric",
    "Sliced",
    "Top",
    "Unit",
    "compare",
    "earlier",
    "evaluate",
    "metric",
    "on_refund_date",
    "people",
    "sales",
    "top_customers_between",
    "top_products",
    "volume",
    "window",
]
