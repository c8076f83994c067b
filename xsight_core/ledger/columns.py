"""Columns of any length in a folder: one mapped file each, written beside its place and moved there whole."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["keep_columns", "longer", "open_columns"]

_META = "meta.json"


def keep_columns(
    folder: Path, columns: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]
) -> None:
    """Write the folder whole, or not at all; where another process was faster, its own stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        for name, column in columns.items():
            path = draft / f"{name}.npy"
            with path.open("wb") as file:
                np.save(file, column)
                file.flush()
                os.fsync(file.fileno())
            path.chmod(0o600)
        (draft / _META).write_text(json.dumps(meta))
        (draft / _META).chmod(0o600)
        draft.rename(folder)
    except OSError:
        if not (folder / _META).exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def open_columns(folder: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The columns, mapped, and what was said of them; None where the folder is missing or torn."""
    try:
        meta = json.loads((folder / _META).read_text())
        columns = {
            path.stem: np.load(path, mmap_mode="r")
            if path.stat().st_size > _EMPTY
            else np.load(path)
            for path in folder.glob("*.npy")
        }
    except (FileNotFoundError, ValueError):
        return None
    return columns, meta


def longer(column: NDArray[Any], length: int, filling: int = 0) -> NDArray[Any]:
    """A copy that can be written to, filled up behind."""
    found = np.full(length, filling, column.dtype)
    found[: len(column)] = column
    return found


_EMPTY = 128  # a header alone cannot be mapped
