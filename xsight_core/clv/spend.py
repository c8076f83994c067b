# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
"""What customers spend per purchase: the Gamma-Gamma model."""

from typing import ClassVar, Self

import numpy as np
from scipy.special import gammaln, polygamma, psi

from xsight_core.clv.newton import maximise
from xsight_core.clv.summary import Array
from xsight_core.clv.sums import dot
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["GammaGammaFitter"]


class GammaGammaFitter:
    """Gamma-Gamma (Fader & Hardie 2013, "The Gamma-Gamma model of monetary value").

    A customer's purchases are Gamma(p, ν) with ν ~ Gamma(q, v) across customers, independent of how
    often they buy; ``log_correlation_`` shows how far that holds (above 0.3 it does not).

    Attributes
    ----------
    params_ : dict
        p, q, v (in the unit of money given).
    log_likelihood_ : float
    log_correlation_ : float
        Correlation of ln x and ln m among the customers fitted.
    """

    name: ClassVar[str] = "Gamma-Gamma"

    params_: dict[str, float]
    log_likelihood_: float
    log_correlation_: float
    converged_: bool

    def fit(self, frequency: Array, monetary_value: Array) -> Self:
        """Maximum likelihood on the customers with x > 0 and m > 0; the others are left out.

        Raises
        ------
        NotEnoughData
            Fewer than two such customers, or all spend the same: no spread to learn from.
        """
        x, m = np.asarray(frequency, float), np.asarray(monetary_value, float)
        if len(x) != len(m) or not (np.isfinite(x).all() and np.isfinite(m).all()):
            raise InvalidInput("monetary_value", "One finite value per customer is needed.")
        fits = (x > 0) & (m > 0)
        x, m = x[fits], m[fits]
        if len(x) < 2 or np.ptp(m) == 0:  # noqa: PLR2004 - a spread needs two
            what = "repeat customers who spend differently"
            raise NotEnoughData(self.name, have=len(np.unique(m)), need=2, what=what)
        unit = float(np.median(m))
        best = maximise(_Likelihood(x, m / unit), np.log([3.0, 4.0, 3.0]))
        p, q, v = np.exp(best.theta)
        self.params_ = {"p": float(p), "q": float(q), "v": float(v * unit)}
        self.log_likelihood_ = best.value - len(x) * float(np.log(unit))
        self.converged_ = best.converged
        spread = np.ptp(x) > 0
        self.log_correlation_ = float(np.corrcoef(np.log(x), np.log(m))[0, 1]) if spread else 0.0
        return self

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


class _Likelihood:
    """Log-likelihood in (ln p, ln q, ln v) with derivatives; what depends on x alone is per x."""

    def __init__(self, x: Array, m: Array) -> None:
        self.x, self.m = x, m
        self.values, count = np.unique(x, return_counts=True)
        self.count = count.astype(float)
        self.log_m = float(np.log(m).sum())
        self.x_log = float((x * np.log(x * m)).sum())

    def __call__(self, theta: Array) -> tuple[float, Array, Array]:
        p, q, v = np.exp(theta)
        x, values, count, n = self.x, self.values, self.count, len(self.x)
        inverse = 1 / (x * self.m + v)
        log_total = -np.log(inverse)
        k = p * values + q
        value = (
            dot(count, gammaln(k) - gammaln(p * values))
            - n * float(gammaln(q))
            + n * q * np.log(v)
            + p * self.x_log
            - self.log_m
            - dot(p * x + q, log_total)
        )
        both, own = psi(k), psi(p * values)
        g = np.array(
            [
                dot(count * values, both - own) + self.x_log - dot(x, log_total),
                dot(count, both) - n * psi(q) + n * np.log(v) - log_total.sum(),
                n * q / v - dot(p * x + q, inverse),
            ]
        )
        both, own = polygamma(1, k), polygamma(1, p * values)
        h = np.empty((3, 3))
        h[0, 0] = dot(count * values**2, both - own)
        h[0, 1] = h[1, 0] = dot(count * values, both)
        h[0, 2] = h[2, 0] = -dot(x, inverse)
        h[1, 1] = dot(count, both) - n * polygamma(1, q)
        h[1, 2] = h[2, 1] = n / v - inverse.sum()
        h[2, 2] = -n * q / v**2 + dot(p * x + q, inverse**2)
        scale = np.array([p, q, v])
        return value, g * scale, h * np.outer(scale, scale) + np.diag(g * scale)
