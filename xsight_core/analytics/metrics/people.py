"""Who: new, returning and repeat customers. Guests are nobody."""

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.metrics.registry import Unit, metric
from xsight_core.analytics.metrics.slices import Sliced, ratio

__all__: list[str] = []


@metric("customers", Unit.COUNT, additive=False, by_product=True)
def customers(s: Sliced) -> Int:
    """Distinct customers with an order."""
    return s.customers


@metric("new_customers", Unit.COUNT)
def new_customers(s: Sliced) -> Int:
    """Customers whose first order ever it was; guests are not customers."""
    return s.new_customers


@metric("returning_customers", Unit.COUNT, additive=False)
def returning_customers(s: Sliced) -> Int:
    """Distinct customers whose first order lies elsewhere: by period, before it."""
    return s.customers - s.new_customers


@metric("repeat_rate", Unit.RATIO, additive=False)
def repeat_rate(s: Sliced) -> NDArray[np.float64]:
    """Share of the customers that are returning ones."""
    return ratio(returning_customers(s), customers(s))


@metric("orders_per_customer", Unit.RATIO, additive=False)
def orders_per_customer(s: Sliced) -> NDArray[np.float64]:
    """Orders of customers (guests left out) per distinct customer."""
    return ratio(s.count() - s.guests, customers(s))
