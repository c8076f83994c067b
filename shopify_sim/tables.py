"""Columnar tables of a shop: NumPy columns that can grow by a few rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "CUSTOMER",
    "KINDS",
    "LINE",
    "ORDER",
    "Catalogue",
    "Column",
    "History",
    "Table",
    "Tables",
    "Variant",
]

Column = npt.NDArray[Any]
KINDS = (  # of what happens; an entry of a history holds the place in this list
    "orders/create",
    "orders/cancelled",
    "refunds/create",
    "orders/edited",
    "orders/delete",
    "orders/linked",
    "customers/create",
    "customers/update",
    "customers/merge",
    "customers/delete",
    "products/update",
)

# name -> (dtype, value of a row that does not say); times are microseconds since 1970, 0 = not (yet); money is cents
CUSTOMER: dict[str, tuple[Any, Any]] = {
    "created": (np.int64, 0),
    "updated": (np.int64, 0),  # 0: does not exist yet
    "gone": (np.bool_, False),
    "merged_into": (np.int32, -1),
    "given": (np.int16, 0),
    "family": (np.int16, 0),
    "place": (np.int16, 0),
    "email_consent": (np.int8, 0),  # see columns.CONSENT
    "sms_consent": (np.int8, 0),
    "consent_at": (np.int64, 0),
    "has_phone": (np.bool_, False),
}
ORDER: dict[str, tuple[Any, Any]] = {
    "processed": (np.int64, 0),
    "created": (np.int64, 0),
    "updated": (np.int64, 0),  # 0: does not exist yet
    "gone": (np.bool_, False),
    "cancelled": (np.int64, 0),
    "test": (np.bool_, False),
    "edited": (np.bool_, False),
    "customer": (np.int32, -1),  # -1: guest
    "place": (np.int16, 0),
    "channel": (np.int8, 0),
    "coin": (np.int16, 0),  # place in the store's coins
    "status": (np.int8, 0),  # see columns.STATUS; 0: by what was refunded and cancelled
    "tax_included": (np.bool_, False),
    "percent": (np.int16, 0),  # of the discount code; 0: none
    "gross": (np.int64, 0),  # lines as ordered, before discounts
    "discount": (np.int64, 0),
    "gift_gross": (np.int64, 0),  # gift cards' part of gross and discount
    "gift_discount": (np.int64, 0),
    "shipping": (np.int64, 0),
    "tax": (np.int64, 0),  # of all lines and the shipping
    "tip": (np.int64, 0),
    "duties": (np.int64, 0),
    "rounding": (np.int64, 0),  # of cash
    "removed": (np.int64, 0),  # net value of units taken off by edits, refunds and cancellation
    "removed_discount": (np.int64, 0),
    "removed_tax": (np.int64, 0),
    "added": (np.int64, 0),  # net value of lines that an edit added
    "added_tax": (np.int64, 0),
    "refunded": (np.int64, 0),  # money given back
    "returned": (
        np.int64,
        0,
    ),  # goods' part of it, with what was given beyond or short of their worth
    "refunded_shipping": (np.int64, 0),
    "first_line": (np.int64, 0),
    "last_line": (np.int64, 0),  # exclusive
}
LINE: dict[str, tuple[Any, Any]] = {
    "order": (np.int64, 0),
    "number": (np.int64, 0),  # its id is made of this; survives an edit that copies the row
    "variant": (np.int32, 0),
    "quantity": (np.int32, 1),
    "current": (np.int32, 1),
    "unit": (np.int64, 0),
    "discount": (np.int64, 0),
    "tax": (np.int64, 0),
    "gift_card": (np.bool_, False),
    "application": (np.int8, 0),  # which of the order's discounts its discount is of
}


class Table:
    """Columns of one length."""

    def __init__(self, layout: Mapping[str, tuple[Any, Any]], columns: Mapping[str, Any]) -> None:
        """Complete ``columns`` with the defaults of the layout."""
        self.layout = layout
        self.columns = self._complete(columns)

    def _complete(self, columns: Mapping[str, Any]) -> dict[str, Column]:
        unknown = set(columns) - set(self.layout)
        if unknown:
            raise KeyError(f"no such column: {', '.join(sorted(unknown))}")
        count = max((len(values) for values in columns.values()), default=0)
        return {
            name: np.asarray(columns[name], kind)
            if name in columns
            else np.full(count, default, kind)
            for name, (kind, default) in self.layout.items()
        }

    def __len__(self) -> int:
        """Rows."""
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> Column:
        """One column; writing into it changes the table."""
        return self.columns[name]

    def append(self, columns: Mapping[str, Any]) -> range:
        """Add rows; returns their numbers."""
        start = len(self)
        added = self._complete(columns)
        self.columns = {k: np.concatenate([v, added[k]]) for k, v in self.columns.items()}
        return range(start, len(self))

    def nbytes(self) -> int:
        """Memory of the columns."""
        return sum(column.nbytes for column in self.columns.values())


@dataclass(frozen=True)
class Variant:
    """One thing to buy."""

    product: int
    title: str
    sku: str
    price: int
    cost: int


@dataclass
class Catalogue:
    """Products are few: plain lists."""

    titles: list[str]
    kinds: list[str]
    variants: list[Variant]
    created: int
    updated: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Every product starts as it was created."""
        self.updated = self.updated or [self.created] * len(self.titles)


@dataclass(frozen=True)
class History:
    """What happens to the rows after they were made, by time: the clock decides how much of it is true."""

    at: Column
    kind: Column
    row: Column
    argument: Column

    @staticmethod
    def empty() -> "History":
        """Nothing happens."""
        none = np.zeros(0, np.int64)
        return History(none, none.astype(np.int8), none, none)


@dataclass
class Tables:
    """A whole shop as a source makes it."""

    customers: Table
    orders: Table
    lines: Table
    catalogue: Catalogue
    currency: str
    zone: str
    name: str
    history: History = field(default_factory=History.empty)
    truth: dict[str, Any] = field(default_factory=dict)
