"""The sums over customers, compiled where ``make install`` compiled them."""

import warnings
from functools import cache
from typing import Protocol

from xsight_core.clv.native import plain
from xsight_core.clv.native.compiled import Compiled
from xsight_core.clv.native.library import best_target, library_path
from xsight_core.clv.native.plain import Array, Climb, Histories, Packed, Point, SpendRows

__all__ = ["Array", "Climb", "Kernels", "Packed", "Point", "SpendRows", "kernels"]


class Kernels(Protocol):
    """What ``plain`` (a module) and ``Compiled`` both do; ``plain`` says what each is."""

    def summary(
        self, customer: Array, day: Array, spend: Array, as_of: int
    ) -> Histories | None: ...
    def pack(self, x: Array, t_x: Array, T: Array, weight: Array | None, times: int) -> Packed: ...
    def purchase_sums(self, point: Point, rows: Packed, times: Array, tail: Array) -> Array: ...
    def purchase_climb(
        self,
        rows: Packed,
        times: Array,
        tail: Array,
        theta: Array,
        pull: tuple[Array, Array] | None,
        *,
        modified: bool,
    ) -> Climb | None: ...
    def spend_climb(
        self, rows: SpendRows, theta: Array, pull: tuple[Array, Array] | None
    ) -> Climb | None: ...
    def spend_sums(self, x: Array, total: Array, v: float) -> Array: ...
    def gamma_sums(self, x: Array, count: Array, p: float, q: float) -> Array: ...
    def alive(self, point: Point, x: Array, t_x: Array, T: Array) -> Array: ...
    def pairs(self, x: Array, T: Array) -> tuple[Array, Array]: ...
    def series(self, s: Array, b: Array, a: float, step: Array) -> tuple[Array, Array]: ...
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
    ) -> tuple[Array, Array, Array]: ...


@cache
def kernels() -> Kernels:
    """What does the sums: the compiled kernels, or NumPy with a warning that says what to do."""
    best = best_target()
    if best is None:
        return plain
    path = library_path(best)
    try:
        return Compiled(path)
    except OSError as error:
        warnings.warn(
            f"The compiled purchase models are missing ({error}): run `make install`. "
            "NumPy does the work meanwhile, with the same results, slower.",
            RuntimeWarning,
            stacklevel=2,
        )
        return plain
