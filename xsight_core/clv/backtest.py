# pyright: reportUnknownArgumentType=false
"""How good the churn forecast would have been on this shop's own past."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xsight_core.clv.scores import CHURN_DAYS, Shortage, churn_scores
from xsight_core.clv.summary import Array, purchase_summary

__all__ = ["Evidence", "backtest"]

_BANDS = 10
_TINY = 1e-12


@dataclass(frozen=True)
class Evidence:
    """A forecast made ``horizon_days`` ago from what was known then, held against what happened.

    Attributes
    ----------
    cutoff : int
        The shop's day on which the forecast was made.
    customers : int
        Who had bought by then.
    observed, predicted : float
        Share of them without an order in the horizon: seen, and the mean forecast.
    brier, log_loss : float
        Mean squared error and mean surprise (nats) of the forecast; lower is better.
    calibration_error : float
        Mean distance between forecast and frequency over ten bands of the forecast, weighted by customers.
    baselines : dict of str to float
        Brier score of rules of thumb that knew as much: ``base_rate`` gives everybody the share of the horizon
        before, ``recency`` the share among those who had, or had not, ordered in that long.
    skill : float
        1 - brier / best baseline; not above 0: the model is no better than a rule of thumb.
    orders_predicted, orders_observed : float, int
        Days with an order in the horizon, summed over customers.
    top_decile_lift : float
        Orders of the tenth with the highest forecast, relative to the average customer's.
    curve : list of [forecast, frequency, customers]
        Calibration curve by band; bands without customers are left out.
    """

    horizon_days: int
    cutoff: int
    customers: int
    observed: float
    predicted: float
    brier: float
    log_loss: float
    calibration_error: float
    baselines: dict[str, float]
    skill: float
    orders_predicted: float
    orders_observed: int
    top_decile_lift: float
    curve: list[list[float]]

    def card(self) -> dict[str, Any]:
        """To show beside the forecast."""
        return asdict(self) | {"beats_baseline": self.skill > 0}


def backtest(
    customer: Array, day: Array, spend: Array, as_of: int, horizon_days: int = CHURN_DAYS
) -> Evidence | Shortage:
    """Refit the model on the orders up to ``horizon_days`` before ``as_of`` and score its forecast on the rest.

    Parameters
    ----------
    customer, day, spend : arrays
        One entry per order, sorted by (customer, day).
    as_of : int
        The last day of the horizon. Days with several orders count as one order.
    """
    cutoff = as_of - horizon_days
    summary = purchase_summary(customer, day, spend, cutoff)
    scores = churn_scores(summary)
    if isinstance(scores, Shortage):
        return Shortage("backtest", scores.have, scores.need, scores.reason)
    actual = _purchase_days(summary.customer, customer, day, cutoff, as_of)
    silent = (actual == 0).astype(float)
    forecast = scores.churn_90
    expected = scores.expected_orders_90
    brier = float(np.mean((forecast - silent) ** 2))
    baselines = _baselines(summary.customer, summary.T, customer, day, cutoff, horizon_days, silent)
    best = min(baselines.values())
    curve = _curve(forecast, silent)
    top = np.argsort(-expected, kind="stable")[: max(1, len(expected) // 10)]
    mean = float(actual.mean())
    clipped = np.clip(forecast, _TINY, 1 - _TINY)
    return Evidence(
        horizon_days=horizon_days,
        cutoff=cutoff,
        customers=len(forecast),
        observed=float(silent.mean()),
        predicted=float(forecast.mean()),
        brier=brier,
        log_loss=float(-np.mean(np.where(silent > 0, np.log(clipped), np.log1p(-clipped)))),
        calibration_error=sum(n * abs(p - seen) for p, seen, n in curve) / len(forecast),
        baselines=baselines,
        skill=1 - brier / best if best > 0 else 0.0,
        orders_predicted=float(expected.sum()),
        orders_observed=int(actual.sum()),
        top_decile_lift=float(actual[top].mean()) / mean if mean else 0.0,
        curve=curve,
    )


def _purchase_days(who: Array, customer: Array, day: Array, after: int, until: int) -> Array:
    """Days with an order in (after, until], for each of ``who`` (rising)."""
    within = (day > after) & (day <= until) & np.isin(customer, who)
    pairs = np.unique(np.column_stack([customer[within], day[within]]), axis=0)
    return np.bincount(np.searchsorted(who, pairs[:, 0]), minlength=len(who))


def _baselines(
    who: Array, age: Array, customer: Array, day: Array, cutoff: int, horizon: int, silent: Array
) -> dict[str, float]:
    """What could be said without a model, from the horizon before the cutoff alone."""
    before = _purchase_days(who, customer, day, cutoff - horizon, cutoff) > 0
    earlier = _purchase_days(who, customer, day, cutoff - 2 * horizon, cutoff - horizon) > 0
    known = age > horizon  # had bought before that horizon began
    overall = _share(~before[known], 0.5)
    rate = np.where(
        before,
        _share(~before[known & earlier], overall),
        _share(~before[known & ~earlier], overall),
    )
    return {
        "base_rate": float(np.mean((overall - silent) ** 2)),
        "recency": float(np.mean((rate - silent) ** 2)),
    }


def _share(mask: Array, otherwise: float) -> float:
    return float(mask.mean()) if len(mask) else otherwise


def _curve(forecast: Array, silent: Array) -> list[list[float]]:
    band = np.minimum((forecast * _BANDS).astype(int), _BANDS - 1)
    return [
        [float(forecast[band == i].mean()), float(silent[band == i].mean()), int((band == i).sum())]
        for i in range(_BANDS)
        if (band == i).any()
    ]
