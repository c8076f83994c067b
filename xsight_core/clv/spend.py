"""What customers spend per purchase: the Gamma-Gamma model."""

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np

from xsight_core.clv.native import SpendRows, kernels
from xsight_core.clv.newton import Optimum, maximise
from xsight_core.clv.summary import Array
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["DEFAULT_SPEND_PRIOR", "GammaGammaFitter", "SpendPrior"]


class PurchaseModel(Protocol):
    """What tells how many purchases are to come."""

    def weighted_purchases(
        self, horizons: Array, weights: Array, frequency: Array, recency: Array, T: Array
    ) -> Array: ...


@dataclass(frozen=True, eq=False)
class SpendPrior:
    """Independent normal distributions of (ln p, ln q, ln of v in mean spends) over shops."""

    mean: Array
    spread: Array


DEFAULT_SPEND_PRIOR = SpendPrior(np.log([4.0, 4.0, 0.75]), np.full(3, 1.5))
"""Around CDNOW (6.25, 3.74, 0.44): two standard deviations are a factor of twenty each way."""

_ENOUGH_TO_START = 10_000  # customers from whom the optimum of all is guessed


class GammaGammaFitter:
    """Gamma-Gamma (Fader & Hardie 2013, "The Gamma-Gamma model of monetary value").

    A customer's purchases are Gamma(p, ν) with ν ~ Gamma(q, v) across customers, independent of how
    often they buy; ``log_correlation_`` shows how far that holds (above 0.3 it does not).

    Attributes
    ----------
    params_ : dict
        p, q, v (in the unit of money given).
    log_likelihood_ : float
    theta_ : array (3,)
        (ln p, ln q, ln v).
    covariance_ : array (3, 3)
        Of ``theta_``; NaN where the likelihood is flat.
    log_correlation_ : float
        Correlation of ln x and ln m among the customers fitted.
    """

    name: ClassVar[str] = "Gamma-Gamma"

    params_: dict[str, float]
    theta_: Array
    covariance_: Array
    log_likelihood_: float
    log_correlation_: float
    converged_: bool

    def fit(
        self, frequency: Array, monetary_value: Array, *, prior: SpendPrior | None = None
    ) -> Self:
        """Maximum likelihood on the customers with x > 0 and m > 0; the others are left out.

        With a prior the mode of the posterior: where customers hardly differ the likelihood has no maximum.

        Raises
        ------
        NotEnoughData
            Fewer than two such customers, or all spend the same: no spread to learn from.
        """
        x, m = np.asarray(frequency), np.asarray(monetary_value, float)
        if len(x) != len(m) or not (np.isfinite(x).all() and np.isfinite(m).all()):
            raise InvalidInput("monetary_value", "One finite value per customer is needed.")
        if (x.dtype.kind not in "iu" and (x != np.floor(x)).any()) or x.min(initial=0) < 0:
            raise InvalidInput("frequency", "x is a whole number and not negative.")
        fits = (x > 0) & (m > 0)
        x, m = x[fits].astype(np.int64), m[fits]
        if len(x) < 2 or m.min() == m.max():  # noqa: PLR2004 - a spread needs two
            what = "repeat customers who spend differently"
            raise NotEnoughData(self.name, have=len(np.unique(m)), need=2, what=what)
        unit = float(m.mean())
        m = m / unit
        start = DEFAULT_SPEND_PRIOR.mean
        step = len(x) // _ENOUGH_TO_START
        if step > 1:
            start = _climb(x[::step], m[::step], prior, start).theta
        best = _climb(x, m, prior, start)
        p, q, v = np.exp(best.theta)
        self.params_ = {"p": float(p), "q": float(q), "v": float(v * unit)}
        self.theta_ = best.theta + np.array([0, 0, math.log(unit)])
        curvature, axes = np.linalg.eigh(-best.hessian)
        self.covariance_ = (
            (axes / curvature) @ axes.T if curvature[0] > 0 else np.full((3, 3), np.nan)
        )
        self.log_likelihood_ = best.value - len(x) * math.log(unit)
        self.converged_ = best.converged
        self.log_correlation_ = _correlation(np.log(x), np.log(m))
        return self

    @classmethod
    def at(cls, p: float, q: float, v: float) -> Self:
        """The model with parameters known from elsewhere."""
        if not min(p, q, v) > 0:
            raise InvalidInput("params", "p, q and v must be above 0.")
        model = cls()
        model.params_ = {"p": p, "q": q, "v": v}
        return model

    @property
    def mean(self) -> float:
        """Mean spend per purchase of the population, p v / (q - 1); infinite where q <= 1."""
        p, q, v = self.params_["p"], self.params_["q"], self.params_["v"]
        return p * v / (q - 1) if q > 1 else float("inf")

    def conditional_expected_average_profit(self, frequency: Array, monetary_value: Array) -> Array:
        """E[spend per purchase | x, m] = p (v + x m) / (p x + q - 1).

        The population's mean where x = 0. A negative m (more returned than bought) counts as 0.
        """
        p, q, v = self.params_["p"], self.params_["q"], self.params_["v"]
        x = np.asarray(frequency, float)
        total = x * np.maximum(np.asarray(monetary_value, float), 0)
        return p * (v + total) / (p * x + q - 1)

    def customer_lifetime_value(
        self,
        transaction_prediction_model: PurchaseModel,
        frequency: Array,
        recency: Array,
        T: Array,
        monetary_value: Array,
        time: int = 12,
        discount_rate: float = 0.01,
        freq: str = "D",
    ) -> Array:
        """Discounted spend of the next ``time`` months, as ``lifetimes`` has it.

        Months of 30 days, each discounted from its end at ``discount_rate`` a month; ``freq`` is the unit of T. What
        XSight shows is ``Predictions.clv_minor``: whole days, a yearly rate, intervals.
        """
        unit = {"W": 30 / 7, "M": 1.0, "D": 30.0, "H": 30.0 * 24}.get(freq)
        if unit is None:
            raise InvalidInput("freq", "The unit of time is W, M, D or H.")
        months = np.arange(1, time + 1)
        value = (1 + discount_rate) ** -months.astype(float)
        weights = value - np.r_[value[1:], 0.0]
        purchases = transaction_prediction_model.weighted_purchases(
            months * unit, weights, frequency, recency, T
        )
        return purchases * self.conditional_expected_average_profit(frequency, monetary_value)


def _climb(x: Array, m: Array, prior: SpendPrior | None, start: Array) -> Optimum:
    rows = _rows(x, m)
    pull = None if prior is None else (prior.mean, np.diag(prior.spread**-2.0))
    found = kernels().spend_climb(rows, start, pull)
    return maximise(_Likelihood(rows, prior), start) if found is None else Optimum(*found)


def _rows(x: Array, m: Array) -> SpendRows:
    count = np.bincount(x)
    values = np.flatnonzero(count).astype(float)
    count = count[count > 0].astype(float)
    times, spent = np.ascontiguousarray(x, float), np.ascontiguousarray(x * m)
    log_spent, x_log_spent, *_ = kernels().spend_sums(times, spent, 0.0).tolist()
    log_m = log_spent - float(np.einsum("i,i->", count, np.log(values)))
    return SpendRows(times, spent, values, count, log_m, x_log_spent)


class _Likelihood:
    """Log-likelihood in (ln p, ln q, ln v) with derivatives; what depends on x alone is per x.

    Σ ln Γ(px+q) - ln Γ(px) - ln Γ(q) + q ln v + (px-1) ln m + px ln x - (px+q) ln(xm+v)
    """

    def __init__(self, rows: SpendRows, prior: SpendPrior | None) -> None:
        self.rows, self.prior = rows, prior

    def __call__(self, theta: Array) -> tuple[float, Array, Array]:
        rows = self.rows
        p, q, v = np.exp(theta).tolist()
        n = len(rows.x)
        log_u, x_log_u, i, x_i, ii, x_ii = kernels().spend_sums(rows.x, rows.spent, v).tolist()
        gammas = kernels().gamma_sums(rows.values, rows.count, p, q).tolist()
        of_x, gp, gq, pp, pq, qq, log_gamma_q, psi_q, curve_q = gammas
        log_v = math.log(v)
        value = of_x - n * log_gamma_q + n * q * log_v + p * rows.x_log - rows.log_m
        value -= p * x_log_u + q * log_u
        g = np.array(
            [
                gp + rows.x_log - x_log_u,
                gq - n * psi_q + n * log_v - log_u,
                n * q / v - p * x_i - q * i,
            ]
        )
        qv = n / v - i
        vv = -n * q / v**2 + p * x_ii + q * ii
        h = np.array([[pp, pq, -x_i], [pq, qq - n * curve_q, qv], [-x_i, qv, vv]])
        scale = np.array([p, q, v])
        g, h = g * scale, h * np.outer(scale, scale) + np.diag(g * scale)
        if self.prior is None:
            return value, g, h
        gap, precision = theta - self.prior.mean, self.prior.spread**-2.0
        return value - 0.5 * float(gap**2 @ precision), g - gap * precision, h - np.diag(precision)


def _correlation(a: Array, b: Array) -> float:
    """Pearson's r; 0 where one of them does not vary."""
    a, b = a - a.mean(), b - b.mean()
    size = np.einsum("i,i->", a, a) * np.einsum("i,i->", b, b)
    return float(np.einsum("i,i->", a, b) / np.sqrt(size)) if size > 0 else 0.0
