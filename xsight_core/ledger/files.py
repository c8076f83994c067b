# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
"""Columns in Arrow files, memory-mapped by whoever reads them."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from xsight_core.analytics.columns import Int

__all__ = ["Mapped", "map_columns", "write_columns"]


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
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            return np.asarray(column.to_numpy(zero_copy_only=True))
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


def _array(column: Any) -> pa.Array:
    if isinstance(column, np.ndarray) and column.dtype != object:
        return pa.array(column)
    values = list(column)
    kind = pa.list_(pa.string()) if any(isinstance(v, tuple) for v in values) else pa.string()
    return pa.array([list(v) if isinstance(v, tuple) else v for v in values], kind)
