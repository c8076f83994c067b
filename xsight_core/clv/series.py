"""Expected purchases of an active customer, as a series of positive terms."""

import numpy as np

from xsight_core.clv.native import kernels
from xsight_core.clv.native.plain import HUGE
from xsight_core.clv.summary import Array

__all__ = ["purchases_if_alive"]


def purchases_if_alive(s: Array, rate: Array, a: float, b: Array, horizons: Array) -> Array:
    """E[purchases in t | active] for λ ~ Gamma(s, rate) and drop-out p ~ Beta(a, b).

    p is the chance to leave after each purchase. Of K ~ Poisson(λt) occasions the j-th is used if
    none of the j before it was the last::

        E = Σ_k NB(k; s, t/(rate+t)) S_k,   S_k = Σ_{j<k} (b)_j / (a+b)_j

    with rising factorials (b)_j. All terms are positive: unlike the closed form with ₂F₁ (Fader,
    Hardie & Lee 2005, eq. 10) it has no pole at a = 1, does not overflow and holds for a + b < 1.

    Parameters
    ----------
    s, rate, b : arrays (n,)
    a : float
    horizons : array (h,)
        In the unit of ``rate``.

    Returns
    -------
    array (n, h), relative error about 1e-13
    """
    z = np.asarray(horizons, float)[None, :] / np.asarray(rate, float)[:, None]
    s, b = (np.ascontiguousarray(column, float) for column in (s, b))
    total, shrunk = kernels().series(s, b, a, z / (1 + z))
    # the size of a term, kept apart because it may underflow
    return total * np.exp(shrunk * np.log(HUGE) - s[:, None] * np.log1p(z))
