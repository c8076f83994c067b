# pyright: reportMissingTypeStubs=false
"""Log-likelihood of BG/NBD and MBG/NBD, with exact gradient and Hessian.

Fader, Hardie & Lee (2005), "Counting your customers the easy way", eq. 6; Batislam, Denizel &
Filiztekin (2007) for the modified model, in which a customer may also drop out after the first
purchase. Written as

    L = Γ(r+x)/Γ(r) · α^r · ∏_{j<n} (b+j)/(a+b+j) · (α+T)^-(r+x) · (1 + e^d)
    d = ln a - ln(b+n-1) + (r+x) ln((α+T)/(α+t_x))

with n = x coins tossed in BG/NBD (and no e^d where x = 0) and n = x + 1 in MBG/NBD. Ratios of
gamma functions are products over the tail counts C_j = #{x > j}, so nothing cancels for large
parameters, and only d is left per row. Equal rows are one row with a weight.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit

from xsight_core.clv.summary import Array
from xsight_core.clv.sums import dot, gram
from xsight_core.errors import InvalidInput

__all__ = ["Rows", "Theta", "log_likelihood", "natural"]

Theta = Array
"""(ln r/α, ln r, logit a/(a+b), ln(a+b)): a space in which the likelihood is close to quadratic."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Distinct (x, t_x, T) with weights, and what of them does not change with the parameters."""

    x: Array
    t_x: Array
    T: Array
    weight: Array
    tail: Array  # tail[j] = weight of the rows with x > j
    total: float

    @classmethod
    def of(cls, frequency: Array, recency: Array, T: Array, weights: Array | None = None) -> "Rows":
        """Group equal rows, after checking what the likelihood takes for granted."""
        table = np.column_stack([frequency, recency, T]).astype(float)
        if not np.isfinite(table).all() or (table < 0).any():
            raise InvalidInput("T", "frequency, recency and T must be finite and not negative.")
        x, t_x, until = table.T
        if (t_x > until).any():
            raise InvalidInput("recency", "A last purchase lies after the end (t_x > T).")
        if (x != np.floor(x)).any() or ((x == 0) & (t_x > 0)).any():
            raise InvalidInput("frequency", "x is a whole number, and 0 goes with t_x = 0.")
        weight = np.ones(len(x)) if weights is None else np.asarray(weights, float)
        order = np.lexsort((until, t_x, x))
        table, weight = table[order], weight[order]
        if len(table):
            starts = np.flatnonzero(np.r_[True, (table[1:] != table[:-1]).any(axis=1)])
            table, weight = table[starts], np.add.reduceat(weight, starts)
        x, t_x, until = np.ascontiguousarray(table.T)
        count = np.bincount(x.astype(np.int64), weights=weight, minlength=1)
        tail = count[::-1].cumsum()[::-1][1:]
        return cls(x, t_x, until, weight, tail, float(weight.sum()))


def natural(theta: Theta) -> tuple[float, float, float, float]:
    """r, α, a, b of theta."""
    rate, r, total = np.exp(theta[[0, 1, 3]])
    share = expit(theta[2])
    return float(r), float(r / rate), float(share * total), float((1 - share) * total)


def log_likelihood(theta: Theta, rows: Rows, *, modified: bool) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian in theta, summed over all customers."""
    r, alpha, a, b = natural(theta)
    value, g, h = _natural_derivatives(r, alpha, a, b, rows, modified=modified)
    share = a / (a + b)
    spread = share * (1 - share) * (a + b)
    jacobian = np.array(
        [[0, r, 0, 0], [-alpha, alpha, 0, 0], [0, 0, spread, a], [0, 0, -spread, b]]
    )
    hessian = jacobian.T @ h @ jacobian
    # second derivatives of the map from theta to (r, α, a, b)
    along = g[1] * alpha
    hessian[0, 0] += along
    hessian[0, 1] -= along
    hessian[1, 0] -= along
    hessian[1, 1] += g[0] * r + along
    across = (g[2] - g[3]) * spread
    hessian[2, 2] += across * (1 - 2 * share)
    hessian[2, 3] += across
    hessian[3, 2] += across
    hessian[3, 3] += g[2] * a + g[3] * b
    return value, jacobian.T @ g, hessian


def _natural_derivatives(
    r: float, alpha: float, a: float, b: float, rows: Rows, *, modified: bool
) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian in (r, α, a, b)."""
    x, w = rows.x, rows.weight
    s = r + x
    from_end, from_last = 1 / (alpha + rows.T), 1 / (alpha + rows.t_x)
    log_end = -np.log(from_end)
    ratio = np.log((alpha + rows.t_x) * from_end)  # <= 0
    coins = x if modified else x - 1
    may_be_dead = np.ones(len(x), np.bool_) if modified else x > 0
    inverse = 1 / np.where(may_be_dead, b + coins, 1)
    d = np.where(may_be_dead, np.log(a) + np.log(inverse) - s * ratio, -np.inf)
    dead = expit(d)  # 1 - P(alive)
    value = dot(w, -log_expit(-d) - s * log_end)

    # gradient of d, then of the rows' sum of ln(1 + e^d) - (r+x) ln(α+T)
    slope = np.stack([-ratio, s * (from_end - from_last), np.full(len(x), 1 / a), -inverse])
    p, v = w * dead, w * dead * (1 - dead)
    g = np.array([dot(row, p) for row in slope])
    g[0] -= dot(w, log_end)
    g[1] -= dot(w, s * from_end)
    h = gram(slope, v)
    h[0, 1] += dot(p, from_end - from_last) - dot(w, from_end)
    h[1, 1] += dot(w, s * from_end**2) - dot(p, s * (from_end**2 - from_last**2))
    h[2, 2] -= p.sum() / a**2
    h[3, 3] += dot(p, inverse**2)

    # α^r and the rising factorials
    value += rows.total * r * np.log(alpha)
    g += [rows.total * np.log(alpha), rows.total * r / alpha, 0, 0]
    h[0, 1] += rows.total / alpha
    h[1, 1] -= rows.total * r / alpha**2
    purchase = 1 / (r + np.arange(len(rows.tail)))
    tosses = np.r_[rows.total, rows.tail] if modified else rows.tail
    stay, toss = 1 / (b + np.arange(len(tosses))), 1 / (a + b + np.arange(len(tosses)))
    value += dot(tosses, np.log(toss / stay)) - dot(rows.tail, np.log(purchase))
    g += [dot(rows.tail, purchase), 0, -dot(tosses, toss), dot(tosses, stay - toss)]
    h[0, 0] -= dot(rows.tail, purchase**2)
    h[2:, 2:] += dot(tosses, toss**2)
    h[3, 3] -= dot(tosses, stay**2)
    h[1, 0], h[3, 2] = h[0, 1], h[2, 3]
    return float(value), g, h
