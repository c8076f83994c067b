"""The kernels in NumPy: what each is, and what runs where the compiled ones are missing.

Both are held against each other by tests. Everything here sums over customers; what is left is a handful of numbers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.clv.native.gamma import digamma, log_gamma, trigamma
from xsight_core.errors import InvalidInput

__all__ = ["Array", "Climb", "Histories", "Packed", "Point", "SpendRows"]

Array = NDArray[Any]

Climb = tuple[Array, float, Array, bool, int]
"""The fields of ``newton.Optimum``."""

Histories = tuple[Array, Array, Array, Array, Array]
"""By customer: position of the first order, x, t_x, T, and what the repeat days came to."""

HUGE = 1e150
TOLERANCE = 1e-16
_ROUND = 8  # terms of the series between looks at who is done

name = "NumPy"


@dataclass(frozen=True)
class Point:
    """Parameters of a purchase model; ``modified``: MBG/NBD, with a coin tossed after the first purchase too."""

    r: float
    alpha: float
    a: float
    b: float
    modified: bool


@dataclass(frozen=True, eq=False)
class Packed:
    """Histories laid out for fitting.

    Attributes
    ----------
    x, t_x, T : int32
        Customers with repeats; t_x and T are positions in the table of times.
    weight : float or None
        None where each row is one customer.
    zero : float
        By position of T: customers without a repeat, of whom only T is left.
    count : float
        By x: customers.
    """

    x: Array
    t_x: Array
    T: Array
    weight: Array | None
    zero: Array
    count: Array

    @property
    def total(self) -> float:
        """All customers."""
        return float(self.count.sum())


@dataclass(frozen=True, eq=False)
class SpendRows:
    """What of customers' spend does not change with the parameters.

    Attributes
    ----------
    x, spent : float
        By customer: repeat purchases and what they came to.
    values, count : float
        Distinct x, and customers of each.
    log_m, x_log : float
        Σ ln m and Σ x ln(x m).
    """

    x: Array
    spent: Array
    values: Array
    count: Array
    log_m: float
    x_log: float


def coins(x: Array, *, modified: bool) -> Array:
    """Coins tossed before the last one, so that P(dead) has b + coins below it; 0 where none was tossed."""
    return x if modified else np.maximum(x - 1, 0)


def impossible(x: Array, t_x: Array, T: Array) -> InvalidInput:
    """What is wrong with rows that no purchase history can give."""
    if min(column.min() for column in (x, t_x, T)) < 0:
        return InvalidInput("T", "frequency, recency and T must be finite and not negative.")
    if (t_x > T).any():
        return InvalidInput("recency", "A last purchase lies after the end (t_x > T).")
    return InvalidInput("frequency", "x is a whole number, and 0 goes with t_x = 0.")


def summary(customer: Array, day: Array, spend: Array, as_of: int) -> Histories | None:
    """Histories up to the day ``as_of`` out of orders by (customer, day); None where they are not sorted."""
    newer = np.diff(customer)
    if not ((newer > 0) | ((newer == 0) & (np.diff(day) >= 0))).all():
        return None
    seen = np.flatnonzero(day <= as_of)
    customer, day, spend = customer[seen], day[seen], spend[seen]
    opens = np.ones(len(seen), np.bool_)  # a customer's first order
    opens[1:] = customer[1:] != customer[:-1]
    visits = opens.copy()  # the first of a day
    visits[1:] |= day[1:] != day[:-1]
    starts, who = np.flatnonzero(opens), np.cumsum(opens) - 1
    first, last = day[starts], day[np.r_[starts[1:], len(seen)][: len(starts)] - 1]
    repeat = np.where(day > first[who], spend, 0).astype(float)
    total = np.bincount(who, repeat, minlength=len(starts)).astype(float)
    frequency = np.bincount(who[visits], minlength=len(starts)) - 1
    return (
        seen[starts],
        frequency,
        (last - first).astype(np.int64),
        (as_of - first).astype(np.int64),
        total,
    )


def pack(x: Array, t_x: Array, T: Array, weight: Array | None, times: int) -> Packed:
    """Lay out whole numbers; raises ``InvalidInput`` for rows that no purchase history can give."""
    if len(x) and (
        min(column.min() for column in (x, t_x, T)) < 0
        or (t_x > T).any()
        or ((x == 0) & (t_x > 0)).any()
    ):
        raise impossible(x, t_x, T)
    back = x > 0
    return Packed(
        x=x[back].astype(np.int32),
        t_x=t_x[back].astype(np.int32),
        T=T[back].astype(np.int32),
        weight=None if weight is None else weight[back],
        zero=np.bincount(
            T[~back], None if weight is None else weight[~back], minlength=times
        ).astype(float),
        count=np.bincount(x, weight, minlength=1).astype(float),
    )


def purchase_sums(point: Point, rows: Packed, times: Array, tail: Array) -> Array:
    """Log-likelihood, 4 of its gradient and 10 of its Hessian (lower triangle by rows) in (r, α, a, b).

    ``tail[j]``: customers with x > j. See ``likelihood`` for the formula.
    """
    r, alpha, a, b, modified = point.r, point.alpha, point.a, point.b, point.modified
    none = np.flatnonzero(rows.zero)
    x = np.r_[rows.x, np.zeros(len(none))]
    from_end = 1 / (alpha + times[np.r_[rows.T, none]])
    from_last = 1 / (alpha + np.r_[times[rows.t_x], np.zeros(len(none))])
    w = np.r_[np.ones(len(rows.x)) if rows.weight is None else rows.weight, rows.zero[none]]
    s = r + x
    log_end = -np.log(from_end)
    ratio = np.log(from_end / from_last)  # <= 0
    may_be_dead = np.ones(len(x), np.bool_) if modified else x > 0
    inverse = 1 / (b + coins(x, modified=modified))
    d = np.where(may_be_dead, np.log(a) + np.log(inverse) - s * ratio, -np.inf)
    dead = _logistic(d)
    p, v = w * dead, w * dead * (1 - dead)
    slope = np.stack([-ratio, s * (from_end - from_last), np.full(len(x), 1 / a), -inverse])
    value = _dot(w, np.logaddexp(0, d) - s * log_end)
    g = np.array([_dot(row, p) for row in slope])
    g[0] -= _dot(w, log_end)
    g[1] -= _dot(w, s * from_end)
    h = np.einsum("in,jn->ij", slope * v, slope)
    h[1, 0] += _dot(p, from_end - from_last) - _dot(w, from_end)
    h[1, 1] += _dot(w, s * from_end**2) - _dot(p, s * (from_end**2 - from_last**2))
    h[2, 2] -= p.sum() / a**2
    h[3, 3] += _dot(p, inverse**2)

    # α^r and the rising factorials
    total = rows.total
    value += total * r * np.log(alpha)
    g += [total * np.log(alpha), total * r / alpha, 0, 0]
    h[1, 0] += total / alpha
    h[1, 1] -= total * r / alpha**2
    purchase = 1 / (r + np.arange(len(tail)))
    tosses = np.r_[total, tail] if modified else tail
    stay, toss = 1 / (b + np.arange(len(tosses))), 1 / (a + b + np.arange(len(tosses)))
    value += _dot(tosses, np.log(toss / stay)) - _dot(tail, np.log(purchase))
    g += [_dot(tail, purchase), 0, -_dot(tosses, toss), _dot(tosses, stay - toss)]
    h[0, 0] -= _dot(tail, purchase**2)
    h[2:, 2:] += _dot(tosses, toss**2)
    h[3, 3] -= _dot(tosses, stay**2)
    return np.r_[value, g, h[np.tril_indices(4)]]


def purchase_climb(
    rows: Packed,  # noqa: ARG001
    times: Array,  # noqa: ARG001
    tail: Array,  # noqa: ARG001
    theta: Array,  # noqa: ARG001
    pull: tuple[Array, Array] | None,  # noqa: ARG001
    *,
    modified: bool,  # noqa: ARG001
) -> Climb | None:
    """The optimum from theta on, with a prior's mean and precision; None: ``newton.maximise`` has to climb."""
    return None


def spend_climb(
    rows: SpendRows,  # noqa: ARG001
    theta: Array,  # noqa: ARG001
    pull: tuple[Array, Array] | None,  # noqa: ARG001
) -> Climb | None:
    """The same of Gamma-Gamma."""
    return None


def spend_sums(x: Array, total: Array, v: float) -> Array:
    """Sums over u = total + v of ln u, x ln u, 1/u, x/u, 1/u², x/u²."""
    u = total + v
    log_u, inverse = np.log(u), 1 / u
    square = inverse**2
    return np.array(
        [
            log_u.sum(),
            _dot(x, log_u),
            inverse.sum(),
            _dot(x, inverse),
            square.sum(),
            _dot(x, square),
        ]
    )


def gamma_sums(x: Array, count: Array, p: float, q: float) -> Array:
    """What of Gamma-Gamma depends on x alone, with k = px + q, o = px and customers ``count`` at each x.

    Sums of ln Γ(k) - ln Γ(o), x (ψ(k) - ψ(o)), ψ(k), x² (ψ'(k) - ψ'(o)), x ψ'(k), ψ'(k); then ln Γ, ψ, ψ' of q.
    """
    own, both, alone = p * x, p * x + q, np.array([q])
    psi, curve = digamma(both), trigamma(both)
    return np.array(
        [
            _dot(count, log_gamma(both) - log_gamma(own)),
            _dot(count, x * (psi - digamma(own))),
            _dot(count, psi),
            _dot(count, x**2 * (curve - trigamma(own))),
            _dot(count, x * curve),
            _dot(count, curve),
            *(float(each(alone)[0]) for each in (log_gamma, digamma, trigamma)),
        ]
    )


def log_odds_dead(point: Point, x: Array, t_x: Array, T: Array) -> Array:
    """D = ln a - ln(b+n-1) + (r+x) ln((α+T)/(α+t_x)): P(alive) = 1 / (1 + e^d)."""
    decay = np.log((point.alpha + t_x) / (point.alpha + T))
    tossed = point.b + coins(np.asarray(x, float), modified=point.modified)
    return np.log(point.a) - np.log(tossed) - (point.r + x) * decay


def alive(point: Point, x: Array, t_x: Array, T: Array) -> Array:
    """P(alive); 1 where x = 0 in BG/NBD."""
    p = _logistic(-log_odds_dead(point, x, t_x, T))
    return p if point.modified else np.where(x > 0, p, 1.0)


def pairs(x: Array, T: Array) -> tuple[Array, Array]:
    """Distinct (x, T): a row of each, and for every row the number of its pair."""
    # pairs as complex numbers: one sort by x, then T
    _, first, which = np.unique(
        np.asarray(x, float) + 1j * np.asarray(T, float), return_index=True, return_inverse=True
    )
    return first, which


def series(s: Array, b: Array, a: float, step: Array) -> tuple[Array, Array]:
    """Σ_k (s)_k/k! step^k S_k, divided by ``HUGE`` as many times as said, so that nothing overflows.

    ``step``: array (n, h). See ``xsight_core.clv.series``.
    """
    out, shrunk = np.zeros(step.shape), np.zeros(step.shape)
    row = np.arange(len(s))
    mass, total, times = np.ones(step.shape), np.zeros(step.shape), np.zeros(step.shape)
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
        done = ((ratio < 1) & (last <= TOLERANCE * total * (1 - ratio))).all(axis=1)
        big = total > HUGE
        scale = np.where(big, 1 / HUGE, 1.0)
        mass, total, times = mass * scale, total * scale, times + big
        if done.any():
            out[row[done]], shrunk[row[done]] = total[done], times[done]
            left = ~done
            row, s, b, used, stays = row[left], s[left], b[left], used[left], stays[left]
            mass, total, step, times = mass[left], total[left], step[left], times[left]
    return out, shrunk


def spread(
    points: list[Point],
    x: Array,
    t_x: Array,
    T: Array,
    which: Array,
    alive: Array,
    level: Array,
    slope: Array,
) -> tuple[Array, Array, Array]:
    """Scores, the variance of their logarithm, and the variance of the log-odds of P(alive).

    Parameters
    ----------
    points : list of Point
        Eight: one step up along each of four axes of the parameters' covariance, then one step down.
    which : int array (n,)
        The pair (x, T) of each row.
    alive : array (n,)
        P(alive) at the estimate.
    level : array (pairs, 8)
        Quantities of a customer who is alive.
    slope : array (pairs, 4, 8)
        Half the difference of their logarithms along each axis.
    """
    odds = np.stack([log_odds_dead(point, x, t_x, T) for point in points])
    log_alive = -np.logaddexp(0, odds)
    sure = np.zeros(len(x), np.bool_) if points[0].modified else x == 0
    log_alive[:, sure] = odds[:, sure] = 0.0
    along = (log_alive[:4] - log_alive[4:]) / 2
    both = slope[which] + along.T[:, :, None]
    return (
        level[which] * alive[:, None],
        np.einsum("nkh,nkh->nh", both, both),
        (((odds[:4] - odds[4:]) / 2) ** 2).sum(axis=0),
    )


def _logistic(d: Array) -> Array:
    """1 / (1 + e^-d), which does not overflow."""
    e = np.exp(-np.abs(d))
    return np.where(d > 0, 1.0, e) / (1 + e)


def _dot(a: Array, b: Array) -> float:
    """Σ a_i b_i in the calling thread.

    ``a @ b`` hands long vectors to BLAS, which wakes a thread per core and waits for all of them: on a busy machine
    that costs twenty times what it saves.
    """
    return float(np.einsum("i,i->", a, b))
