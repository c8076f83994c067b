"""What a run says of each customer, as columns of the tables that keep it."""

from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics import SEGMENTS
from xsight_core.clv import ACTIONS, HORIZONS, REASONS, Predictions
from xsight_core.db.scores import Column, Named
from xsight_core.services.figures import Figures

__all__ = ["history", "scores"]

_HISTORY: Final = (
    "customer_id",
    "orders",
    "net_minor",
    "last_day",
    "r",
    "f",
    "m",
    "segment",
    "p_alive",
    "churn_90",
    "expected_orders_90",
    "clv_365_minor",
)
_BOUNDS: Final = ("", "_low", "_high")
_REASONS: Final[list[str]] = [reason.key for reason in REASONS]


def scores(result: Figures) -> dict[str, Column]:
    """Columns of ``customer_insights``; a prediction that could not be made has none, and is null."""
    buyers, rfm, summary = result.buyers, result.rfm, result.forecast.summary
    columns: dict[str, Column] = {
        "customer_id": buyers.customer_id,
        "orders": buyers.orders,
        "net_minor": buyers.net_minor,
        "first_day": buyers.first_day,
        "last_day": buyers.last_day,
        "frequency": summary.frequency,
        "recency_days": summary.recency,
        "age_days": summary.T,
        "r": rfm.r,
        "f": rfm.f,
        "m": rfm.m,
        "segment": Named(rfm.segment, [segment.key for segment in SEGMENTS]),
    }
    predictions = result.forecast.predictions
    if predictions is None:
        return columns
    return columns | _predicted(predictions, with_value=result.forecast.choice.value_shown)


def history(result: Figures) -> dict[str, Column]:
    """Columns of ``customer_history``: those of the scores that are kept for years."""
    columns = scores(result)
    return {name: columns[name] for name in _HISTORY if name in columns}


def _predicted(found: Predictions, *, with_value: bool) -> dict[str, Column]:
    columns: dict[str, Column] = {
        "p_alive": found.p_alive,
        "p_alive_low": found.p_alive_low,
        "p_alive_high": found.p_alive_high,
        "churn_90": found.churn_90,
        "p_order_365": found.p_order_365,
        "next_order_day": found.next_order_day.astype(np.int32),
        "next_order_day_low": found.next_order_day_low.astype(np.int32),
        "next_order_day_high": found.next_order_day_high.astype(np.int32),
        "reasons": _reasons(found.reasons),
        "action": Named(found.action, [action.key for action in ACTIONS]),
    }
    orders = (found.expected_orders, found.expected_orders_low, found.expected_orders_high)
    value = (found.clv_minor, found.clv_minor_low, found.clv_minor_high)
    for (k, days), (bound, name) in product(enumerate(HORIZONS), enumerate(_BOUNDS)):
        columns[f"expected_orders_{days}{name}"] = orders[bound][:, k]
        minor = value[bound]
        if with_value and minor is not None:
            columns[f"clv_{days}_minor{name}"] = np.rint(minor[:, k]).astype(np.int64)
    return columns


def _reasons(code: NDArray[Any]) -> Named:
    """Each customer's reasons as one text of keys; there are few combinations."""
    width = len(_REASONS) + 1
    number = np.zeros(len(code), np.int64)
    for column in code.T:
        number = number * width + (column + 1)
    found, which = np.unique(number, return_inverse=True)
    names: list[str] = []
    for value in map(int, found):
        digits: list[int] = [value // width**k % width for k in reversed(range(code.shape[1]))]
        names.append(" ".join(_REASONS[digit - 1] for digit in digits if digit))
    return Named(which, names, listed=True)
