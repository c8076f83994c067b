"""What an active customer will buy by horizon, how sure that is, and what it is worth today."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from xsight_core.clv.likelihood import Theta, natural
from xsight_core.clv.native import kernels
from xsight_core.clv.prior import DEFAULT_PRIORS
from xsight_core.clv.purchases import BetaGeoFitter
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import Array, PurchaseSummary

__all__ = [
    "AHEAD",
    "ANNUAL_DISCOUNT",
    "HORIZONS",
    "Z_90",
    "Around",
    "Outlook",
    "Schedule",
    "around",
    "discounted_steps",
    "neighbours",
    "outlook",
    "spend_ahead",
    "spend_neighbours",
    "whole",
]

HORIZONS = (30, 90, 180, 365)
"""Days ahead: the columns of every array with four."""

ANNUAL_DISCOUNT = 0.10
Z_90 = 1.6448536269514722
"""A normal value is within this many standard deviations 90 % of the time."""

_YEAR_DAYS = 365.0
_ENDS = np.array([30, 60, 90, 120, 150, 180, 211, 242, 272, 303, 334, 365], float)
_LEAST = 1e-300
_LANES = 8
_LONGEST_AXIS = 3.0  # in log units, a factor of twenty: where the data leave more open the model says nothing anyway


@dataclass(frozen=True, eq=False)
class Schedule:
    """Sums over the coming time: quantity q of a customer is Σ_i weight[i, q] E[orders up to ends[i]]."""

    ends: Array
    weight: Array

    def of(self, model: BetaGeoFitter, x: Array, T: Array) -> Array:
        """(n, 8): the quantities of an active customer, the last of them repeated where there are fewer."""
        # not ``@``: BLAS would wake a thread per core and wait for all of them
        quantities = np.einsum("nt,tq->nq", model.expected_of_pairs(x, T, self.ends), self.weight)
        last = np.minimum(np.arange(_LANES), quantities.shape[1] - 1)
        return np.take(quantities, last, axis=1)


def discounted_steps(ends: Array, after: float, until: float) -> Array:
    """Weights that add up the orders in (after, until], each discounted to today from the end of its step."""
    value = (1 + ANNUAL_DISCOUNT) ** (-ends / _YEAR_DAYS) * ((ends > after) & (ends <= until))
    return value - np.r_[value[1:], 0.0]


AHEAD = Schedule(
    _ENDS,
    np.stack(
        [
            *(1.0 * (h == _ENDS) for h in HORIZONS),
            *(discounted_steps(_ENDS, 0, h) for h in HORIZONS),
        ],
        axis=1,
    ),
)
"""Orders by ``HORIZONS``, then the same discounted."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """Per customer; the variances are of what the parameters' uncertainty leaves open.

    Attributes
    ----------
    p_alive : (n,)
    odds_variance : (n,)
        Of its log-odds.
    mean, variance : (n, 8)
        The schedule's quantities, and the variance of their logarithm.
    """

    p_alive: Array
    odds_variance: Array
    mean: Array
    variance: Array


@dataclass(frozen=True, eq=False)
class Around:
    """What a model and its eight ``neighbours`` see ahead of customers with equal (x, T).

    Attributes
    ----------
    models : list
        The model first.
    x, t_x, T, which : int arrays (n,)
        Of each customer; ``which`` is the position of (x, T) among the distinct ones.
    ahead : list of arrays (pairs, 8)
        By model: the schedule's quantities of an active customer.
    """

    schedule: Schedule
    models: list[BetaGeoFitter]
    x: Array
    t_x: Array
    T: Array
    which: Array
    ahead: list[Array]


_KEPT: WeakKeyDictionary[PurchaseSummary, Around] = WeakKeyDictionary()
"""The latest of each summary, while it lives: predictions and totals of the same customers follow each other."""


def around(model: BetaGeoFitter, summary: PurchaseSummary, schedule: Schedule = AHEAD) -> Around:
    """Look ahead from the estimate and from the points around it."""
    kept = _KEPT.get(summary)
    if kept is not None and kept.models[0] is model and kept.schedule is schedule:
        return kept
    x, t_x, until = whole(summary.frequency, summary.recency, summary.T)
    first, which = kernels().pairs(x, until)
    models = [model, *neighbours(model)]
    ahead = [schedule.of(each, x[first], until[first]) for each in models]
    _KEPT[summary] = found = Around(schedule, models, x, t_x, until, which, ahead)
    return found


def outlook(model: BetaGeoFitter, summary: PurchaseSummary, schedule: Schedule = AHEAD) -> Outlook:
    """Score customers at the estimate and at eight points around it.

    With Σ = A Aᵀ the covariance of theta, the variance of ln f is Σ_k (½ ln f(θ+A_k) - ½ ln f(θ-A_k))²: the delta
    method (Cramér 1946, 28.4) with differences over one standard deviation instead of derivatives.
    """
    at = around(model, summary, schedule)
    logs = np.log(np.maximum(at.ahead[1:], _LEAST))
    slope = np.ascontiguousarray(np.swapaxes(logs[:4] - logs[4:], 0, 1)) / 2
    history = at.x, at.t_x, at.T
    alive = model.conditional_probability_alive(*history)
    points = [each.point for each in at.models[1:]]
    level = np.ascontiguousarray(at.ahead[0])
    mean, variance, odds = kernels().spread(points, *history, at.which, alive, level, slope)
    return Outlook(alive, odds, mean, variance)


def spend_ahead(spend: GammaGammaFitter, summary: PurchaseSummary) -> tuple[Array, Array]:
    """E[spend per purchase] of each customer and the variance of its logarithm."""
    x, m = summary.frequency, summary.monetary_value
    each = spend.conditional_expected_average_profit(x, m)
    variance = np.zeros(len(each))
    for up, down in spend_neighbours(spend):
        logs = (
            np.log(np.maximum(model.conditional_expected_average_profit(x, m), _LEAST))
            for model in (up, down)
        )
        above, below = logs
        variance += ((above - below) / 2) ** 2
    return each, variance


def neighbours(model: BetaGeoFitter) -> list[BetaGeoFitter]:
    """The model one standard deviation up along each of four axes of its covariance, then down."""
    theta = model.theta_
    axes = _axes(model)
    return [type(model).at(*natural(theta + sign * axis)) for sign in (1, -1) for axis in axes.T]


def spend_neighbours(spend: GammaGammaFitter) -> list[tuple[GammaGammaFitter, GammaGammaFitter]]:
    """The spend model one standard deviation up and down along each axis; q stays above 1, where there is a mean."""
    least = 1 + (spend.params_["q"] - 1) / 4

    def at(theta: Theta) -> GammaGammaFitter:
        p, q, v = np.exp(theta).tolist()
        return GammaGammaFitter.at(p, max(q, least), v)

    axes = _root(spend.covariance_)
    return [(at(spend.theta_ + axis), at(spend.theta_ - axis)) for axis in axes.T]


def _axes(model: BetaGeoFitter) -> Array:
    """A with A Aᵀ = the covariance of theta; the prior's where the data leave it open altogether."""
    if np.isfinite(model.covariance_).all():
        return _root(model.covariance_)
    return _root(DEFAULT_PRIORS[model.name].covariance)


def whole(*columns: Array) -> list[Array]:
    """As the kernels take them."""
    return [np.ascontiguousarray(column, np.int64) for column in columns]


def _root(covariance: Array) -> Array:
    """A with A Aᵀ = the covariance, its columns cut to a length that can be computed with."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    return root / np.maximum(np.abs(root).max(axis=0) / _LONGEST_AXIS, 1)
