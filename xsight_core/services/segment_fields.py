"""What the builder of segments is set up with: the fields a viewer may ask, and what this store's values are."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np

from xsight_core.segments import read_rule
from xsight_core.segments.book import Book
from xsight_core.segments.builder import builder
from xsight_core.segments.columns import Codes, Labels
from xsight_core.services.look import Ledgers
from xsight_core.services.segment_books import Asked, Books

__all__ = ["Choice", "FieldList", "list_fields"]

_MOST: Final = 300
_OF_CUSTOMERS: Final = (
    "country", "region", "language", "first_channel", "last_channel", "tags"
)  # fmt: skip
_EVERYBODY: Any = {
    "combinator": "and",
    "rules": [{"field": "orders_count", "operator": ">=", "value": 0}],
}


class Choice(msgspec.Struct, frozen=True):
    """A value that this store has; ids stand as text, with what they are called as ``label``."""

    name: str
    label: str


class FieldList(msgspec.Struct, frozen=True):
    """Fields by scope (``customer``, ``orders``, ``products``) and up to 300 values of each that has a list of them."""

    fields: dict[str, list[dict[str, Any]]]
    aggregates: list[dict[str, Any]]
    choices: dict[str, dict[str, list[Choice]]]
    currency_exponent: int


async def list_fields(
    books: Books, ledgers: Ledgers, tenant_id: UUID, *, personal: bool
) -> FieldList:
    """Everything there is to choose from; without the right to personal data nothing that names a person."""

    def told(asked: Asked) -> FieldList:
        book = asked.book
        return FieldList(
            **builder(book.basis, personal=personal),
            choices=_choices(book),
            currency_exponent=book.basis.exponent,
        )

    return await books.ask(ledgers, tenant_id, [read_rule(_EVERYBODY)], told, personal=False)


def _choices(book: Book) -> dict[str, dict[str, list[Choice]]]:
    orders, products = book.orders, book.orders.products
    sold = np.diff(book.facts.columns["product_starts"])[: len(products)]
    most = np.argsort(-sold, kind="stable")[:_MOST].tolist()
    of_order = {
        "channel": _plain(orders.channels),
        "country": _plain(orders.countries),
        "discount_code": _plain(orders.discount_codes),
    }
    return {
        "customer": {name: _of_customers(book, name) for name in _OF_CUSTOMERS},
        "orders": of_order,
        "products": of_order
        | {
            "product": [
                Choice(
                    str(products.product_id[i]), str(products.title[i] or products.product_id[i])
                )
                for i in most
            ],
            "title": _plain([products.title[i] for i in most]),
            "vendor": _plain(products.vendor.tolist()),
            "type": _plain(products.type.tolist()),
            "product_tag": _plain([tag for tags in products.tags for tag in tags]),
        },
    }


def _of_customers(book: Book, name: str) -> list[Choice]:
    """The texts that most customers have, by name."""
    column = book.column(name)
    if isinstance(column, Labels):
        count = np.diff(column.starts)
    elif isinstance(column, Codes):
        count = np.bincount(column.codes[column.codes >= 0], minlength=len(column.names))
    else:
        return []
    most = np.argsort(-count, kind="stable")[:_MOST].tolist()
    return _plain([column.names[i] for i in most if count[i]])


def _plain(texts: Sequence[Any]) -> list[Choice]:
    known = {str(text) for text in texts if text}
    return [Choice(text, text) for text in sorted(known, key=str.casefold)[:_MOST]]
