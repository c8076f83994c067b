"""Keyset pages: sorted indexes over columns, Shopify's cursors, and pages of stored lists."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from shopify_sim.faces import ID0, STEP

__all__ = ["MAX_PAGE", "Index", "Page", "PagingError", "list_page", "page_bounds"]

MAX_PAGE = 250
Rows = npt.NDArray[np.int64]


class PagingError(ValueError):
    """The paging arguments do not make sense; the text is Shopify's."""


@dataclass(frozen=True)
class Page:
    """Rows of one page, with what its ``pageInfo`` needs."""

    rows: list[Any]
    cursors: Callable[[], list[str]]
    has_next: bool = False
    has_previous: bool = False


def page_bounds(args: dict[str, Any]) -> tuple[int, bool]:
    """Page size and whether it counts from the end."""
    given = {name: args[name] for name in ("first", "last") if args.get(name) is not None}
    if not given:
        raise PagingError("you must provide one of first or last")
    if len(given) > 1:
        raise PagingError("providing both first and last is not supported")
    ((name, size),) = given.items()
    if size > MAX_PAGE:
        raise PagingError(f"{name} cannot exceed {MAX_PAGE}")
    if size < 0:
        raise PagingError(f"{name} cannot be negative")
    return size, name == "last"


@dataclass(frozen=True)
class Index:
    """Row numbers of a table in the order of a sort key, ties by row number.

    ``values`` are the sort values of ``rows`` (None: sorted by id); ``clock`` says that they are microseconds;
    ``searched`` decides between the two spellings of a date in a cursor.
    """

    rows: Rows
    values: Rows | None
    clock: bool = True
    searched: bool = False

    def page(self, args: dict[str, Any]) -> tuple[Rows, bool, bool]:
        """Row numbers of the page asked for, and whether there is more behind and before."""
        size, backwards = page_bounds(args)
        reverse = bool(args.get("reverse"))
        low, high = 0, len(self.rows)
        lower, upper = args.get("after"), args.get("before")
        if reverse:
            lower, upper = upper, lower
        if lower:
            low = self._place(lower, "right")
        if upper:
            high = max(low, self._place(upper, "left"))
        from_end = backwards != reverse
        start = max(low, high - size) if from_end else low
        stop = high if from_end else min(high, low + size)
        rows = self.rows[start:stop]
        before, behind = start > 0, stop < len(self.rows)
        if reverse:
            return rows[::-1], before, behind
        return rows, behind, before

    def _place(self, cursor: str, side: Any) -> int:
        row, value = self._read(cursor)
        if self.values is None:
            return int(np.searchsorted(self.rows, row, side))
        low = int(np.searchsorted(self.values, value, "left"))
        high = int(np.searchsorted(self.values, value, "right"))
        return low + int(np.searchsorted(self.rows[low:high], row, side))

    def _read(self, cursor: str) -> tuple[int, int]:
        try:
            content = json.loads(base64.b64decode(cursor, validate=True))
            row = (int(content["last_id"]) - ID0) // STEP
            return row, self._value(content["last_value"])
        except (binascii.Error, ValueError, KeyError, TypeError) as error:
            raise PagingError("Invalid cursor for current pagination sort.") from error

    def _value(self, shown: Any) -> int:
        if self.values is None or not self.clock:
            return int(shown)
        if isinstance(shown, str):
            return int(datetime.fromisoformat(shown).replace(tzinfo=UTC).timestamp()) * 1_000_000
        return int(shown) * 1000

    def cursors(self, rows: Rows, values: Rows | None) -> list[str]:
        """Cursors of ``rows``, whose sort values are ``values``."""
        if self.values is None or values is None:
            return [encode(ID0 + STEP * r, str(ID0 + STEP * r)) for r in rows.tolist()]
        pairs = zip(rows.tolist(), values.tolist(), strict=True)
        return [encode(ID0 + STEP * row, self._shown(value)) for row, value in pairs]

    def _shown(self, value: int) -> str | int:
        if not self.clock:
            return value
        if self.searched:
            return value // 1000
        return datetime.fromtimestamp(value // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S.000000")


def encode(last_id: int, last_value: str | int | None = None) -> str:
    """Shopify's cursor: base64 of JSON without spaces."""
    content: dict[str, Any] = {"last_id": last_id}
    if last_value is not None:
        content["last_value"] = last_value
    return base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def list_page(rows: list[Any], args: dict[str, Any]) -> Page:
    """Page of a short stored list; a cursor is the position of its row."""
    size, backwards = page_bounds(args)
    if args.get("reverse"):
        rows.reverse()
    low, high = 0, len(rows)
    if args.get("after"):
        low = _position(args["after"]) + 1
    if args.get("before"):
        high = _position(args["before"])
    start = max(low, high - size) if backwards else low
    stop = high if backwards else min(high, low + size)
    cursors = [encode(position) for position in range(start, max(start, stop))]
    return Page(rows[start:stop], lambda: cursors, stop < len(rows), start > 0)


def _position(cursor: str) -> int:
    try:
        return int(json.loads(base64.b64decode(cursor, validate=True))["last_id"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise PagingError("Invalid cursor for current pagination sort.") from error
