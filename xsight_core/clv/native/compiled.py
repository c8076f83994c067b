# pyright: reportPrivateUsage=false
"""The kernels in C, by ctypes, which lets go of the interpreter lock. ``plain`` says the same in NumPy."""

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ctypes import c_double, c_int64, c_void_p
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np

from xsight_core.clv.native import plain
from xsight_core.clv.native.plain import Array, Climb, Histories, Packed, Point, SpendRows

__all__ = ["Compiled"]

Out = TypeVar("Out")

_VERSION = 5
_ROWS_A_TURN = 1 << 16  # sums are added in this order whatever the number of threads
_PAIRS_A_TURN = 1 << 11
_MOST_HORIZONS = 64
_LANES = 8
_MOST_DAYS = 100_000
_MOST_CELLS = 1 << 25


class Compiled:
    """The functions of ``plain`` over a compiled library."""

    name: ClassVar[str] = "compiled"

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(os.fspath(path))
        for name in (
            "xs_version",
            "xs_pack",
            "xs_pairs",
            "xs_climb_purchases",
            "xs_climb_spend",
            "xs_summary",
        ):
            getattr(library, name).restype = c_int64
        if library.xs_version() != _VERSION:
            raise OSError(f"{path.name} is of another version than this code.")
        self._library = library

    def summary(self, customer: Array, day: Array, spend: Array, as_of: int) -> Histories | None:
        if any(column.dtype.kind not in "iu" for column in (customer, day)):
            return plain.summary(customer, day, spend, as_of)
        n = len(customer)
        who, when = (np.ascontiguousarray(column, np.int64) for column in (customer, day))
        money = np.ascontiguousarray(spend, float)
        whole, total = [np.empty(n, np.int64) for _ in range(4)], np.empty(n)
        found = self._library.xs_summary(
            *map(_at, (who, when, money)), c_int64(n), c_int64(as_of), *map(_at, (*whole, total))
        )
        if found < 0:
            return None
        first, x, t_x, T = (column[:found].copy() for column in whole)  # noqa: N806 - the literature's
        return first, x, t_x, T, total[:found].copy()

    def pack(self, x: Array, t_x: Array, T: Array, weight: Array | None, times: int) -> Packed:
        n = len(x)
        rows = [np.empty(n, np.int32) for _ in range(3)]
        weights = None if weight is None else np.empty(n)
        zero, count = np.zeros(times), np.zeros(int(x.max(initial=0)) + 1)
        kept = self._library.xs_pack(
            *map(_at, (x, t_x, T)),
            _at(weight),
            c_int64(n),
            *map(_at, rows),
            _at(weights),
            _at(zero),
            _at(count),
        )
        if kept < 0:
            raise plain.impossible(x, t_x, T)
        kept_weights = None if weights is None else weights[:kept]
        first, second, third = (row[:kept] for row in rows)
        return Packed(first, second, third, kept_weights, zero, count)

    def purchase_sums(self, point: Point, rows: Packed, times: Array, tail: Array) -> Array:
        by_time, by_coin = self._tables(point, times, len(tail))

        def part(lo: int, hi: int) -> Array:
            out = np.empty(15)
            columns = (column[lo:hi] for column in (rows.x, rows.t_x, rows.T))
            weight = None if rows.weight is None else rows.weight[lo:hi]
            self._library.xs_rows(
                *map(_at, columns),
                _at(weight),
                c_int64(hi - lo),
                c_double(point.r),
                c_double(point.a),
                _at(by_time),
                _at(by_coin),
                _at(out),
            )
            return out

        out = _total(_turns(part, len(rows.x), _ROWS_A_TURN))
        self._library.xs_rest(
            *map(c_double, (point.r, point.alpha, point.a, point.b)),
            c_int64(point.modified),
            c_int64(len(times)),
            _at(rows.zero),
            _at(tail),
            c_int64(len(tail)),
            c_double(rows.total),
            _at(by_time),
            _at(out),
        )
        return out

    def purchase_climb(
        self,
        rows: Packed,
        times: Array,
        tail: Array,
        theta: Array,
        pull: tuple[Array, Array] | None,
        *,
        modified: bool,
    ) -> Climb | None:
        if len(rows.x) > _ROWS_A_TURN:
            return None
        coins = plain.coins(np.arange(len(tail) + 1, dtype=float), modified=modified)
        scratch = np.empty(2 * (len(times) + len(coins)))
        theta, out = theta.astype(float), np.empty(17)
        mean, precision = _pull(pull)
        evaluations = self._library.xs_climb_purchases(
            *map(_at, (rows.x, rows.t_x, rows.T, rows.weight)),
            c_int64(len(rows.x)),
            _at(times),
            c_int64(len(times)),
            _at(rows.zero),
            _at(tail),
            c_int64(len(tail)),
            _at(coins),
            c_double(rows.total),
            c_int64(modified),
            *map(_at, (mean, precision, scratch, theta, out)),
        )
        return theta, float(out[0]), out[1:].reshape(4, 4), evaluations > 0, abs(evaluations)

    def spend_climb(
        self, rows: SpendRows, theta: Array, pull: tuple[Array, Array] | None
    ) -> Climb | None:
        if len(rows.x) > _ROWS_A_TURN:
            return None
        theta, out = theta.astype(float), np.empty(10)
        mean, precision = _pull(pull)
        evaluations = self._library.xs_climb_spend(
            _at(rows.x),
            _at(rows.spent),
            c_int64(len(rows.x)),
            _at(rows.values),
            _at(rows.count),
            c_int64(len(rows.values)),
            c_double(rows.log_m),
            c_double(rows.x_log),
            *map(_at, (mean, precision, theta, out)),
        )
        return theta, float(out[0]), out[1:].reshape(3, 3), evaluations > 0, abs(evaluations)

    def spend_sums(self, x: Array, total: Array, v: float) -> Array:
        def part(lo: int, hi: int) -> Array:
            out = np.empty(6)
            self._library.xs_spend(
                _at(x[lo:hi]), _at(total[lo:hi]), c_int64(hi - lo), c_double(v), _at(out)
            )
            return out

        return _total(_turns(part, len(x), _ROWS_A_TURN))

    def gamma_sums(self, x: Array, count: Array, p: float, q: float) -> Array:
        out = np.empty(9)
        self._library.xs_gammas(
            _at(x), _at(count), c_int64(len(x)), c_double(p), c_double(q), _at(out)
        )
        return out

    def alive(self, point: Point, x: Array, t_x: Array, T: Array) -> Array:
        if not _whole_days(x, t_x, T):
            return plain.alive(point, x, t_x, T)
        most = int(T.max(initial=0)) + 1
        by_time, by_coin = self._tables(point, np.arange(most, dtype=float), int(x.max(initial=0)))
        out = np.empty(len(x))

        def part(lo: int, hi: int) -> None:
            self._library.xs_alive(
                *(_at(column[lo:hi]) for column in (x, t_x, T)),
                c_int64(hi - lo),
                c_double(point.r),
                c_double(point.a),
                c_int64(not point.modified),
                _at(by_time),
                _at(by_coin),
                _at(out[lo:hi]),
            )

        _turns(part, len(x), _ROWS_A_TURN)
        return out

    def pairs(self, x: Array, T: Array) -> tuple[Array, Array]:
        width = int(T.max(initial=0)) + 1
        cells = (int(x.max(initial=0)) + 1) * width
        if not _whole_days(x, T) or cells > max(_MOST_CELLS, 8 * len(x)):
            return plain.pairs(x, T)
        seen = np.zeros(cells, np.int32)
        which, first = np.empty(len(x), np.int64), np.empty(min(cells, len(x)), np.int64)
        found = self._library.xs_pairs(
            _at(x), _at(T), c_int64(len(x)), c_int64(width), _at(seen), _at(which), _at(first)
        )
        return first[:found], which

    def series(self, s: Array, b: Array, a: float, step: Array) -> tuple[Array, Array]:
        horizons = step.shape[1]
        if horizons > _MOST_HORIZONS:
            return plain.series(s, b, a, step)
        step = np.ascontiguousarray(step)
        total, shrunk = np.empty_like(step), np.empty_like(step)
        furthest = step.max(axis=1)
        order = np.argsort(s * furthest / (1 - furthest))  # how many terms it takes, roughly

        def part(lo: int, hi: int) -> None:
            self._library.xs_series(
                _at(order),
                _at(s),
                _at(b),
                c_double(a),
                _at(step),
                c_int64(lo),
                c_int64(hi),
                c_int64(horizons),
                c_double(plain.HUGE),
                c_double(plain.TOLERANCE),
                _at(total),
                _at(shrunk),
            )

        _turns(part, len(s), _PAIRS_A_TURN)
        return total, shrunk

    def spread(
        self,
        points: list[Point],
        x: Array,
        t_x: Array,
        T: Array,
        which: Array,
        alive: Array,
        level: Array,
        slope: Array,
    ) -> tuple[Array, Array, Array]:
        if not _whole_days(x, t_x, T):
            return plain.spread(points, x, t_x, T, which, alive, level, slope)
        times = np.arange(int(T.max(initial=0)) + 1, dtype=float)
        tables = [self._tables(point, times, int(x.max(initial=0))) for point in points]
        by_time = np.ascontiguousarray(np.stack([t[0][::2] for t in tables], axis=1))
        by_coin = np.ascontiguousarray(np.stack([t[1][::2] for t in tables], axis=1))
        r, log_a = np.array([p.r for p in points]), np.log([p.a for p in points])
        mean, variance = np.empty((len(x), _LANES)), np.empty((len(x), _LANES))
        odds = np.empty(len(x))

        def part(lo: int, hi: int) -> None:
            self._library.xs_spread(
                *(_at(column[lo:hi]) for column in (x, t_x, T, which, alive)),
                c_int64(hi - lo),
                c_int64(not points[0].modified),
                *map(_at, (r, log_a, by_time, by_coin, level, slope)),
                *(_at(column[lo:hi]) for column in (mean, variance, odds)),
            )

        _turns(part, len(x), _ROWS_A_TURN)
        return mean, variance, odds

    def _tables(self, point: Point, times: Array, most: int) -> tuple[Array, Array]:
        """Ln and reciprocal by time and by number of purchases, as the C code looks them up."""
        coins = plain.coins(np.arange(most + 1, dtype=float), modified=point.modified)
        by_time, by_coin = np.empty(2 * len(times)), np.empty(2 * len(coins))
        self._library.xs_tables(
            c_double(point.alpha),
            _at(times),
            c_int64(len(times)),
            _at(by_time),
            c_double(point.b),
            _at(coins),
            c_int64(len(coins)),
            _at(by_coin),
        )
        return by_time, by_coin


def _pull(prior: tuple[Array, Array] | None) -> tuple[Array | None, Array | None]:
    """Mean and precision as the C code takes them."""
    if prior is None:
        return None, None
    mean, precision = (np.ascontiguousarray(part, float) for part in prior)
    return mean, precision


def _at(array: Array | None) -> c_void_p | None:
    return None if array is None else c_void_p(array.__array_interface__["data"][0])


def _turns(part: Callable[[int, int], Out], n: int, size: int) -> list[Out]:
    """``part(lo, hi)`` over all of n, in turns of ``size``, on every core where there is more than one turn."""
    if n <= size:
        return [part(0, n)]
    cuts = [(lo, min(lo + size, n)) for lo in range(0, n, size)]
    cores = min(len(cuts), len(os.sched_getaffinity(0)))
    if cores == 1:
        return [part(*cut) for cut in cuts]
    with ThreadPoolExecutor(cores) as pool:
        return list(pool.map(part, *zip(*cuts, strict=True)))


def _total(parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.sum(parts, axis=0)


def _whole_days(*columns: Array) -> bool:
    return all(c.dtype == np.int64 and c.flags.c_contiguous for c in columns) and (
        int(columns[-1].max(initial=0)) < _MOST_DAYS
    )
