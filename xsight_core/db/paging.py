"""Keyset paging: a page begins after the last row of the one before, wherever new rows came in meanwhile.

A cursor is the sort key and id of that row, opaque to callers. It names its sort, so that one cannot be used with
another; a value that does not fit the column is refused where it is read.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Row, Select, tuple_

from xsight_core.errors import InvalidInput

__all__ = ["Sort", "after", "both_ways", "cut", "decode_cursor", "encode_cursor"]

_LARGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True)
class Sort:
    """An order: by ``key`` (never null) and then by ``id``, both in the same direction."""

    key: ColumnElement[Any]
    id: ColumnElement[int]
    descending: bool
    kind: type[Any]

    def apply(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """The query in this order."""
        if self.descending:
            return query.order_by(self.key.desc(), self.id.desc())
        return query.order_by(self.key, self.id)


def both_ways(
    keys: Mapping[str, tuple[Any, type[Any]]], row_id: ColumnElement[int]
) -> dict[str, Sort]:
    """Orders by each key, and the other way round (``-`` before its name)."""
    return {
        sign + name: Sort(key, row_id, descending=bool(sign), kind=kind)
        for name, (key, kind) in keys.items()
        for sign in ("", "-")
    }


def after(
    query: Select[*tuple[Any, ...]], sort: Sort, name: str, cursor: str | None
) -> Select[*tuple[Any, ...]]:
    """The rows behind ``cursor`` in this order."""
    if cursor is None:
        return query
    value, row_id = decode_cursor(cursor, name, sort.kind)
    place = tuple_(sort.key, sort.id)
    here = tuple_(value, row_id)
    return query.where(place < here if sort.descending else place > here)


def cut(found: Sequence[Row[Any]], sort: str, limit: int) -> tuple[Sequence[Row[Any]], str | None]:
    """Of rows asked for with one more than the limit: the page, and where the next one begins."""
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    return page, encode_cursor(sort, page[-1].sort_value, page[-1][0].id)


def encode_cursor(name: str, value: Any, row_id: int) -> str:
    """Where a page ended."""
    return urlsafe_b64encode(msgspec.json.encode((name, value, row_id))).rstrip(b"=").decode()


def decode_cursor(cursor: str, name: str, kind: Any) -> tuple[Any, int]:
    """The sort value and id in a cursor of ours; anything else is ``InvalidInput``."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        sort, value, row_id = msgspec.json.decode(raw, type=tuple[str, kind, int])
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise InvalidInput("cursor", "The cursor is not one of ours; begin without it.") from None
    if sort != name:
        raise InvalidInput("cursor", f"The cursor belongs to the order {sort!r}; begin without it.")
    if not 0 <= row_id <= _LARGEST_ID or (isinstance(value, int) and abs(value) > _LARGEST_ID):
        raise InvalidInput("cursor", "The cursor is not one of ours; begin without it.")
    return value, row_id
