"""Exact sums of minor units by code."""

import numpy as np

from xsight_core.analytics.columns import Int

__all__ = ["exact_sums", "segment_sums"]

_WHOLE = 1 << 53  # up to here a float holds every whole number
_HALF = 24


def exact_sums(code: Int, values: Int, n: int) -> Int:
    """Sum of the ``values`` at each code from 0 to ``n - 1``, exact.

    ``bincount`` adds floats, which is exact while no sum can pass 2⁵³; beyond, each half of a number is added alone.
    """
    if len(code) == 0:
        return np.zeros(n, np.int64)
    if max(-int(values.min()), int(values.max())) * len(values) < _WHOLE:
        return np.bincount(code, weights=values, minlength=n).astype(np.int64)
    low = np.bincount(code, weights=values & ((1 << _HALF) - 1), minlength=n)
    high = np.bincount(code, weights=values >> _HALF, minlength=n)
    return low.astype(np.int64) + (high.astype(np.int64) << _HALF)


def segment_sums(values: Int, edges: Int) -> Int:
    """Sum of the values from each edge to the next, exact; 0 where there are none between them."""
    sums = np.zeros(len(edges) - 1, np.int64)
    filled = edges[1:] > edges[:-1]
    if filled.any():
        sums[filled] = np.add.reduceat(values, edges[:-1][filled], dtype=np.int64)
    return sums
