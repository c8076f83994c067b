"""The registry of metrics: a function with ``@metric`` is a metric everywhere, with no edit elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

from xsight_core.analytics.metrics.slices import Sliced

__all__ = ["METRICS", "Metric", "Unit", "metric"]

_Function = Callable[[Sliced], NDArray[Any]]


class Unit(StrEnum):
    """What a metric's number is. Money is in minor units of the shop's currency."""

    MONEY = "money"
    COUNT = "count"
    RATIO = "ratio"
    DAYS = "days"


@dataclass(frozen=True)
class Metric:
    """A named number per slice. ``additive``: the slices' values add up to the whole's.

    ``by_product``: it can be told of a product, from the lines.
    """

    name: str
    unit: Unit
    additive: bool
    by_product: bool
    function: _Function

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").partition("\n")[0]

    @property
    def definition(self) -> str:
        """The whole docstring, for the documentation."""
        return " ".join((self.function.__doc__ or "").split())


METRICS: dict[str, Metric] = {}


def metric(
    name: str, unit: Unit, *, additive: bool = True, by_product: bool = False
) -> Callable[[_Function], _Function]:
    """Register a metric."""

    def register(function: _Function) -> _Function:
        METRICS[name] = Metric(name, unit, additive, by_product, function)
        return function

    return register
