"""What the shops of an installation teach each other: a prior from their models, no customer's data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xsight_core.clv.prior import DEFAULT_PRIORS, Prior
from xsight_core.clv.purchases import BetaGeoFitter
from xsight_core.clv.summary import Array
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["NEED_SHOPS", "Digest", "pool"]

NEED_SHOPS = 20
"""Fewer shops do not say how shops differ, and a prior from a few could tell one of them about another."""

_ROUNDS = 500
_SETTLED = 1e-7
_AS_IF = (
    4.0  # shops as different as the default prior says, so that the spread cannot shrink to nothing
)
_AS_IF_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Digest:
    """A shop's likelihood as a quadratic in theta, 14 numbers: -½ θᵀ information θ + linear · θ."""

    model: str
    linear: Array
    information: Array

    @classmethod
    def of(cls, model: BetaGeoFitter, prior: Prior | None) -> "Digest":
        """Of a fit, without the prior it was made with."""
        theta, information = model.theta_, _not_negative(model.information_)
        # at the mode the likelihood's slope is what the prior pulls
        slope = np.zeros(4) if prior is None else prior.precision @ (theta - prior.mean)
        return cls(model.name, information @ theta + slope, information)

    def card(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "model": self.model,
            "linear": self.linear.tolist(),
            "information": self.information.tolist(),
        }

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> "Digest":
        """The other way round."""
        linear, information = np.array(card["linear"], float), np.array(card["information"], float)
        if linear.shape != (4,) or information.shape != (4, 4):
            raise InvalidInput("digest", "A digest holds 4 and 4 × 4 numbers.")
        return cls(card["model"], linear, information)


def pool(digests: Sequence[Digest]) -> Prior:
    """Empirical Bayes: the normal distribution of theta over shops under which their data are likeliest.

    theta_k ~ N(m, S) and quadratic likelihoods make every step of EM (Dempster, Laird & Rubin 1977) closed: a shop's
    posterior has precision S⁻¹ + information_k, and m and S are the mean and the spread of those posteriors.

    Raises
    ------
    NotEnoughData
        Fewer than 20 shops take part.
    InvalidInput
        Digests of different models.
    """
    if len(digests) < NEED_SHOPS:
        raise NotEnoughData("pooling", have=len(digests), need=NEED_SHOPS, what="shops taking part")
    names = {digest.model for digest in digests}
    if len(names) > 1:
        raise InvalidInput("digests", "Digests of one model only can be pooled.")
    (name,) = names
    start = DEFAULT_PRIORS[name]
    mean, covariance = start.mean, start.covariance
    information = np.stack([digest.information for digest in digests])
    linear = np.stack([digest.linear for digest in digests])
    shops = len(digests)
    for _ in range(_ROUNDS):
        precision = np.linalg.inv(covariance)
        spread = np.linalg.inv(precision + information)
        centre = np.einsum("kij,kj->ki", spread, linear + precision @ mean)
        before, mean = mean, centre.mean(axis=0)
        off = centre - mean
        scatter = spread.sum(axis=0) + off.T @ off + _AS_IF * _AS_IF_SHARE * start.covariance
        covariance = scatter / (shops + _AS_IF)
        if float(np.abs(mean - before).max()) < _SETTLED:
            break
    return Prior(mean, covariance, f"{shops} shops of this installation")


def _not_negative(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 0)) @ vectors.T
