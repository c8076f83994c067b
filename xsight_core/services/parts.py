"""Numbers as JSON, in the one shape that documents and the API share. Pure; no personal data."""

from typing import Any

from xsight_core.analytics import Cohorts, Daily, Rfm, Thresholds, day_of

__all__ = ["Json", "cohorts_part", "daily_part", "rfm_part", "thresholds_part"]

Json = dict[str, Any]


def rfm_part(rfm: Rfm) -> Json:
    """Segments and the grid of recency by frequency."""
    return {
        "as_of": day_of(rfm.buyers.as_of).isoformat(),
        "segments": rfm.segments(),
        "grid": rfm.grid(),
    }


def thresholds_part(thresholds: Thresholds) -> Json:
    """Bounds of the scores; null where fifths of the customers are scored."""
    return {
        "recency_days": thresholds.recency_days and list(thresholds.recency_days),
        "frequency": thresholds.frequency and list(thresholds.frequency),
        "monetary_minor": thresholds.monetary_minor and list(thresholds.monetary_minor),
    }


def cohorts_part(cohorts: Cohorts) -> Json:
    """Cohorts by age; null where a period is not over or has not come."""
    return {
        "grain": str(cohorts.grain),
        "cohorts": cohorts.labels,
        "size": cohorts.size.tolist(),
        "active": cohorts.cells(cohorts.active),
        "orders": cohorts.cells(cohorts.orders),
        "revenue_minor": cohorts.cells(cohorts.revenue_minor),
    }


def daily_part(daily: Daily) -> Json:
    """One entry a day, without gaps."""
    return {
        "start": day_of(daily.start).isoformat(),
        "orders": daily.orders.tolist(),
        "gross_minor": daily.gross_minor.tolist(),
        "discounts_minor": daily.discounts_minor.tolist(),
        "returns_minor": daily.returns_minor.tolist(),
        "net_minor": daily.net_minor.tolist(),
        "new_customers": daily.new_customers.tolist(),
        "returning_customers": daily.returning_customers.tolist(),
    }
