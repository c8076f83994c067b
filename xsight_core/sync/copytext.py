"""Rows as a block of COPY text, escaped in whole-block passes instead of cell by cell."""

from collections.abc import Iterable
from typing import Any

__all__ = ["copy_text"]

_CELL, _ROW, _NULL = "\x01", "\x02", "\x03"
_UNFIT = dict.fromkeys(range(4))  # NUL, which PostgreSQL's text cannot hold, and our three marks


def copy_text(rows: Iterable[tuple[Any, ...]], *, clean: bool) -> bytes:
    """The rows in COPY's text format.

    Marks that no clean text holds separate cells and rows until the escapes are done. ``clean``
    says that no cell can hold a control character; otherwise those four are removed first.
    """
    # by class, not isinstance: this runs once for every cell of a sync
    cells = (
        [v if v.__class__ is str else _NULL if v is None else str(v) for v in row] for row in rows
    )
    if not clean:
        cells = (
            [cell if cell == _NULL else cell.translate(_UNFIT) for cell in row] for row in cells
        )
    text = _ROW.join([_CELL.join(row) for row in cells])
    if not text:
        return b""
    for raw, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        if raw in text:
            text = text.replace(raw, escaped)
    text = text.replace(_NULL, "\\N").replace(_CELL, "\t").replace(_ROW, "\n")
    return (text + "\n").encode()
