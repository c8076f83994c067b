"""The documents that the dashboards paint from, by name: plain JSON, no personal data."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from xsight_core.analytics import DEFAULT_THRESHOLDS, SEGMENTS, day_of
from xsight_core.db.insights import InsightRun
from xsight_core.ledger import ShopState
from xsight_core.services.cohort_parts import CohortWish, cuts_part
from xsight_core.services.drift import Drift
from xsight_core.services.figures import Figures
from xsight_core.services.outlook import churn_part, value_part
from xsight_core.services.outlook_parts import at_risk_part, spread_part
from xsight_core.services.overview import overview
from xsight_core.services.parts import Json, cohorts_part, rfm_part, thresholds_part
from xsight_core.services.product_parts import recent_part
from xsight_core.services.rfm_parts import bounds_part, groups_part, history_part, migration_part

__all__ = ["page_documents"]

_VALUES: Final = 10
_MIGRATION_DAYS: Final = 90
_HISTORY_MONTHS: Final = 12
_MOST_ORDERS: Final = 1_000_000
"""Looking back takes seconds in larger shops: their page asks for it when somebody looks."""


def page_documents(
    figures: Figures,
    shop: ShopState,
    *,
    customers: int,
    run: InsightRun,
    drift: Drift | None,
    known_groups: Mapping[int, str],
) -> dict[str, Json]:
    """Bodies of all documents.

    ``customers`` counts all of the shop's, also those who never ordered; ``known_groups`` is where Shopify puts them.
    """
    bodies: dict[str, Json] = {
        "overview": overview(figures, drift),
        "rfm": _rfm(figures, known_groups),
        "cohorts": {
            "cohorts": cohorts_part(figures.cohorts),
            "cuts": cuts_part(figures.orders, figures.as_of, CohortWish(), "channel", _VALUES)
            if len(figures.orders) <= _MOST_ORDERS
            else None,
        },
        "churn": {
            "churn": churn_part(figures.forecast, drift),
            "clv": value_part(figures.forecast),
            "card": run.card,
            "segment_names": {segment.key: segment.name for segment in SEGMENTS},
            "at_risk": at_risk_part(figures),
            "spread": spread_part(figures, shop.currency_exponent),
        },
        "products": {"sold": recent_part(figures.orders, figures.as_of)},
    }
    head = _head(figures, shop, customers, run)
    return {name: head | body for name, body in bodies.items()}


def _head(figures: Figures, shop: ShopState, customers: int, run: InsightRun) -> Json:
    """What every document says of itself."""
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
        "totals": {"customers": customers, **asdict(figures.totals)},
    }


def _rfm(figures: Figures, known_groups: Mapping[int, str]) -> Json:
    orders, as_of = figures.orders, figures.as_of
    looks_back = len(orders) <= _MOST_ORDERS
    return {
        "rfm": rfm_part(figures.rfm)
        | {
            "thresholds": thresholds_part(DEFAULT_THRESHOLDS),
            "bounds": bounds_part(figures.buyers),
        },
        "groups": groups_part(figures.rfm, known_groups),
        "migration": migration_part(orders, as_of - _MIGRATION_DAYS, as_of) if looks_back else None,
        "history": history_part(orders, as_of, _HISTORY_MONTHS) if looks_back else None,
    }
