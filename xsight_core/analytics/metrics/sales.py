"""Money: what was sold, what was given back, what was charged on top."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.metrics.registry import Unit, metric
from xsight_core.analytics.metrics.slices import Sliced, ratio

__all__: list[str] = []


@metric("gross_sales", Unit.MONEY, by_product=True)
def gross_sales(s: Sliced) -> Int:
    """Prices of all lines before discounts and returns, without tax and shipping."""
    return s.total(s.orders.gross_minor)


@metric("discounts", Unit.MONEY, by_product=True)
def discounts(s: Sliced) -> Int:
    """Discounts on lines and orders."""
    return s.total(s.orders.discounts_minor)


@metric("returns", Unit.MONEY, by_product=True)
def returns(s: Sliced) -> Int:
    """What was given back for returned or removed lines, on the day of the order."""
    return s.total(s.orders.returns_minor)


@metric("returns_on_refund_date", Unit.MONEY, by_product=True)
def returns_on_refund_date(s: Sliced) -> Int:
    """What was given back for returned or removed lines, on the day it was refunded.

    What was edited out of an order without a refund stands on the day of the order.
    """
    return s.returned(s.events.returns_minor)


@metric("net_sales", Unit.MONEY, by_product=True)
def net_sales(s: Sliced) -> Int:
    """Gross sales - discounts - returns, without tax and shipping: what "revenue" means here.

    Returns stand on the day of their order.
    """
    return s.total(s.orders.net_minor)


@metric("net_sales_on_refund_date", Unit.MONEY, by_product=True)
def net_sales_on_refund_date(s: Sliced) -> Int:
    """Gross sales - discounts - returns on the day of the refund: as Shopify's sales report has it."""
    return gross_sales(s) - discounts(s) - returns_on_refund_date(s)


@metric("taxes", Unit.MONEY)
def taxes(s: Sliced) -> Int:
    """Taxes of the orders when they were placed."""
    return s.total(s.orders.taxes_minor)


@metric("shipping", Unit.MONEY)
def shipping(s: Sliced) -> Int:
    """Shipping charged when the orders were placed."""
    return s.total(s.orders.shipping_minor)


@metric("refunds_paid", Unit.MONEY)
def refunds_paid(s: Sliced) -> Int:
    """Money paid back on the day of the refund, tax and shipping included."""
    return s.returned(s.events.refunded_minor)


@metric("aov", Unit.MONEY, additive=False)
def aov(s: Sliced) -> NDArray[np.float64]:
    """Average order value: net sales / orders, free ones included."""
    return ratio(net_sales(s), s.count())


@metric("discount_rate", Unit.RATIO, additive=False, by_product=True)
def discount_rate(s: Sliced) -> NDArray[np.float64]:
    """Discounts / gross sales."""
    return ratio(discounts(s), gross_sales(s))


@metric("return_rate", Unit.RATIO, additive=False, by_product=True)
def return_rate(s: Sliced) -> NDArray[np.float64]:
    """Returns / (gross sales - discounts), by the day of the order."""
    return ratio(returns(s), gross_sales(s) - discounts(s))


@metric("refund_rate", Unit.RATIO, additive=False, by_product=True)
def refund_rate(s: Sliced) -> NDArray[Any]:
    """Share of the orders of which something came back."""
    return ratio(s.refunded_orders, s.count())
