"""Expected purchases of an active customer, as a series of positive terms."""

import numpy as np

from xsight_core.clv.summary import Array

__all__ = ["purchases_if_alive"]

_ROUND = 8  # terms between looks at who is done
_TOLERANCE = 1e-16
_HUGE = 1e150


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
    z = horizons[None, :] / rate[:, None]
    step = z / (1 + z)
    scale = -s[:, None] * np.log1p(z)  # ln of the term's true size, kept apart: it may underflow
    out = np.zeros(z.shape)

    row = np.arange(len(s))
    mass, total = np.ones(z.shape), np.zeros(z.shape)
    used, stays = np.zeros(len(s)), np.ones(len(s))
    k = 0
    while len(row):
        for _ in range(_ROUND):
            used = used + stays
            stays = stays * (b + k) / (a + b + k)
            mass = mass * step * ((s + k) / (k + 1))[:, None]
            total = total + mass * used[:, None]
            k += 1
        # the next term is at most ``ratio`` times this one, and ratios fall from here on
        ratio = step * ((s + k) / (k + 1) * (used + stays) / used)[:, None]
        last = mass * used[:, None] * ratio
        done = ((ratio < 1) & (last <= _TOLERANCE * total * (1 - ratio))).all(axis=1)
        if done.any():
            out[row[done]] = total[done] * np.exp(scale[done])
            left = ~done
            row, s, b, used, stays = row[left], s[left], b[left], used[left], stays[left]
            mass, total, step, scale = mass[left], total[left], step[left], scale[left]
        big = total > _HUGE
        if big.any():
            shrink = np.where(big, 1 / _HUGE, 1.0)
            mass, total = mass * shrink, total * shrink
            scale = scale - np.log(shrink)
    return out
