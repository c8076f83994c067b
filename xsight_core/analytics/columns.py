"""Tables of dense columns, each brought when it is first asked for.

A shop's five million orders have fifteen columns, and no question asks for all of them: a selection of orders copies
a column only when somebody looks at it, and a column that lies in a file stays there until then.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, Self, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Column", "Int", "Table"]

Int = NDArray[Any]
"""An array of integers; the column says how wide."""


class Column:
    """One entry per row. ``absent`` is what a table made without it holds; without one it must be given."""

    def __init__(self, kind: Any, absent: int | None = None) -> None:
        self.kind = np.dtype(kind)
        self.absent = absent
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, table: None, owner: type) -> Self: ...
    @overload
    def __get__(self, table: "Table", owner: type) -> Int: ...
    def __get__(self, table: "Table | None", owner: type) -> Self | Int:
        if table is None:
            return self
        column = table.bring(self)
        table.__dict__[self.name] = column  # found there from now on, before this descriptor
        return column


class Table:
    """Rows as columns. Never changed: a selection is another table."""

    COLUMNS: ClassVar[dict[str, np.dtype[Any]]] = {}

    def __init_subclass__(cls) -> None:
        columns = {c.name: c.kind for c in vars(cls).values() if isinstance(c, Column)}
        cls.COLUMNS = columns  # pyright: ignore[reportConstantRedefinition]

    def __init__(self, columns: Mapping[str, Int], length: int | None = None) -> None:
        self._columns = columns
        self._length = len(next(iter(columns.values()))) if length is None else length

    def __len__(self) -> int:
        return self._length

    def take(self, index: NDArray[Any] | slice) -> Self:
        """The rows that ``index`` picks: a slice, positions, or a mask."""
        picked = Selection(self, rows_of(index))
        return type(self)(picked, picked.length)

    def bring(self, column: Column) -> Int:
        """A column from where it is."""
        try:
            return self._columns[column.name]
        except KeyError:
            if column.absent is None:
                raise
            return np.full(len(self), column.absent, column.kind)


class Selection(Mapping[str, Int]):
    """The columns of some rows of a table: a slice of them, or positions."""

    def __init__(self, table: Table, rows: slice | Int) -> None:
        self._table, self._rows = table, rows

    @cached_property
    def length(self) -> int:
        """How many rows."""
        if isinstance(self._rows, slice):
            return len(range(*self._rows.indices(len(self._table))))
        return len(self._rows)

    def __getitem__(self, name: str) -> Int:
        column: Int = getattr(self._table, name)
        return column[self._rows] if isinstance(self._rows, slice) else np.take(column, self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.COLUMNS)

    def __len__(self) -> int:
        return len(self._table.COLUMNS)


def rows_of(index: NDArray[Any] | slice) -> slice | Int:
    """Positions of a mask; positions and slices as they are."""
    if isinstance(index, slice) or index.dtype != np.bool_:
        return index
    return np.flatnonzero(index)
