"""What acting on customers brought in: the difference between two arms drawn by lot, with its interval."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Difference", "difference", "sample_size"]

Numbers = NDArray[Any]
_TWO = 2
_TENTHS = 10


@dataclass(frozen=True)
class Difference:
    """Means per customer in both arms, and treated minus held out with the ends of its interval.

    ``low`` and ``high`` are None where an arm has fewer than two customers.
    """

    treated: float
    held: float
    lift: float
    low: float | None
    high: float | None


def difference(
    treated: Numbers,
    held: Numbers,
    before: tuple[Numbers, Numbers] | None = None,
    confidence: float = 0.95,
) -> Difference:
    """Of two means; with customers in the hundreds it is normal.

    ``before`` is what the same customers spent before the lot was drawn, which was done within tenths of it: what
    divides the tenths is then no chance, and the variance is the tenths' own, Σ (n_k/n)² (s²_1k/n_1k + s²_0k/n_0k)
    (Cochran 1977, Sampling Techniques, 5A.13: stratification after selection). Without it, or where a tenth has fewer
    than two customers in an arm, it is Welch's of two independent means (Biometrika 34, 1947, 28-35).
    """
    means = tuple(float(arm.mean()) if len(arm) else 0.0 for arm in (treated, held))
    if len(treated) < _TWO or len(held) < _TWO:
        return Difference(means[0], means[1], means[0] - means[1], None, None)
    tenths = None if before is None else _by_tenths(treated, held, before)
    lift, variance = tenths or (means[0] - means[1], _variance(treated, held))
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * float(np.sqrt(variance))
    return Difference(means[0], means[1], lift, lift - reach, lift + reach)


def _by_tenths(
    treated: Numbers, held: Numbers, before: tuple[Numbers, Numbers]
) -> tuple[float, float] | None:
    """The difference and its variance, put together from those of the tenths."""
    values, spent = np.concatenate([treated, held]), np.concatenate(before)
    arm = np.arange(len(values)) < len(treated)
    lift = variance = 0.0
    for tenth in np.array_split(np.argsort(spent, kind="stable"), _TENTHS):
        one, other = values[tenth[arm[tenth]]], values[tenth[~arm[tenth]]]
        if len(one) < _TWO or len(other) < _TWO:
            return None
        share = len(tenth) / len(values)
        lift += share * float(one.mean() - other.mean())
        variance += share**2 * _variance(one, other)
    return lift, variance


def _variance(one: Numbers, other: Numbers) -> float:
    return float(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))


def sample_size(
    deviation: float, effect: float, held_share: float, *, power: float = 0.8, level: float = 0.05
) -> int:
    """Customers in both arms together, so that an effect (per customer) is seen with this power.

    >>> sample_size(deviation=100, effect=10, held_share=0.5)
    3140
    """
    normal = NormalDist()
    z = normal.inv_cdf(1 - level / 2) + normal.inv_cdf(power)
    per = (z * deviation / effect) ** 2
    return int(np.ceil(per * (1 / held_share + 1 / (1 - held_share))))
