# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Products by ordinal: as they are now, and those that only old lines still name."""

from typing import Any

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.parts import NO_PRODUCT, Products
from xsight_core.ledger.packed import Connection, distinct

__all__ = ["Catalogue", "read_products"]

Row = tuple[Any, ...]
_TEXTS = ("title", "vendor", "type", "tags")

_PRODUCTS = """
SELECT id, title, vendor, product_type, tags FROM xsight.products
WHERE changed_in >= %(since)s ORDER BY id"""


class Catalogue:
    """Gives each product an ordinal: known ones keep theirs, new ones follow."""

    def __init__(self, known: Products | None, rows: list[Row]) -> None:
        self._known, self._rows = known, {row[0]: row[1:] for row in rows}
        self._ids: Int = np.zeros(0, np.int64) if known is None else known.product_id
        new = np.array(sorted(self._rows), np.int64)
        self._add(new[~np.isin(new, self._ids)])

    def ordinals(self, ids: Int) -> Int:
        """Ordinals of product ids (0: none), adding those nobody has described."""
        if len(ids) == 0:
            return np.zeros(0, np.int32)
        codes, named = distinct(ids)
        new = np.sort(named[(named != 0) & ~np.isin(named, self._ids)])
        self._add(new)
        sorting = np.argsort(self._ids)
        place = np.minimum(
            np.searchsorted(self._ids, named, sorter=sorting), max(len(self._ids) - 1, 0)
        )
        ordinal = np.full(len(named), NO_PRODUCT, np.int32)
        there = named != 0
        ordinal[there] = sorting[place[there]]
        return ordinal[codes]

    def _add(self, ids: Int) -> None:
        self._ids = np.r_[self._ids, ids]

    def products(self) -> Products:
        """All of them, as they are now."""
        known = 0 if self._known is None else len(self._known)
        if self._known is not None and known == len(self._ids) and not self._rows:
            return self._known
        columns: dict[str, Int] = {"product_id": self._ids}
        for i, name in enumerate(_TEXTS):
            column = np.empty(len(self._ids), object)
            column[:] = None if name != "tags" else _no_tags(len(column))
            if self._known is not None:
                column[:known] = getattr(self._known, name)
            for place, number in enumerate(self._ids.tolist()):
                if number in self._rows:
                    value = self._rows[number][i]
                    column[place] = tuple(value) if name == "tags" else value
            columns[name] = column
        return Products(columns)


def _no_tags(rows: int) -> Int:
    none = np.empty(rows, object)
    none[:] = [()] * rows
    return none


def read_products(connection: Connection, since: int = 0) -> list[Row]:
    """Products that changed in transaction ``since`` or later, deleted ones too: old lines name them."""
    return connection.execute(_PRODUCTS, {"since": since}).fetchall()
