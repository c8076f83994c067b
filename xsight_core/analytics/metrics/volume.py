"""How many: orders, items, and the time between orders."""

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.metrics.registry import Unit, metric
from xsight_core.analytics.metrics.slices import Sliced, ratio

__all__: list[str] = []


@metric("orders", Unit.COUNT)
def orders(s: Sliced) -> Int:
    """Orders that count: no test, cancelled or deleted ones; of zero value and by guests too."""
    return s.count()


@metric("orders_with", Unit.COUNT, additive=False, by_product=True)
def orders_with(s: Sliced) -> Int:
    """Orders by slice; an order with several products counts for each of them."""
    return s.count()


@metric("guest_orders", Unit.COUNT)
def guest_orders(s: Sliced) -> Int:
    """Orders without a customer."""
    return s.guests


@metric("units", Unit.COUNT, by_product=True)
def units(s: Sliced) -> Int:
    """Items ordered."""
    return s.total(s.orders.units)


@metric("units_per_order", Unit.RATIO, additive=False, by_product=True)
def units_per_order(s: Sliced) -> NDArray[np.float64]:
    """Items ordered / orders."""
    return ratio(units(s), s.count())


@metric("days_between_orders", Unit.DAYS, additive=False)
def days_between_orders(s: Sliced) -> NDArray[np.float64]:
    """Mean days since the same customer's purchase before, over repeat purchases; orders of one day are one."""
    days, repeats = s.gaps
    return ratio(days, repeats)
