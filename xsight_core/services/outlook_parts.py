"""Who is at risk and how chances and value are spread, as JSON for the Churn & CLV page. Pure; no personal data."""

from typing import Any, Final

import numpy as np

from xsight_core.analytics import SEGMENTS, day_of
from xsight_core.clv import ACTIONS, reason_words
from xsight_core.services.figures import Figures
from xsight_core.services.outlook import AT_RISK
from xsight_core.services.parts import Json

__all__ = ["at_risk_part", "spread_part"]

_LISTED: Final = 50
_BANDS: Final = 10
_STEPS: Final = (1, 2, 5)
_DECADES: Final = 7


def at_risk_part(figures: Figures) -> Json | None:
    """Who used to come back and probably will not: the most to lose first; None where nothing is predicted.

    What there is to lose is what the customer is expected to bring in within a year, or has brought in so far where
    no value is shown.
    """
    found, who = figures.forecast.predictions, figures.buyers
    if found is None:
        return None
    summary = figures.forecast.summary
    value = found.clv_minor if figures.forecast.choice.value_shown else None
    risky = np.flatnonzero((found.churn_90 >= AT_RISK) & (summary.frequency > 0))
    worth = who.net_minor if value is None else value[:, -1]
    best = risky[np.lexsort((who.customer_id[risky], -worth[risky]))][:_LISTED]
    return {
        "total": len(risky),
        "by": "net_minor" if value is None else "clv_365_minor",
        "customers": [
            {
                "id": int(who.customer_id[i]),
                "segment": SEGMENTS[int(figures.rfm.segment[i])].key,
                "orders": int(who.orders[i]),
                "net_minor": int(who.net_minor[i]),
                "last_order_on": day_of(int(who.last_day[i])).isoformat(),
                "churn_90": float(found.churn_90[i]),
                "p_alive": float(found.p_alive[i]),
                "clv_365_minor": None if value is None else round(float(value[i, -1])),
                "reasons": reason_words(summary, found.reasons, i),
                "action": ACTIONS[int(found.action[i])].text,
            }
            for i in best.tolist()
        ],
    }


def spread_part(figures: Figures, exponent: int) -> Json | None:
    """Customers by their chance of still being one and by what they are expected to bring in within a year.

    ``p_alive`` counts ten bands from 0 to 1; ``edges_minor`` are the lower bounds of ``customers``, rising by 1, 2, 5
    as money does; ``tenths`` is what each tenth of the customers, the most valuable first, brings of the whole.
    """
    found = figures.forecast.predictions
    if found is None:
        return None
    bands = np.minimum((found.p_alive * _BANDS).astype(int), _BANDS - 1)
    value = found.clv_minor if figures.forecast.choice.value_shown else None
    return {
        "p_alive": np.bincount(bands, minlength=_BANDS).tolist(),
        "clv": None if value is None else _value_spread(value[:, -1], exponent),
    }


def _value_spread(value: Any, exponent: int) -> Json:
    rounded = np.rint(value).astype(np.int64)
    unit = 10**exponent
    edges = [0, *(step * 10**k * unit for k in range(_DECADES) for step in _STEPS)]
    above = [int(np.count_nonzero(rounded >= edge)) for edge in edges[1:]]
    last = 1 + sum(count > 0 for count in above)
    counts = [len(rounded), *above, 0]
    ranked = np.sort(rounded)[::-1]
    whole = int(ranked.sum())
    return {
        "edges_minor": edges[:last],
        "customers": [counts[k] - counts[k + 1] for k in range(last)],
        "tenths": [
            int(part.sum()) / whole if whole else None for part in np.array_split(ranked, _BANDS)
        ],
    }
