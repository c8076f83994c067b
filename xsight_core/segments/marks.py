# pyright: reportMissingTypeStubs=false
"""What is much, late or rare in this shop: the thresholds of the library, out of the shop's own customers."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.segments.book import Book
from xsight_core.segments.columns import Codes, Numbers

__all__ = ["Marks", "marks_of"]

_USUAL_DAYS = 45
_FEWEST = 20  # below that a quantile is chance, and a usual value is taken


@dataclass(frozen=True)
class Marks:
    """Money in major units of the shop's currency, days and orders whole.

    Attributes
    ----------
    top_net, good_net, typical_net
        What the 90th, 75th and 50th of 100 buyers spent.
    large_order, small_order
        Average orders of the 75th and the 25th.
    usual_days, late_days, lost_days
        Between two purchases: the median of repeat buyers' own rhythms; the time within which three quarters, and
        nineteen of twenty, come back.
    many_orders
        The 90th of 100 repeat buyers has so many, at least 4.
    discount_share
        The median share among who ever had a discount.
    home
        The country most customers live in.
    product, vendor
        What most customers bought.
    """

    top_net: Decimal
    good_net: Decimal
    typical_net: Decimal
    large_order: Decimal
    small_order: Decimal
    usual_days: int
    late_days: int
    lost_days: int
    many_orders: int
    discount_share: float
    home: str | None = None
    product: int | None = None
    vendor: str | None = None


def marks_of(book: Book, *, product: int | None = None, vendor: str | None = None) -> Marks:
    """The thresholds of a shop; best-selling product and vendor are looked up by the caller."""
    living = book.living
    orders = _numbers(book, "orders_count")
    bought = living & (orders > 0)
    net, aov = _numbers(book, "net")[bought], _numbers(book, "aov")[bought]
    rhythm: Any = book.column("rhythm")
    days = rhythm.values[rhythm.known & living]
    shares: Any = book.column("discount_share")
    share = shares.values[shares.known & living & (shares.values > 0)]
    repeat = orders[living & (orders > 1)]
    usual = round(_quantile(days, 0.5, _USUAL_DAYS))
    late = max(usual + 1, round(_quantile(days, 0.75, 2 * _USUAL_DAYS)))
    lost = max(late + 1, round(_quantile(days, 0.95, 4 * _USUAL_DAYS)))

    def money(values: NDArray[Any], q: float) -> Decimal:
        return Decimal(round(_quantile(values, q, 0))).scaleb(-book.basis.exponent)

    return Marks(
        top_net=money(net, 0.9),
        good_net=money(net, 0.75),
        typical_net=money(net, 0.5),
        large_order=money(aov, 0.75),
        small_order=money(aov, 0.25),
        usual_days=max(1, usual),
        late_days=late,
        lost_days=lost,
        many_orders=max(4, round(_quantile(repeat, 0.9, 4))),
        discount_share=round(_quantile(share, 0.5, 0.2), 2),
        home=_most(book.column("country"), living),
        product=product,
        vendor=vendor,
    )


def _numbers(book: Book, name: str) -> NDArray[Any]:
    column = book.column(name)
    assert isinstance(column, Numbers)  # noqa: S101 - the registry's own fields
    return column.values


def _quantile(values: NDArray[Any], q: float, usual: float) -> float:
    return float(np.quantile(values, q)) if len(values) >= _FEWEST else usual


def _most(column: Any, living: NDArray[Any]) -> str | None:
    """The most frequent text."""
    assert isinstance(column, Codes)  # noqa: S101 - likewise
    codes = column.codes[living]
    codes = codes[codes >= 0]
    return column.names[int(np.bincount(codes).argmax())] if len(codes) else None
