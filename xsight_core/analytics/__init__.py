"""What a shop's orders say: pure functions on dense columns. No database, no clock, no tenant."""

from xsight_core.analytics.bands import Bands, bands
from xsight_core.analytics.buyers import Buyers, buyers
from xsight_core.analytics.cohort_cuts import CUTS, cohorts_by, first_of
from xsight_core.analytics.cohorts import MEASURES, Cohorts, cohorts
from xsight_core.analytics.metrics import (
    DIMENSIONS,
    METRICS,
    Comparison,
    Metric,
    compare,
    earlier,
    evaluate,
    on_refund_date,
    top_customers_between,
    top_products,
    window,
)
from xsight_core.analytics.migration import last_months, month_ends, rfm_history, rfm_migration
from xsight_core.analytics.orders import DEFAULT_RULE, GUEST, Flag, OrderRule, Orders
from xsight_core.analytics.parts import Lines, Products, Refunds
from xsight_core.analytics.periods import Grain, day_number, day_of
from xsight_core.analytics.revenue import Daily, daily
from xsight_core.analytics.rfm import DEFAULT_THRESHOLDS, Rfm, Thresholds, rfm, scores
from xsight_core.analytics.segments import SEGMENTS, Segment
from xsight_core.analytics.shopify_groups import SHOPIFY_GROUPS, agreement, shopify_groups
from xsight_core.analytics.totals import Totals, top_customers, totals

__all__ = [
    "CUTS",
    "DEFAULT_RULE",
    "DEFAULT_THRESHOLDS",
    "DIMENSIONS",
    "GUEST",
    "MEASURES",
    "METRICS",
    "SEGMENTS",
    "SHOPIFY_GROUPS",
    "Bands",
    "Buyers",
    "Cohorts",
    "Comparison",
    "Daily",
    "Flag",
    "Grain",
    "Lines",
    "Metric",
    "OrderRule",
    "Orders",
    "Products",
    "Refunds",
    "Rfm",
    "Segment",
    "Thresholds",
    "Totals",
    "agreement",
    "bands",
    "buyers",
    "cohorts",
    "cohorts_by",
    "compare",
    "daily",
    "day_number",
    "day_of",
    "earlier",
    "evaluate",
    "first_of",
    "last_months",
    "month_ends",
    "on_refund_date",
    "rfm",
    "rfm_history",
    "rfm_migration",
    "scores",
    "shopify_groups",
    "top_customers",
    "top_customers_between",
    "top_products",
    "totals",
    "window",
]
