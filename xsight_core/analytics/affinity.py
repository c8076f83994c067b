# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What is bought together, and what is bought next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.parts import GIFT_CARD
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["Pairs", "bought_together", "next_product"]

_Z90 = 1.6448536269514722
_PRODUCTS = 1_000
"""Only so many of the most bought products are paired: the rest come too rarely to say anything."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Products ``first`` and ``second`` (Shopify's ids), strongest lift first.

    ``together`` counts baskets (or customers) with both; ``support`` is their share of all ``total``; ``confidence``
    the share with ``second`` of those with ``first``; ``lift`` = P(both) / (P(first) P(second)), with its 90 %
    interval ``lift_low`` to ``lift_high``. A lift whose interval holds 1 says nothing.
    """

    total: int
    first: Int
    second: Int
    together: Int
    support: NDArray[np.float64]
    confidence: NDArray[np.float64]
    lift: NDArray[np.float64]
    lift_low: NDArray[np.float64]
    lift_high: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.first)

    def frame(self) -> "pd.DataFrame":
        """One row per pair."""
        names = (
            "first",
            "second",
            "together",
            "support",
            "confidence",
            "lift",
            "lift_low",
            "lift_high",
        )
        return pd.DataFrame({name: getattr(self, name) for name in names})


def bought_together(
    orders: Orders, as_of: int, *, product: int | None = None, at_least: int = 5, most: int = 100
) -> Pairs:
    """Pairs of products in one order more often than chance would have it.

    Lift and its interval on the log scale (Katz et al. 1978, the ratio of two proportions): var(ln lift) =
    1/n11 - 1/n1 + 1/n2 - 1/n, with n11 orders with both, n1 and n2 with each, n in all.

    Parameters
    ----------
    product : int, optional
        Shopify's id of the only product to look at.
    at_least : int
        Orders with both below which a pair is not looked at.
    most : int
        Pairs to give.
    """
    only = _ordinal(orders, product)
    orders = orders.counted(as_of)
    basket, bought = _bought(orders)
    return _pairs(orders, basket, bought, basket, bought, at_least, most, only, symmetric=True)


def next_product(
    orders: Orders, as_of: int, *, product: int | None = None, at_least: int = 5, most: int = 100
) -> Pairs:
    """Which product (``second``) customers who bought ``first`` buy in their next order, against all next orders.

    Each pair of a customer's consecutive orders is one observation; ``confidence`` is the chance of ``second`` in the
    order after one with ``first``. With a ``product`` only the pairs whose ``first`` it is.
    """
    only = _ordinal(orders, product)
    orders = orders.counted(as_of)
    index = orders.by_customer
    following = np.full(len(orders), -1, np.int64)  # of an order, the same customer's next one
    same = orders.buyer[1:] == orders.buyer[:-1]
    following[index[:-1][same]] = index[1:][same]
    basket, bought = _bought(orders)
    before = following[basket] >= 0
    is_next = np.zeros(len(orders), np.bool_)
    is_next[following[following >= 0]] = True
    after = is_next[basket]
    return _pairs(
        orders,
        following[basket[before]],
        bought[before],
        basket[after],
        bought[after],
        at_least,
        most,
        only,
        symmetric=False,
    )


def _ordinal(orders: Orders, product: int | None) -> int | None:
    """Where a product stands in the catalogue."""
    if product is None:
        return None
    found = np.flatnonzero(orders.products.product_id == product)
    if len(found) == 0:
        raise InvalidInput("product", f"The store has no product {product}.")
    return int(found[0])


def _bought(orders: Orders) -> tuple[Int, Int]:
    """Distinct (order, product), of products that are sold."""
    lines = orders.lines
    which = np.flatnonzero((lines.product >= 0) & ((lines.flags & GIFT_CARD) == 0))
    width = max(len(orders.products), 1)
    key = np.unique(lines.order[which].astype(np.int64) * width + lines.product[which])
    return key // width, key % width


def _pairs(
    orders: Orders,
    left_row: Int,
    left: Int,
    right_row: Int,
    right: Int,
    at_least: int,
    most: int,
    only: int | None,
    *,
    symmetric: bool,
) -> Pairs:
    """Count products that share a row, by a matrix of the most frequent ones."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - a hundred milliseconds that nobody else pays

    total = len(np.union1d(left_row, right_row))
    if total == 0:
        raise NotEnoughData(
            "Product affinity",
            have=0,
            need=1,
            what="orders with products to compare",
            remedy="Sync the store's orders with their lines; for what comes next somebody must have ordered twice.",
        )
    ids = orders.products.product_id
    frequent = np.argsort(-np.bincount(np.r_[left, right], minlength=len(ids)), kind="stable")
    if only is not None:
        frequent = np.r_[only, frequent[frequent != only]]
    chosen = np.full(len(ids), -1, np.int64)
    chosen[frequent[:_PRODUCTS]] = np.arange(min(_PRODUCTS, len(ids)))
    width = min(_PRODUCTS, len(ids))

    def matrix(row: Int, product: Int) -> csr_array:
        keep = chosen[product] >= 0
        ones = np.ones(int(keep.sum()), np.int64)
        return csr_array((ones, (row[keep], chosen[product[keep]])), shape=(len(orders), width))

    a, b = matrix(left_row, left), matrix(right_row, right)
    both = np.asarray((a.T @ b).toarray(), np.int64)
    first_n, second_n = np.asarray(a.sum(axis=0)).ravel(), np.asarray(b.sum(axis=0)).ravel()
    if symmetric:
        both = np.triu(both, 1)
    i, j = np.nonzero(both >= max(at_least, 1))
    if only is not None:  # it stands first
        i, j = i[i == 0], j[i == 0]
    n11 = both[i, j]
    n1, n2 = first_n[i], second_n[j]
    lift = n11 * total / (n1 * n2)
    spread = _Z90 * np.sqrt(np.maximum(1 / n11 - 1 / n1 + 1 / n2 - 1 / total, 0))
    low, high = lift * np.exp(-spread), lift * np.exp(spread)
    best = np.lexsort((ids[frequent[j]], ids[frequent[i]], -n11, -low))[:most]
    first, second = ids[frequent[i[best]]], ids[frequent[j[best]]]
    return Pairs(
        total,
        first,
        second,
        n11[best],
        n11[best] / total,
        n11[best] / n1[best],
        lift[best],
        low[best],
        high[best],
    )
