"""What shops are like: where a shop's own orders say little, its model leans on this."""

from dataclasses import dataclass

import numpy as np

from xsight_core.clv.likelihood import Theta
from xsight_core.clv.summary import Array

__all__ = ["Prior"]


@dataclass(frozen=True, eq=False)
class Prior:
    """A normal distribution of theta over shops, unit = day.

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
