"""Log-likelihood of BG/NBD and MBG/NBD, with exact gradient and Hessian.

Fader, Hardie & Lee (2005), "Counting your customers the easy way", eq. 6; Batislam, Denizel &
Filiztekin (2007) for the modified model, in which a customer may also drop out after the first
purchase. Written as

    L = Γ(r+x)/Γ(r) · α^r · ∏_{j<n} (b+j)/(a+b+j) · (α+T)^-(r+x) · (1 + e^d)
    d = ln a - ln(b+n-1) + (r+x) ln((α+T)/(α+t_x))

with n = x coins tossed in BG/NBD (and no e^d where x = 0) and n = x + 1 in MBG/NBD. Ratios of
gamma functions are products over the tail counts C_j = #{x > j}, so nothing cancels for large
parameters, and only d is left per row. Customers without a repeat are a count by T, and the
logarithms of whole days come from a table.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from xsight_core.clv.native import Packed, Point, kernels
from xsight_core.clv.summary import Array
from xsight_core.errors import InvalidInput

__all__ = ["Rows", "Theta", "log_likelihood", "natural", "theta_of"]

Theta = Array
"""(ln r/α, ln r, logit a/(a+b), ln(a+b)): a space in which the likelihood is close to quadratic."""

_MOST_DAYS = 100_000
_MOST_PURCHASES = 10_000_000


@dataclass(frozen=True, eq=False)
class Rows:
    """Histories packed for fitting, with what of them does not change with the parameters."""

    packed: Packed
    times: Array  # what the positions of t_x and T stand for
    tail: Array  # tail[j] = weight of the rows with x > j
    repeats: float
    exposure: float  # time in which those repeats came about, roughly

    @classmethod
    def of(cls, frequency: Array, recency: Array, T: Array, weights: Array | None = None) -> "Rows":
        """Pack, after checking what the likelihood takes for granted."""
        columns = [np.asarray(column) for column in (frequency, recency, T)]
        if len({len(column) for column in columns}) > 1:
            raise InvalidInput("T", "frequency, recency and T need one entry per customer each.")
        weight = None if weights is None else np.ascontiguousarray(weights, float)
        if weight is not None and not (np.isfinite(weight).all() and (weight >= 0).all()):
            raise InvalidInput("weights", "Weights must be finite and not negative.")
        x, last, end, times = _whole(*columns)
        packed = kernels().pack(x, last, end, weight, len(times))
        tail = np.ascontiguousarray(packed.count[::-1].cumsum()[::-1][1:])
        since, one = times[packed.t_x], packed.weight
        within = float(since.sum() if one is None else np.einsum("i,i->", one, since))
        once = float(np.einsum("i,i->", packed.zero, times))
        return cls(packed, times, tail, float(tail.sum()), within + once)

    def thinned(self, step: int) -> "Rows":
        """Every ``step``-th of the customers with repeats, standing for the others: where to begin a long climb."""
        rows = self.packed
        weight = np.ones(len(rows.x)) if rows.weight is None else rows.weight
        some = replace(
            rows,
            x=rows.x[::step].copy(),
            t_x=rows.t_x[::step].copy(),
            T=rows.T[::step].copy(),
            weight=weight[::step] * step,
        )
        return replace(self, packed=some)


def natural(theta: Theta) -> tuple[float, float, float, float]:
    """r, α, a, b of theta."""
    t0, t1, t2, t3 = theta.tolist()
    total = math.exp(t3)
    return (
        math.exp(t1),
        math.exp(t1 - t0),
        total / (1 + math.exp(-t2)),
        total / (1 + math.exp(t2)),
    )


def theta_of(r: float, alpha: float, a: float, b: float) -> Theta:
    """The other way round."""
    return np.log([r / alpha, r, a / b, a + b])


def log_likelihood(theta: Theta, rows: Rows, *, modified: bool) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian in theta, summed over all customers."""
    r, alpha, a, b = natural(theta)
    sums = kernels().purchase_sums(
        Point(r, alpha, a, b, modified), rows.packed, rows.times, rows.tail
    )
    value, gr, gal, ga, gb, rr, ral, alal, ra, ala, aa, rb, alb, ab, bb = sums.tolist()
    share = a / (a + b)
    k = share * b  # d a / d logit = -d b / d logit
    # columns of d(r, α, a, b)/dθ: (0, -α, 0, 0), (r, α, 0, 0), (0, 0, k, -k), (0, 0, a, b)
    g = [-alpha * gal, r * gr + alpha * gal, k * (ga - gb), a * ga + b * gb]
    ra_k, ra_s = k * (ra - rb), a * ra + b * rb
    al_k, al_s = k * (ala - alb), a * ala + b * alb
    along, across = gal * alpha, (ga - gb) * k  # and the second derivatives of the map
    h00 = alpha * alpha * alal + along
    h01 = -alpha * (r * ral + alpha * alal) - along
    h11 = r * (r * rr + 2 * alpha * ral) + alpha * alpha * alal + gr * r + along
    h02, h03 = -alpha * al_k, -alpha * al_s
    h12, h13 = r * ra_k + alpha * al_k, r * ra_s + alpha * al_s
    h22 = k * k * (aa - 2 * ab + bb) + across * (1 - 2 * share)
    h23 = k * (a * (aa - ab) + b * (ab - bb)) + across
    h33 = a * a * aa + 2 * a * b * ab + b * b * bb + ga * a + gb * b
    hessian = [
        [h00, h01, h02, h03],
        [h01, h11, h12, h13],
        [h02, h12, h22, h23],
        [h03, h13, h23, h33],
    ]
    return value, np.array(g), np.array(hessian)


def _whole(x: Array, t_x: Array, T: Array) -> tuple[Array, Array, Array, Array]:
    """The columns as whole numbers, and what the times among them stand for: days, or positions of distinct times."""
    if all(column.dtype.kind in "iu" for column in (x, t_x, T)):
        x, last, end = (np.ascontiguousarray(column, np.int64) for column in (x, t_x, T))
        longest = int(end.max(initial=0))
        if longest < _MOST_DAYS and int(x.max(initial=0)) < _MOST_PURCHASES:
            return x, last, end, _days(longest)
    x, last, end = (np.asarray(column, float) for column in (x, t_x, T))
    if not all(np.isfinite(column).all() for column in (x, last, end)) or (
        min(column.min(initial=0) for column in (x, last, end)) < 0
    ):
        raise InvalidInput("T", "frequency, recency and T must be finite and not negative.")
    if (x != np.floor(x)).any() or x.max(initial=0) >= _MOST_PURCHASES:
        raise InvalidInput("frequency", "x is a whole number, and 0 goes with t_x = 0.")
    longest = int(end.max(initial=0))
    if (last > end).any():
        raise InvalidInput("recency", "A last purchase lies after the end (t_x > T).")
    if longest < _MOST_DAYS and (last == np.floor(last)).all() and (end == np.floor(end)).all():
        return x.astype(np.int64), last.astype(np.int64), end.astype(np.int64), _days(longest)
    times, position = np.unique(np.r_[0.0, last, end], return_inverse=True)
    n = len(x)
    return x.astype(np.int64), position[1 : n + 1], position[n + 1 :], times


def _days(longest: int) -> Array:
    return np.arange(max(longest, 0) + 1, dtype=float)
