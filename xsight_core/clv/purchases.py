# pyright: reportMissingTypeStubs=false
"""When customers buy and when they stop: BG/NBD and MBG/NBD, with the names of ``lifetimes``."""

from typing import ClassVar, Self

import numpy as np
from scipy.special import expit

from xsight_core.clv.likelihood import Rows, log_likelihood, natural
from xsight_core.clv.newton import maximise
from xsight_core.clv.series import purchases_if_alive
from xsight_core.clv.summary import Array
from xsight_core.clv.sums import dot
from xsight_core.errors import NotEnoughData

__all__ = ["BetaGeoFitter", "ModifiedBetaGeoFitter"]


class BetaGeoFitter:
    """BG/NBD (Fader, Hardie & Lee 2005).

    While active a customer buys at a Poisson rate λ ~ Gamma(r, α); after each repeat purchase the
    customer leaves with probability p ~ Beta(a, b). One-time buyers cannot have left in this model:
    their p_alive is 1. ``ModifiedBetaGeoFitter`` is the default for that reason.

    Attributes
    ----------
    params_ : dict
        r, alpha (in the unit of T), a, b.
    log_likelihood_ : float
    covariance_ : array (4, 4)
        Of ``theta_``; NaN where the likelihood is flat.
    """

    name: ClassVar[str] = "BG/NBD"
    modified: ClassVar[bool] = False

    params_: dict[str, float]
    theta_: Array
    covariance_: Array
    log_likelihood_: float
    converged_: bool

    def fit(self, frequency: Array, recency: Array, T: Array, weights: Array | None = None) -> Self:
        """Maximum likelihood.

        Parameters
        ----------
        frequency, recency, T : arrays
            As in ``PurchaseSummary``; any unit of time, the same for both.
        weights : array, optional
            How many customers a row stands for.

        Raises
        ------
        NotEnoughData
            Nobody bought twice: rate and drop-out cannot be told apart.
        InvalidInput
            Rows that no purchase history can give.
        """
        rows = Rows.of(frequency, recency, T, weights)
        repeats = float(rows.tail.sum())
        exposure = dot(rows.weight, np.where(rows.x > 0, rows.t_x, rows.T))
        if repeats <= 0 or exposure <= 0:
            raise NotEnoughData(self.name, have=0, need=1, what="customers who bought twice")
        start = np.array([np.log(0.8 * repeats / exposure), np.log(0.5), -np.log(3.0), np.log(3.0)])
        best = maximise(lambda theta: log_likelihood(theta, rows, modified=self.modified), start)
        self.theta_ = best.theta
        self.params_ = dict(zip(("r", "alpha", "a", "b"), natural(best.theta), strict=True))
        self.log_likelihood_ = best.value
        self.converged_ = best.converged
        curvature, axes = np.linalg.eigh(-best.hessian)
        if curvature[0] > 0:
            self.covariance_ = (axes / curvature) @ axes.T
        else:
            self.covariance_ = np.full((4, 4), np.nan)
        return self

    def conditional_probability_alive(self, frequency: Array, recency: Array, T: Array) -> Array:
        """P(still active at T | x, t_x, T).

        1 / (1 + a/(b+n-1) ((α+T)/(α+t_x))^(r+x)) with n = x (and 1 where x = 0) in BG/NBD, n = x + 1
        in MBG/NBD. Fader, Hardie & Lee (2008), "Computing P(alive) using the BG/NBD model".
        """
        r, alpha, a, b = self._params()
        x = np.asarray(frequency, float)
        decay = np.log((alpha + np.asarray(recency, float)) / (alpha + np.asarray(T, float)))
        if self.modified:
            return expit(np.log(b + x) - np.log(a) + (r + x) * decay)
        coins = np.where(x > 0, b + x - 1, 1)
        return np.where(x > 0, expit(np.log(coins) - np.log(a) + (r + x) * decay), 1.0)

    def conditional_expected_number_of_purchases_up_to_time(
        self, t: float | Array, frequency: Array, recency: Array, T: Array
    ) -> Array:
        """E[purchases in (T, T+t] | x, t_x, T]: p_alive times what a customer alive will buy.

        ``t`` may be an array: the answer then has one column for each.
        """
        horizons = np.atleast_1d(np.asarray(t, float))
        alive = self.conditional_probability_alive(frequency, recency, T)
        expected = alive[:, None] * self.expected_if_alive(horizons, frequency, T)
        return expected if np.ndim(t) else expected[:, 0]

    def expected_if_alive(self, horizons: Array, frequency: Array, T: Array) -> Array:
        """E[purchases in (T, T+t] | active at T, x, T], one column per horizon t.

        Given that a customer is active, λ ~ Gamma(r+x, α+T) and p ~ Beta(a, b+x) are independent
        (b+x+1 in MBG/NBD, which tossed one coin more), and t_x says nothing more: customers with
        equal (x, T) are computed once.
        """
        r, alpha, a, b = self._params()
        # pairs as complex numbers: one sort by x, then T
        pairs, which = np.unique(
            np.asarray(frequency, float) + 1j * np.asarray(T, float), return_inverse=True
        )
        x, until = pairs.real, pairs.imag
        stayed = b + x + (1 if self.modified else 0)
        return purchases_if_alive(r + x, alpha + until, a, stayed, horizons)[which]

    def probability_of_no_purchase(
        self, t: float, frequency: Array, recency: Array, T: Array
    ) -> Array:
        """P(no purchase in (T, T+t] | x, t_x, T): what XSight calls churn.

        An active customer leaves only after a purchase, so P(0 in t | active) is the Poisson zero
        averaged over λ ~ Gamma(r+x, α+T) in both models::

            P = 1 - p_alive(1 - ((α + T) / (α + T + t)) ^ (r + x))
        """
        r, alpha, _, _ = self._params()
        until = alpha + np.asarray(T, float)
        alive = self.conditional_probability_alive(frequency, recency, T)
        return 1 + alive * np.expm1(-(r + np.asarray(frequency, float)) * np.log1p(t / until))

    def _params(self) -> tuple[float, float, float, float]:
        return self.params_["r"], self.params_["alpha"], self.params_["a"], self.params_["b"]


class ModifiedBetaGeoFitter(BetaGeoFitter):
    """MBG/NBD (Batislam, Denizel & Filiztekin 2007): one may leave after the first purchase too.

    So a one-time buyer's p_alive is below 1 and falls with time.
    """

    name: ClassVar[str] = "MBG/NBD"
    modified: ClassVar[bool] = True
