"""What acting on customers brought in: the difference between two arms drawn by lot, with its interval."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Difference", "difference", "sample_size"]

Numbers = NDArray[Any]
_TWO = 2


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


def difference(treated: Numbers, held: Numbers, confidence: float = 0.95) -> Difference:
    """Of two independent means, by Welch's statistic; with customers in the hundreds it is normal.

    Welch, B. L. (1947): The generalization of Student's problem when several different population variances are
    involved. Biometrika 34, 28-35.
    """
    means = tuple(float(arm.mean()) if len(arm) else 0.0 for arm in (treated, held))
    lift = means[0] - means[1]
    if len(treated) < _TWO or len(held) < _TWO:
        return Difference(means[0], means[1], lift, None, None)
    spread = float(np.sqrt(treated.var(ddof=1) / len(treated) + held.var(ddof=1) / len(held)))
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * spread
    return Difference(means[0], means[1], lift, lift - reach, lift + reach)


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
