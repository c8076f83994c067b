"""A bulk file's lines as batches of rows, in constant memory, children wherever they come."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import msgspec

from xsight_core.shopify.amounts import NotMoney, explain
from xsight_core.shopify.mapping import (
    Rows,
    add_collection,
    add_customer,
    add_discount,
    add_line,
    add_metafield,
    add_order,
    add_product,
    add_variant,
)
from xsight_core.shopify.payload import (
    CollectionNode,
    CustomerNode,
    DiscountNode,
    LineNode,
    MetafieldNode,
    OrderNode,
    ProductNode,
    VariantNode,
    number,
)
from xsight_core.sync.merge import Fault

__all__ = ["Batch", "batches"]

_BATCH_ROOTS = 5_000
_LONGEST_BATCH_LINES = 60_000


class Batch:
    """Rows of one transaction, what could not be understood, and how much of the file they are."""

    def __init__(self, timezone: str) -> None:
        self.rows = Rows(timezone)
        self.faults: list[Fault] = []
        self.lines = self.roots = self.bytes = 0
        self.clean = True
        self.staged: dict[str, int] = {}

    def let_go(self) -> None:
        """Forget the rows, which are staged now; only how many there are is still asked for."""
        self.staged = {table: len(rows) for table, rows in self.rows.tables.items()}
        self.rows = Rows(self.rows.zone.key)


def _prefixes(kind: str) -> tuple[bytes, bytes]:
    # The id is the first key because our documents ask for it first; slashes come escaped.
    return rf'{{"id":"gid:\/\/shopify\/{kind}\/'.encode(), f'{{"id":"gid://shopify/{kind}/'.encode()


class _Kind:
    """How lines of one kind are recognised, decoded and added."""

    def __init__(self, node: type[Any], add: Callable[..., Any], *prefixes: bytes) -> None:
        self.decode = msgspec.json.Decoder(node).decode
        self.add, self.prefixes = add, prefixes


_ROOTS = {
    "customers": _Kind(CustomerNode, add_customer, *_prefixes("Customer")),
    "orders": _Kind(OrderNode, add_order, *_prefixes("Order")),
    "products": _Kind(ProductNode, add_product, *_prefixes("Product")),
}
_CHILDREN = {
    "customers": (
        _Kind(
            MetafieldNode,
            partial(add_metafield, table="customer_metafields"),
            *_prefixes("Metafield"),
        ),
    ),
    "orders": (
        _Kind(LineNode, add_line, *_prefixes("LineItem")),
        _Kind(DiscountNode, add_discount, b'{"__typename":"'),
        _Kind(
            MetafieldNode, partial(add_metafield, table="order_metafields"), *_prefixes("Metafield")
        ),
    ),
    "products": (
        _Kind(VariantNode, add_variant, *_prefixes("ProductVariant")),
        _Kind(CollectionNode, add_collection, *_prefixes("Collection")),
        _Kind(MetafieldNode, add_metafield, *_prefixes("Metafield")),
    ),
}
_MOSTLY_ALONE = frozenset({"customers"})
"""Objects whose lines hardly ever have children: the file is cut at any root."""
_NOT_UNDERSTOOD = (
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def batches(
    family: str,
    blocks: Iterable[list[bytes]],
    *,
    timezone: str,
    roots: int = _BATCH_ROOTS,
) -> Iterator[Batch]:
    """Cut the file into batches of about ``roots`` records.

    Cut before a root that follows a child, where a writer that groups in any way has completed its
    group: then hardly a child comes apart from its parent.
    """
    root, children = _ROOTS[family], _CHILDREN[family]
    is_root, decode, add = root.prefixes, root.decode, root.add
    batch, in_children = Batch(timezone), family in _MOSTLY_ALONE
    for block in blocks:
        for line in block:
            batch.bytes += len(line) + 1
            if not line:
                continue
            begins = line.startswith(is_root)
            full = begins and in_children and batch.roots >= roots
            if full or batch.lines >= _LONGEST_BATCH_LINES:
                batch.bytes -= len(line) + 1
                yield batch
                batch = Batch(timezone)
                batch.bytes += len(line) + 1
            if begins:
                batch.roots += 1
                in_children = family in _MOSTLY_ALONE
                if b"\\u00" in line:
                    batch.clean = False
                try:
                    add(batch.rows, decode(line))
                except _NOT_UNDERSTOOD as error:
                    _put_aside(batch, family, line, error)
            else:
                in_children = True
                _add_child(batch, family, children, line)
            batch.lines += 1
    if batch.lines:
        yield batch


def _add_child(batch: Batch, family: str, kinds: tuple[_Kind, ...], line: bytes) -> None:
    if b"\\u00" in line:
        batch.clean = False
    for kind in kinds:
        if line.startswith(kind.prefixes):
            try:
                node = kind.decode(line)
                kind.add(batch.rows, node, number(node.parent))
            except _NOT_UNDERSTOOD as error:
                _put_aside(batch, family, line, error)
            return
    _put_aside(batch, family, line, "a line of unknown kind")


def _put_aside(batch: Batch, family: str, line: bytes, reason: Exception | str) -> None:
    if isinstance(reason, NotMoney):
        reason = explain(reason, msgspec.json.decode(line))
    batch.faults.append((family, str(reason), line.decode("utf-8", "replace")))
