"""What a shop's orders say: pure functions on dense columns. No database, no clock, no tenant."""

from xsight_core.analytics.buyers import Buyers, buyers
from xsight_core.analytics.cohorts import Cohorts, cohorts
from xsight_core.analytics.metrics import METRICS, Metric, evaluate
from xsight_core.analytics.orders import DEFAULT_RULE, GUEST, Flag, OrderRule, Orders
from xsight_core.analytics.periods import Grain, day_number, day_of
from xsight_core.analytics.revenue import Daily, daily
from xsight_core.analytics.rfm import DEFAULT_THRESHOLDS, Rfm, Thresholds, rfm, scores
from xsight_core.analytics.segments import SEGMENTS, Segment
from xsight_core.analytics.totals import Totals, top_customers, totals

__all__ = [
    "DEFAULT_RULE",
    "DEFAULT_THRESHOLDS",
    "GUEST",
    "METRICS",
    "SEGMENTS",
    "Buyers",
    "Cohorts",
    "Daily",
    "Flag",
    "Grain",
    "Metric",
    "OrderRule",
    "Orders",
    "Rfm",
    "Segment",
    "Thresholds",
    "Totals",
    "buyers",
    "cohorts",
    "daily",
    "day_number",
    "day_of",
    "evaluate",
    "rfm",
    "scores",
    "top_customers",
    "totals",
]
