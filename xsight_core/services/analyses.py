"""Analyses of a shop from any of its days: JSON in the shape of the documents. Pure; run in a thread."""

from collections.abc import Mapping

from xsight_core.analytics import (
    DEFAULT_THRESHOLDS,
    Grain,
    Thresholds,
    buyers,
    day_of,
    rfm,
)
from xsight_core.errors import InvalidInput
from xsight_core.services.figures import Forecast, forecast
from xsight_core.services.look import Look
from xsight_core.services.outlook import (
    churn_part,
    value_by_cohort_part,
    value_part,
    yearly_value_part,
)
from xsight_core.services.parts import Json, rfm_part, thresholds_part
from xsight_core.services.rfm_parts import groups_part, history_part, migration_part

__all__ = [
    "churn_analysis",
    "group_analysis",
    "history_analysis",
    "migration_analysis",
    "rfm_analysis",
    "value_analysis",
    "value_by_cohort",
    "yearly_value_analysis",
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
    return migration_part(look.ledger.orders, since, look.as_of, thresholds)


def history_analysis(look: Look, months: int, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Json:
    """Customers by segment at the ends of the last ``months`` months, and on the look's day."""
    return history_part(look.ledger.orders, look.as_of, months, thresholds)


def group_analysis(look: Look, known: Mapping[int, str]) -> Json:
    """Buyers by Shopify's eleven groups as scored here, beside the groups that Shopify itself gave them."""
    return groups_part(rfm(buyers(look.ledger.orders, look.as_of)), known)


def churn_analysis(look: Look) -> Json:
    """Churn as it would have been forecast on the look's day, by a model chosen on what was known then."""
    return churn_part(_forecast(look))


def value_analysis(look: Look) -> Json:
    """Lifetime value as it would have been forecast on the look's day."""
    return value_part(_forecast(look))


def value_by_cohort(look: Look, grain: Grain) -> Json:
    """What is expected of the customers of each cohort."""
    return value_by_cohort_part(_forecast(look), grain)


def yearly_value_analysis(look: Look, years: int) -> Json:
    """What is expected in each of the coming years."""
    return yearly_value_part(_forecast(look), years)


def _forecast(look: Look) -> Forecast:
    orders = look.ledger.orders
    scored = rfm(buyers(orders, look.as_of))
    return forecast(orders, look.as_of, scored, priors=look.view.priors)
