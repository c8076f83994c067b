# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
"""Columns in Arrow files, memory-mapped by whoever reads them.

Arrow's own ways from and to NumPy load pandas, half a second and 40 MB in a process that needs none of it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import ipc
from pyarrow.lib import StringBuilder

from xsight_core.analytics.columns import Int

__all__ = ["Mapped", "as_arrow", "as_numpy", "map_columns", "write_columns"]

_KINDS: Final = {
    np.dtype(name): getattr(pa, name)()
    for size in (8, 16, 32, 64)
    for name in (f"int{size}", f"uint{size}", f"float{size}")
    if name != "float8"
}
_NUMBERS: Final = {kind: dtype for dtype, kind in _KINDS.items()}


class Mapped(Mapping[str, Int]):
    """Columns of a file. Numbers are views of it; texts and lists of texts become Python's when asked for."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    @property
    def rows(self) -> int:
        """Entries of each column."""
        return self._batch.num_rows

    def __getitem__(self, name: str) -> Int:
        column = self._batch.column(name)
        if column.type in _NUMBERS:
            return as_numpy(column)
        values = np.empty(len(column), object)
        lists = pa.types.is_list(column.type)
        values[:] = [tuple(v or ()) if lists else v for v in column.to_pylist()]
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._batch.schema.names)

    def __len__(self) -> int:
        return self._batch.num_columns


def write_columns(path: Path, columns: Mapping[str, Any], meta: dict[str, Any]) -> None:
    """Write columns of one length (integers, floats, texts or tuples of texts) and a few words beside them.

    Only the file's owner may read it: the worker that writes it, and the sandboxes that run as the same user.
    """
    arrays = {name: _array(column) for name, column in columns.items()}
    batch = pa.record_batch(arrays).replace_schema_metadata({"xsight": json.dumps(meta)})
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file, ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def map_columns(path: Path) -> tuple[Mapped, dict[str, Any]]:
    """The columns of a file and the words beside them.

    ``FileNotFoundError``, or ``pyarrow.ArrowInvalid`` where the file is torn.
    """
    with pa.memory_map(str(path)) as source:
        reader = ipc.open_file(source)
        batch = reader.get_batch(0)
        meta = json.loads((reader.schema.metadata or {}).get(b"xsight", b"{}"))
    return Mapped(batch), meta


def as_arrow(column: Int) -> pa.Array:
    """The same numbers, not copied where they lie one after another."""
    data = pa.py_buffer(np.ascontiguousarray(column))
    return pa.Array.from_buffers(_KINDS[column.dtype], len(column), [None, data])


def as_numpy(array: pa.Array) -> Int:
    """A view of an array of numbers; there must be no nulls among them."""
    if array.null_count:
        raise ValueError("nulls have no number")
    dtype = _NUMBERS[array.type]
    if len(array) == 0:
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def _array(column: Any) -> pa.Array:
    if isinstance(column, np.ndarray) and column.dtype != object:
        return as_arrow(column)
    values = list(column)
    if not any(isinstance(value, tuple) for value in values):
        return _texts(values)
    ends = np.cumsum([0, *map(len, values)], dtype=np.int32)
    return pa.ListArray.from_arrays(as_arrow(ends), _texts(chain.from_iterable(values)))


def _texts(values: Iterable[str | None]) -> pa.Array:
    texts = StringBuilder()
    for value in values:
        texts.append(value)
    return texts.finish()
