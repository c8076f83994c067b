"""What belongs to orders: their lines, what came back, and the catalogue."""

from typing import Any, Self

import numpy as np

from xsight_core.analytics.columns import Column, Int, Table

__all__ = ["GIFT_CARD", "NO_PRODUCT", "Lines", "Products", "Refunds"]

NO_PRODUCT = -1
"""The product ordinal of a line that was typed in by hand."""

GIFT_CARD = 1
"""Bit of a line's flags: money kept for the customer, not a sale, so it is in no order's gross."""


class _Part(Table):
    """Rows below orders, sorted by ``order``: the position of the order they belong to."""

    order = Column(np.int32)

    def of(self, rows: slice | Int, orders: int) -> Self:
        """The rows of some of the ``orders`` orders, which are numbered anew in the order given."""
        position = np.full(orders, -1, np.int32)
        position[rows] = np.arange(len(position[rows]), dtype=np.int32)
        moved = position[self.order]
        picked = np.flatnonzero(moved >= 0)
        part = self.take(picked)
        part.__dict__["order"] = moved[picked]
        return part


class Lines(_Part):
    """Lines of orders, sorted by order.

    Attributes
    ----------
    order : int32
        Position of the order.
    product : int32
        Ordinal of the product, an index of ``Products``; ``NO_PRODUCT`` for none.
    variant_id : int64
        Shopify's id of the variant, 0 for none.
    units : int32
        Items ordered.
    gross_minor, net_minor : int64
        Minor units: price times units, and the same after discounts (line's and order's), before returns.
    flags : uint8
        ``GIFT_CARD``.
    """

    order = Column(np.int32)
    product = Column(np.int32)
    variant_id = Column(np.int64)
    units = Column(np.int32)
    gross_minor = Column(np.int64)
    net_minor = Column(np.int64)
    flags = Column(np.uint8, absent=0)


class Refunds(_Part):
    """What came back: a row per refunded line, and one for each refund without lines; sorted by order.

    Attributes
    ----------
    order : int32
        Position of the order.
    refund_id : int64
        Shopify's id.
    day : int32
        The shop's day on which it was refunded.
    product : int32
        Ordinal of the product, ``NO_PRODUCT`` where there is none.
    units : int32
        Items given back.
    returns_minor : int64
        Minor units taken off sales: the lines' value after discounts, without tax.
    refunded_minor : int64
        Minor units paid back by the whole refund, tax and shipping included; on the refund's first row, else 0.
    """

    order = Column(np.int32)
    refund_id = Column(np.int64)
    day = Column(np.int32)
    product = Column(np.int32)
    units = Column(np.int32)
    returns_minor = Column(np.int64)
    refunded_minor = Column(np.int64)


class Products(Table):
    """The catalogue by product ordinal.

    Attributes
    ----------
    product_id : int64
        Shopify's id.
    title, vendor, type : str or None
        As they are now; None where the product was deleted before it was seen.
    tags : tuple of str
        As they are now.
    """

    product_id = Column(np.int64)
    title = Column(object)
    vendor = Column(object)
    type = Column(object)
    tags = Column(object)

    def name(self, ordinal: int) -> str:
        """The title, else the id."""
        title: Any = self.title[ordinal]
        return str(title) if title else f"#{self.product_id[ordinal]}"
