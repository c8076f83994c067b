"""A bulk file's lines as batches of rows, in constant memory, children wherever they come."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from xsight_core.shopify.mapping import (
    Rows,
    add_customer,
    add_discount,
    add_line,
    add_order,
    add_product,
    add_variant,
)
from xsight_core.shopify.payload import (
    CustomerNode,
    DiscountNode,
    LineNode,
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
    """Rows of one transaction, and what could not be understood."""

    def __init__(self, timezone: str) -> None:
        self.rows = Rows(timezone)
        self.faults: list[Fault] = []
        self.lines = 0
        self.roots = 0
        self.clean = True


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
    "customers": (),
    "orders": (
        _Kind(LineNode, add_line, *_prefixes("LineItem")),
        _Kind(DiscountNode, add_discount, b'{"__typename":"'),
    ),
    "products": (_Kind(VariantNode, add_variant, *_prefixes("ProductVariant")),),
}


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
    batch, in_children = Batch(timezone), not children
    for block in blocks:
        for line in block:
            if not line:
                continue
            if line.startswith(root.prefixes):
                full = batch.roots >= roots and in_children
                if full or batch.lines >= _LONGEST_BATCH_LINES:
                    yield batch
                    batch = Batch(timezone)
                batch.roots += 1
                in_children = not children
                _add(batch, family, root, line)
            else:
                in_children = True
                kind = next((kind for kind in children if line.startswith(kind.prefixes)), None)
                _add(batch, family, kind, line)
            batch.lines += 1
    if batch.lines:
        yield batch


def _add(batch: Batch, family: str, kind: _Kind | None, line: bytes) -> None:
    if b"\\u00" in line:
        batch.clean = False
    if kind is None:
        batch.faults.append((family, "a line of unknown kind", line.decode("utf-8", "replace")))
        return
    try:
        node = kind.decode(line)
        if kind is _ROOTS[family]:
            kind.add(batch.rows, node)
        else:
            kind.add(batch.rows, node, number(node.parent))
    except (msgspec.MsgspecError, ValueError, TypeError, AttributeError, OverflowError) as error:
        batch.faults.append((family, str(error), line.decode("utf-8", "replace")))
