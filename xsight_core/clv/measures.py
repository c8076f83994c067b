"""How near a forecast came to what happened."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from xsight_core.clv.calibration import calibration_curve, calibration_error, log_loss
from xsight_core.clv.summary import Array

__all__ = ["Measures", "SpendMeasures", "measure", "measure_spend", "rank_correlation"]


_COUNTED = 100_000  # numbers of orders: no need to sort them


@dataclass(frozen=True)
class Measures:
    """A model or rule on the holdout.

    Attributes
    ----------
    mae : float
        Mean |orders expected - orders seen| per customer.
    rank_correlation : float
        Spearman's, of orders expected and seen; 0 where one of them is the same for everybody.
    top_decile_lift : float
        Orders of the tenth of customers with the highest forecast, relative to the average customer's.
    brier, log_loss : float
        Mean squared error and mean surprise (nats) of P(no order); lower is better. ``brier`` decides: it is least
        for the true probability (Brier 1950).
    ece : float
        Expected calibration error of P(no order).
    orders_predicted : float
    curve : list of [forecast, frequency, customers]
    """

    name: str
    kind: Literal["model", "rule"]
    mae: float
    rank_correlation: float
    top_decile_lift: float
    brier: float
    log_loss: float
    ece: float
    orders_predicted: float
    curve: list[list[float]]


@dataclass(frozen=True)
class SpendMeasures:
    """A forecast of spend on the holdout; money in the unit given."""

    name: str
    kind: Literal["model", "rule"]
    mae: float
    rank_correlation: float
    top_decile_lift: float
    spend_predicted: float


def measure(
    name: str, kind: Literal["model", "rule"], silent: Array, orders: Array, seen: Array
) -> Measures:
    """Hold P(no order) and the orders expected against the orders ``seen``."""
    stayed_away = (seen == 0).astype(float)
    curve = calibration_curve(silent, stayed_away)
    return Measures(
        name=name,
        kind=kind,
        **_counted(orders, seen),
        brier=float(((silent - stayed_away) ** 2).mean()),
        log_loss=log_loss(silent, stayed_away),
        ece=calibration_error(curve),
        orders_predicted=float(orders.sum()),
        curve=curve,
    )


def measure_spend(
    name: str, kind: Literal["model", "rule"], spend: Array, seen: Array
) -> SpendMeasures:
    """Hold the spend expected against the spend ``seen``."""
    return SpendMeasures(name, kind, **_counted(spend, seen), spend_predicted=float(spend.sum()))


def _counted(expected: Array, seen: Array) -> dict[str, Any]:
    top = max(1, len(expected) // 10)
    first = np.argpartition(-expected, top - 1)[:top]
    # whoever ties with the last of the tenth counts in part: the order of equals must not matter
    edge = expected[first].min()
    above, tied = expected > edge, expected == edge
    share = (top - np.count_nonzero(above)) / np.count_nonzero(tied)
    mean = float(seen.mean())
    best = (float(seen[above].sum()) + share * float(seen[tied].sum())) / top
    return {
        "mae": float(np.abs(expected - seen).mean()),
        "rank_correlation": rank_correlation(expected, seen),
        "top_decile_lift": float(best / mean) if mean > 0 else 0.0,
    }


def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's rho with mid-ranks; 0 where one of them does not vary."""
    a, b = _ranks(a), _ranks(b)
    size = float(np.sqrt(np.einsum("i,i->", a, a) * np.einsum("i,i->", b, b)))
    return float(np.einsum("i,i->", a, b)) / size if size > 0 else 0.0


def _ranks(values: Array) -> Array:
    """Mid-ranks around 0."""
    if values.dtype.kind in "iu" and 0 <= values.min(initial=0) <= values.max(initial=0) < _COUNTED:
        which, count = values, np.bincount(values)
    else:
        _, which, count = np.unique(values, return_inverse=True, return_counts=True)
    end = np.cumsum(count)
    return (end - (count - 1) / 2 - (len(values) + 1) / 2)[which]
