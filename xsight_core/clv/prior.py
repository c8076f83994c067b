"""What shops are like: where a shop's own orders say little, its model leans on this."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xsight_core.clv.likelihood import Theta
from xsight_core.clv.summary import Array

__all__ = ["DEFAULT_PRIORS", "Prior"]


@dataclass(frozen=True, eq=False)
class Prior:
    """A normal distribution of theta (see ``likelihood``) over shops, unit = day.

    It is one more observation: against a shop with hundreds of repeat customers it weighs nothing, for
    one with ten it keeps the parameters where shops are. Unlike a penalty on r, α, a, b themselves it
    pulls nothing towards zero.
    """

    mean: Theta
    covariance: Array
    source: str

    @property
    def precision(self) -> Array:
        """Inverse of the covariance."""
        return np.linalg.inv(self.covariance)

    def card(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "mean": self.mean.tolist(),
            "covariance": self.covariance.tolist(),
            "source": self.source,
        }


_SPREAD = np.diag(np.array([1.2, 1.0, 1.5, 1.0]) ** 2)
_SOURCE = "CDNOW (Fader & Hardie) and Online Retail II (UCI 502), day-merged purchases; wide"

DEFAULT_PRIORS = {
    "MBG/NBD": Prior(np.array([-4.28, -0.14, -1.54, 0.94]), _SPREAD, _SOURCE),
    "BG/NBD": Prior(np.array([-4.71, -0.91, -2.07, 1.19]), _SPREAD, _SOURCE),
}
"""By model. BG/NBD: midway between the two shops' estimates, (.2426, 30.9 days, .7929, 2.4259) and (.6641, 64.8 days,
.1564, 3.1904). MBG/NBD: CDNOW's (.5248, 43.3 days, .8914, 1.6140), moved by half of how those two differ. The spread is
wider than the two are apart: two standard deviations are a factor of eleven in the rate of purchases."""
