"""Analyses of a shop from any of its days: JSON in the shape of the documents. Pure; run in a thread."""

import numpy as np

from xsight_core.analytics import (
    DEFAULT_THRESHOLDS,
    SEGMENTS,
    Grain,
    Thresholds,
    buyers,
    cohorts,
    day_of,
    rfm,
)
from xsight_core.errors import InvalidInput
from xsight_core.services.figures import Forecast, forecast
from xsight_core.services.look import Look
from xsight_core.services.outlook import churn_part, value_part
from xsight_core.services.parts import Json, cohorts_part, rfm_part, thresholds_part

__all__ = [
    "churn_analysis",
    "cohort_analysis",
    "migration_analysis",
    "rfm_analysis",
    "value_analysis",
]


def rfm_analysis(look: Look, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Json:
    """Segments, grid and the thresholds they rest on."""
    scored = rfm(buyers(look.ledger.orders, look.as_of), thresholds)
    return rfm_part(scored) | {"thresholds": thresholds_part(thresholds)}


def migration_analysis(look: Look, since: int, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Json:
    """Customers by their segment on the day ``since`` (rows) and on the look's day (columns).

    The last row is customers who had not bought by ``since``.
    """
    if since >= look.as_of:
        raise InvalidInput("since", f"Start before {day_of(look.as_of)}, the day compared with.")
    orders, nobody = look.ledger.orders, len(SEGMENTS)
    before = rfm(buyers(orders, since), thresholds)
    after = rfm(buyers(orders, look.as_of), thresholds)
    was = np.full(max(len(orders.customer_id), 1), nobody)
    was[before.buyers.ordinal] = before.segment
    cell = was[after.buyers.ordinal] * nobody + after.segment
    return {
        "since": day_of(since).isoformat(),
        "as_of": day_of(look.as_of).isoformat(),
        "segments": [{"key": segment.key, "name": segment.name} for segment in SEGMENTS],
        "matrix": np.bincount(cell, minlength=(nobody + 1) * nobody)
        .reshape(nobody + 1, nobody)
        .tolist(),
    }


def cohort_analysis(look: Look, grain: Grain) -> Json:
    """Customers by the period of their first order."""
    return cohorts_part(cohorts(look.ledger.orders, look.as_of, grain))


def churn_analysis(look: Look) -> Json:
    """Churn as it would have been forecast on the look's day, by a model chosen on what was known then."""
    return churn_part(_forecast(look))


def value_analysis(look: Look) -> Json:
    """Lifetime value as it would have been forecast on the look's day."""
    return value_part(_forecast(look))


def _forecast(look: Look) -> Forecast:
    orders = look.ledger.orders
    scored = rfm(buyers(orders, look.as_of))
    return forecast(orders, look.as_of, scored, priors=look.view.priors)
