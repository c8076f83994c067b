"""RFM through time and beside Shopify's groups, as JSON for documents and the API. Pure; no personal data."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from xsight_core.analytics import (
    DEFAULT_THRESHOLDS,
    SEGMENTS,
    SHOPIFY_GROUPS,
    Buyers,
    Orders,
    Rfm,
    Thresholds,
    agreement,
    day_of,
    last_months,
    rfm_history,
    rfm_migration,
    shopify_groups,
)
from xsight_core.analytics.rfm import fifths
from xsight_core.services.parts import Json

__all__ = ["bounds_part", "groups_part", "history_part", "migration_part"]

_SEGMENT_NAMES: Final = [{"key": segment.key, "name": segment.name} for segment in SEGMENTS]


def bounds_part(buyers: Buyers, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Json:
    """From which value on each score rises by one, the fifths of these buyers worked out.

    ``recency_days`` [a, b, c, d]: fewer than a days score 5, d and more score 1; the others score 1 below a and 5 from
    d on.
    """

    def edges(own: tuple[int, ...] | None, values: Any) -> list[int]:
        return list(fifths(values) if own is None else own)

    recency = thresholds.recency_days
    # score k + 1 from -days >= t on, so below 1 - t days
    days = recency or tuple(sorted(1 - edge for edge in fifths(-buyers.recency_days)))
    return {
        "recency_days": list(days),
        "frequency": edges(thresholds.frequency, buyers.orders),
        "monetary_minor": edges(thresholds.monetary_minor, buyers.net_minor),
    }


def migration_part(
    orders: Orders, since: int, as_of: int, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Json:
    """Customers by their segment on the day ``since`` (rows) and on ``as_of`` (columns).

    The last row is customers who had not bought by ``since``.
    """
    return {
        "since": day_of(since).isoformat(),
        "as_of": day_of(as_of).isoformat(),
        "segments": _SEGMENT_NAMES,
        "matrix": rfm_migration(orders, since, as_of, thresholds).to_numpy().tolist(),
    }


def history_part(
    orders: Orders, as_of: int, months: int, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> Json:
    """Customers by segment at the ends of the last ``months`` months, and on the day ``as_of``."""
    days = last_months(as_of, months)
    sizes = rfm_history(orders, days, thresholds)
    return {
        "segments": _SEGMENT_NAMES,
        "days": [
            {"as_of": day_of(day).isoformat(), "customers": row}
            for day, row in zip(days, sizes.to_numpy().tolist(), strict=True)
        ],
    }


def groups_part(scored: Rfm, known: Mapping[int, str]) -> Json:
    """Buyers by Shopify's eleven groups as scored here, beside the groups that Shopify itself gave them.

    Parameters
    ----------
    known : dict of int to str
        Shopify's group by customer id, as far as it was synced; customers with another word are left out.
    """
    who, ours = scored.buyers, shopify_groups(scored)
    place = {name: code for code, name in enumerate(SHOPIFY_GROUPS)}
    theirs = np.array(
        [place.get(known.get(key, ""), -1) for key in who.customer_id.tolist()], np.int64
    )
    size = np.bincount(ours, minlength=len(SHOPIFY_GROUPS))
    revenue = np.zeros(len(SHOPIFY_GROUPS), np.int64)
    np.add.at(revenue, ours, who.net_minor)
    compared = agreement(ours, theirs)
    return {
        "as_of": day_of(who.as_of).isoformat(),
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
