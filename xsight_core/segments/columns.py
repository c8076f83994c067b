"""What masks are made of: columns of customers, orders or bought lines, each with its way to say «not known»."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from xsight_core.ledger.customers import Codes, Labels

__all__ = [
    "Codes",
    "Flags",
    "Frame",
    "Labels",
    "Mask",
    "Numbers",
    "Through",
    "coded",
    "compare",
    "labelled",
]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers, days or amounts; ``known`` is None where all are."""

    values: NDArray[Any]
    known: Mask | None = None


@dataclass(frozen=True, eq=False)
class Flags:
    """1, 0, or -1 where it is not known."""

    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Through:
    """A column of something that many rows share (a product, an order): asked once there, looked up here.

    ``index`` is -1 where a row has none, which is then not known; ``size`` counts what is shared.
    """

    index: NDArray[Any]
    column: "Column"
    size: int


Column = Numbers | Flags | Codes | Labels | Through


class Frame(Protocol):
    """Rows of one kind, columns by the registry's names."""

    def __len__(self) -> int: ...

    def column(self, name: str) -> Column:
        """A column; made when it is first asked for."""
        ...


def compare(values: NDArray[Any], operator: str, wanted: tuple[Any, ...]) -> Mask:
    """Values with one value, two ends or a list."""
    if operator == "between":
        return (values >= wanted[0]) & (values <= wanted[1])
    if operator == "in":
        return np.isin(values, np.array(wanted))
    ufunc: Any = _UFUNCS[operator]
    return ufunc(values, wanted[0])


_UFUNCS: dict[str, Any] = {
    "=": np.equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


_ONE_BY_ONE: Final = 8
"""So many texts are compared with one after the other sooner than looked up."""


def coded(column: Codes, holds: Callable[[str], bool]) -> Mask:
    """A question about a text is asked once per distinct text."""
    table = np.array([*map(holds, column.names), False])  # the last one is for -1
    wanted = np.flatnonzero(table)
    if len(wanted) > _ONE_BY_ONE:
        return np.take(table, column.codes)
    found = np.zeros(len(column.codes), np.bool_)
    for code in wanted.astype(column.codes.dtype):
        found |= column.codes == code
    return found


def labelled(column: Labels, size: int, holds: Callable[[str], bool]) -> Mask:
    """Who has a label of which it holds."""
    mask = np.zeros(size, np.bool_)
    for i, name in enumerate(column.names):
        if holds(name):
            mask[column.holders[column.starts[i] : column.starts[i + 1]]] = True
    return mask
