"""Analyses of a shop from any of its days: JSON in the shape of the documents. Pure; run in a thread."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from xsight_core.analytics import (
    DEFAULT_THRESHOLDS,
    SEGMENTS,
    SHOPIFY_GROUPS,
    Grain,
    Thresholds,
    agreement,
    buyers,
    day_of,
    last_months,
    rfm,
    rfm_history,
    rfm_migration,
    shopify_groups,
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

_SEGMENT_NAMES: Final = [{"key": segment.key, "name": segment.name} for segment in SEGMENTS]


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
    moved = rfm_migration(look.ledger.orders, since, look.as_of, thresholds)
    return {
        "since": day_of(since).isoformat(),
        "as_of": day_of(look.as_of).isoformat(),
        "segments": _SEGMENT_NAMES,
        "matrix": moved.to_numpy().tolist(),
    }


def history_analysis(look: Look, months: int, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Json:
    """Customers by segment at the ends of the last ``months`` months, and on the look's day."""
    days = last_months(look.as_of, months)
    sizes = rfm_history(look.ledger.orders, days, thresholds)
    return {
        "segments": _SEGMENT_NAMES,
        "days": [
            {"as_of": day_of(day).isoformat(), "customers": row}
            for day, row in zip(days, sizes.to_numpy().tolist(), strict=True)
        ],
    }


def group_analysis(look: Look, known: Mapping[int, str]) -> Json:
    """Buyers by Shopify's eleven groups as scored here, beside the groups that Shopify itself gave them.

    Parameters
    ----------
    known : dict of int to str
        Shopify's group by customer id, as far as it was synced; customers with another word are left out.
    """
    who = buyers(look.ledger.orders, look.as_of)
    ours = shopify_groups(rfm(who))
    place = {name: code for code, name in enumerate(SHOPIFY_GROUPS)}
    theirs = np.array(
        [place.get(known.get(key, ""), -1) for key in who.customer_id.tolist()], np.int64
    )
    size = np.bincount(ours, minlength=len(SHOPIFY_GROUPS))
    revenue = np.zeros(len(SHOPIFY_GROUPS), np.int64)
    np.add.at(revenue, ours, who.net_minor)
    compared = agreement(ours, theirs)
    return {
        "as_of": day_of(look.as_of).isoformat(),
        "groups": [
            {
                "key": name,
                "customers": int(size[code]),
                "revenue_minor": int(revenue[code]),
                "by_shopify": sum(group == name for group in known.values()) if known else None,
            }
            for code, name in enumerate(SHOPIFY_GROUPS)
        ],
        "agreement": {
            "customers": compared.customers,
            "share": compared.share,
            "kappa": compared.kappa,
            "matrix": compared.table.to_numpy().tolist(),
        }
        if compared.customers
        else None,
    }


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
