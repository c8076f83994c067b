"""When customers buy and when they stop: BG/NBD and MBG/NBD, with the names of ``lifetimes``."""

from collections.abc import Callable
from typing import ClassVar, Self

import numpy as np

from xsight_core.clv.likelihood import Rows, Theta, log_likelihood, natural
from xsight_core.clv.native import Point, kernels
from xsight_core.clv.newton import Optimum, maximise
from xsight_core.clv.prior import Prior
from xsight_core.clv.series import purchases_if_alive
from xsight_core.clv.summary import Array
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["BetaGeoFitter", "ModifiedBetaGeoFitter"]

_ENOUGH_TO_START = 10_000  # customers with repeats from whom the optimum of all is guessed
_NO_PRIOR = Prior(np.zeros(4), np.eye(4), "")


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
        Of the data alone, without the prior.
    covariance_ : array (4, 4)
        Of ``theta_`` (see ``likelihood``); NaN where the likelihood is flat.
    information_ : array (4, 4)
        What the data alone say about ``theta_``: minus the Hessian of ``log_likelihood_``.
    """

    name: ClassVar[str] = "BG/NBD"
    modified: ClassVar[bool] = False

    params_: dict[str, float]
    theta_: Theta
    covariance_: Array
    information_: Array
    log_likelihood_: float
    converged_: bool

    def fit(
        self,
        frequency: Array,
        recency: Array,
        T: Array,
        weights: Array | None = None,
        *,
        prior: Prior | None = None,
        start: Theta | None = None,
    ) -> Self:
        """Maximum likelihood, or the mode of the posterior where a prior is given.

        Parameters
        ----------
        frequency, recency, T : arrays
            As in ``PurchaseSummary``; any unit of time, the same for both. Whole days are fastest.
        weights : array, optional
            How many customers a row stands for.
        prior : Prior, optional
            Its unit is the day.
        start : theta, optional
            Where to begin, for instance an earlier ``theta_``; the result does not depend on it.

        Raises
        ------
        NotEnoughData
            Nobody bought twice and there is no prior: rate and drop-out cannot be told apart.
        InvalidInput
            Rows that no purchase history can give.
        """
        rows = Rows.of(frequency, recency, T, weights)
        if prior is None and (rows.repeats <= 0 or rows.exposure <= 0):
            raise NotEnoughData(self.name, have=0, need=1, what="customers who bought twice")
        if start is None:
            start = self._start(rows, prior)
        best = self._climb(rows, prior, start)
        self.theta_ = best.theta
        self.params_ = dict(zip(("r", "alpha", "a", "b"), natural(best.theta), strict=True))
        self.log_likelihood_, self.information_ = best.value, -best.hessian
        if prior is not None:
            gap = best.theta - prior.mean
            self.log_likelihood_ += 0.5 * float(gap @ prior.precision @ gap)
            self.information_ = self.information_ - prior.precision
        self.converged_ = best.converged
        curvature, axes = np.linalg.eigh(-best.hessian)
        if curvature[0] > 0:
            self.covariance_ = (axes / curvature) @ axes.T
        else:
            self.covariance_ = np.full((4, 4), np.nan)
        return self

    @classmethod
    def at(cls, r: float, alpha: float, a: float, b: float) -> Self:
        """The model with parameters known from elsewhere."""
        if not min(r, alpha, a, b) > 0:
            raise InvalidInput("params", "r, alpha, a and b must be above 0.")
        model = cls()
        model.params_ = {"r": r, "alpha": alpha, "a": a, "b": b}
        return model

    def _start(self, rows: Rows, prior: Prior | None) -> Theta:
        """By moments; for many customers the optimum of every so many of them."""
        if rows.repeats <= 0 or rows.exposure <= 0:
            return (prior or _NO_PRIOR).mean
        rate = np.log(0.8 * rows.repeats / rows.exposure)
        start = np.array([rate, np.log(0.5), -np.log(3.0), np.log(3.0)])
        step = len(rows.packed.x) // _ENOUGH_TO_START
        if step > 1:
            start = self._climb(rows.thinned(step), prior, start).theta
        return start

    def _climb(self, rows: Rows, prior: Prior | None, start: Theta) -> Optimum:
        pull = None if prior is None else (prior.mean, prior.precision)
        packed, times, tail = rows.packed, rows.times, rows.tail
        found = kernels().purchase_climb(packed, times, tail, start, pull, modified=self.modified)
        return maximise(self._objective(rows, prior), start) if found is None else Optimum(*found)

    def _objective(
        self, rows: Rows, prior: Prior | None
    ) -> Callable[[Theta], tuple[float, Array, Array]]:
        if prior is None:
            return lambda theta: log_likelihood(theta, rows, modified=self.modified)
        mean, precision = prior.mean, prior.precision

        def posterior(theta: Theta) -> tuple[float, Array, Array]:
            value, gradient, hessian = log_likelihood(theta, rows, modified=self.modified)
            gap = theta - mean
            pull = precision @ gap
            return value - 0.5 * float(gap @ pull), gradient - pull, hessian - precision

        return posterior

    def conditional_probability_alive(self, frequency: Array, recency: Array, T: Array) -> Array:
        """P(still active at T | x, t_x, T).

        1 / (1 + a/(b+n-1) ((α+T)/(α+t_x))^(r+x)) with n = x (and 1 where x = 0) in BG/NBD, n = x + 1
        in MBG/NBD. Fader, Hardie & Lee (2008), "Computing P(alive) using the BG/NBD model".
        """
        return kernels().alive(self.point, *_columns(frequency, recency, T))

    def conditional_expected_number_of_purchases_up_to_time(
        self, t: float | Array, frequency: Array, recency: Array, T: Array
    ) -> Array:
        """E[purchases in (T, T+t] | x, t_x, T]: p_alive times what a customer alive will buy.

        ``t`` may be an array: the answer then has one column for each.
        """
        horizons = np.atleast_1d(np.asarray(t, float))
        if len(horizons) == 1:
            expected = self.weighted_purchases(horizons, np.ones(1), frequency, recency, T)
            return expected[:, None] if np.ndim(t) else expected
        alive = self.conditional_probability_alive(frequency, recency, T)
        return alive[:, None] * self.expected_if_alive(horizons, frequency, T)

    def weighted_purchases(
        self, horizons: Array, weights: Array, frequency: Array, recency: Array, T: Array
    ) -> Array:
        """Σ_i weights[i] E[purchases in (T, T + horizons[i]] | x, t_x, T], for example discounted ones."""
        x, until = _columns(frequency, T)
        first, which = kernels().pairs(x, until)
        expected = self.expected_of_pairs(x[first], until[first], horizons)
        of_pair = np.einsum("nt,t->n", expected, weights)
        return self.conditional_probability_alive(frequency, recency, T) * of_pair[which]

    def expected_if_alive(self, horizons: Array, frequency: Array, T: Array) -> Array:
        """E[purchases in (T, T+t] | active at T, x, T], one column per horizon t.

        Given that a customer is active, λ ~ Gamma(r+x, α+T) and p ~ Beta(a, b+x) are independent
        (b+x+1 in MBG/NBD, which tossed one coin more), and t_x says nothing more: customers with
        equal (x, T) are computed once.
        """
        x, until = _columns(frequency, T)
        first, which = kernels().pairs(x, until)
        return self.expected_of_pairs(x[first], until[first], np.asarray(horizons, float))[which]

    def expected_of_pairs(self, x: Array, T: Array, horizons: Array) -> Array:
        """``expected_if_alive`` without looking for equal (x, T)."""
        r, alpha, a, b = self._params()
        stayed = b + x + (1 if self.modified else 0)
        return purchases_if_alive(r + x, alpha + T, a, stayed, horizons)

    predict = conditional_expected_number_of_purchases_up_to_time

    def probability_of_no_purchase(
        self, t: float, frequency: Array, recency: Array, T: Array
    ) -> Array:
        """P(no purchase in (T, T+t] | x, t_x, T): what XSight calls churn.

        An active customer leaves only after a purchase, so P(0 in t | active) is the Poisson zero
        averaged over λ ~ Gamma(r+x, α+T) in both models::

            P = 1 - p_alive(1 - ((α + T) / (α + T + t)) ^ (r + x))
        """
        r, alpha, _, _ = self._params()
        alive = self.conditional_probability_alive(frequency, recency, T)
        until = alpha + np.asarray(T, float)
        return 1 + alive * np.expm1(-(r + np.asarray(frequency, float)) * np.log1p(t / until))

    @property
    def point(self) -> Point:
        """The parameters as the kernels take them."""
        return Point(*self._params(), modified=self.modified)

    def _params(self) -> tuple[float, float, float, float]:
        return self.params_["r"], self.params_["alpha"], self.params_["a"], self.params_["b"]


class ModifiedBetaGeoFitter(BetaGeoFitter):
    """MBG/NBD (Batislam, Denizel & Filiztekin 2007): one may leave after the first purchase too.

    So a one-time buyer's p_alive is below 1 and falls with time.
    """

    name: ClassVar[str] = "MBG/NBD"
    modified: ClassVar[bool] = True


def _columns(*columns: Array) -> list[Array]:
    """Whole numbers as int64, for which the kernels are fastest; anything else as it is."""
    arrays = [np.asarray(column) for column in columns]
    if all(array.dtype.kind in "iu" for array in arrays):
        return [np.ascontiguousarray(array, np.int64) for array in arrays]
    arrays = [np.ascontiguousarray(array, float) for array in arrays]
    whole = all((array == np.floor(array)).all() and (array >= 0).all() for array in arrays)
    return [array.astype(np.int64) for array in arrays] if whole else arrays
