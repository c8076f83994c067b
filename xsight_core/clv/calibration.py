"""Does a forecast of 30 % come true three times in ten? And the repair where it does not."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xsight_core.clv.summary import Array

__all__ = [
    "Calibration",
    "calibrate",
    "calibration_curve",
    "calibration_error",
    "isotonic",
    "log_loss",
]

NEED_CUSTOMERS = 1_000
NEED_OF_EACH = 100
"""Customers on the holdout, and how many of them must have come and stayed away, before a repair is tried."""

_BANDS = 10
_KNOTS = 200


@dataclass(frozen=True, eq=False)
class Calibration:
    """A rising map from forecast to frequency, straight between its knots."""

    forecast: Array
    frequency: Array

    def __call__(self, probability: Array) -> Array:
        """The repaired forecast."""
        return np.interp(probability, self.forecast, self.frequency)

    def card(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"forecast": self.forecast.tolist(), "frequency": self.frequency.tolist()}


def isotonic(forecast: Array, happened: Array) -> Calibration:
    """The rising step function nearest to what happened (least squares), with its steps joined by lines.

    Pool adjacent violators: Ayer et al. (1955); Zadrozny & Elkan (2002) for probabilities. A step that is all or
    nothing is moved inwards by half a customer, so that nobody is certain.
    """
    order = np.argsort(forecast, kind="stable")
    x, y = np.asarray(forecast, float)[order], np.asarray(happened, float)[order]
    # equal forecasts, and beyond that neighbours in small groups, are one point each
    cut = np.r_[True, x[1:] != x[:-1]]
    if np.count_nonzero(cut) > _KNOTS:
        cut &= np.r_[True, np.diff((np.arange(len(x)) * _KNOTS) // len(x)) > 0]
    starts = np.flatnonzero(cut)
    count = np.diff(np.r_[starts, len(x)]).astype(float)
    total, weight, level = np.add.reduceat(y, starts), count, np.add.reduceat(x, starts)
    blocks: list[tuple[float, float, float]] = []  # happened, customers, sum of forecasts
    for block in zip(total.tolist(), weight.tolist(), level.tolist(), strict=True):
        merged = block
        while blocks and blocks[-1][0] * merged[1] >= merged[0] * blocks[-1][1]:
            before = blocks.pop()
            merged = (before[0] + merged[0], before[1] + merged[1], before[2] + merged[2])
        blocks.append(merged)
    happened_, customers, forecasts = np.array(blocks).T
    inside = np.clip(happened_, 0.5, customers - 0.5) / customers
    return Calibration(forecasts / customers, np.maximum.accumulate(inside))


def calibrate(forecast: Array, happened: Array) -> tuple[Calibration | None, Array]:
    """A repair, if it helps customers it was not made from, and the forecast to judge it by.

    Each half of the customers is repaired with what the other half teaches; only if that lowers both the squared
    error and the surprise is the repair of all returned. The second result is those cross-fitted forecasts, or the
    forecast as it was.
    """
    came = int(np.count_nonzero(happened == 0))
    if len(forecast) < NEED_CUSTOMERS or min(came, len(forecast) - came) < NEED_OF_EACH:
        return None, forecast
    odd = np.arange(len(forecast)) % 2 == 1
    repaired = np.empty(len(forecast))
    for half in (odd, ~odd):
        repaired[half] = isotonic(forecast[~half], happened[~half])(forecast[half])
    before, after = ((forecast - happened) ** 2).mean(), ((repaired - happened) ** 2).mean()
    if after >= before or log_loss(repaired, happened) >= log_loss(forecast, happened):
        return None, forecast
    return isotonic(forecast, happened), repaired


def log_loss(forecast: Array, happened: Array) -> float:
    """Mean surprise in nats: -ln of the probability given to what happened."""
    p = np.clip(forecast, 1e-12, 1 - 1e-12)
    return float(-np.mean(np.where(happened > 0, np.log(p), np.log1p(-p))))


def calibration_curve(forecast: Array, happened: Array) -> list[list[float]]:
    """[mean forecast, frequency, customers] of each tenth of [0, 1] that has any."""
    band = np.minimum((forecast * _BANDS).astype(np.int64), _BANDS - 1)
    n = np.bincount(band, minlength=_BANDS)
    said = np.bincount(band, forecast, minlength=_BANDS)
    seen = np.bincount(band, happened, minlength=_BANDS)
    return [[float(said[i] / n[i]), float(seen[i] / n[i]), int(n[i])] for i in np.flatnonzero(n)]


def calibration_error(curve: list[list[float]]) -> float:
    """Expected calibration error: mean distance of forecast and frequency over the bands, by customers."""
    customers = sum(n for _, _, n in curve)
    return sum(n * abs(said - seen) for said, seen, n in curve) / max(customers, 1)
