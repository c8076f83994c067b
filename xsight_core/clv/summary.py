"""A customer's purchase history in the four numbers the models need."""

from dataclasses import dataclass

import numpy as np

from xsight_core.clv.native import Array, kernels
from xsight_core.errors import InvalidInput

__all__ = ["Array", "PurchaseSummary", "purchase_summary"]


@dataclass(frozen=True, eq=False)
class PurchaseSummary:
    """One entry per customer; the literature's names, unit = day.

    Attributes
    ----------
    customer : int
        Who it is, as given.
    frequency : int
        x: days with a purchase after the first such day.
    recency : int
        t_x: days from the first to the last purchase.
    T : int
        Days from the first purchase to the end of observation.
    monetary_value : float
        Mean spend of the x repeat days, in the unit given; 0 where x = 0. May be zero or negative
        after returns: the purchase still counts in x.
    """

    customer: Array
    frequency: Array
    recency: Array
    T: Array
    monetary_value: Array

    def __len__(self) -> int:
        return len(self.customer)


def purchase_summary(customer: Array, day: Array, spend: Array, as_of: int) -> PurchaseSummary:
    """Summarise orders up to the day ``as_of``; orders of one customer on one day are one purchase.

    Parameters
    ----------
    customer, day, spend : arrays
        One entry per order; days as whole numbers of the shop's calendar.
    as_of : int
        End of observation. Later orders are ignored, so a past day gives the past's summary.

    Returns
    -------
    PurchaseSummary
        By rising ``customer``.

    Examples
    --------
    >>> s = purchase_summary(
    ...     np.array([7, 7, 7, 9]), np.array([0, 10, 10, 5]), np.array([4, 1, 2, 8]), 30
    ... )
    >>> s.customer, s.frequency, s.recency, s.T, s.monetary_value
    (array([7, 9]), array([1, 0]), array([10,  0]), array([30, 25]), array([3., 0.]))
    """
    customer, day, spend = np.asarray(customer), np.asarray(day), np.asarray(spend)
    if not len(customer) == len(day) == len(spend):
        raise InvalidInput("orders", "customer, day and spend need one entry per order each.")
    found = kernels().summary(customer, day, spend, as_of)
    if found is None:
        order = np.lexsort((day, customer))
        customer, day, spend = customer[order], day[order], spend[order]
        found = kernels().summary(customer, day, spend, as_of)
    if found is None:
        raise InvalidInput("orders", "customer and day are whole numbers.")  # NaN has no order
    first, frequency, recency, until, total = found
    return PurchaseSummary(
        customer=customer[first],
        frequency=frequency,
        recency=recency,
        T=until,
        monetary_value=total / np.maximum(frequency, 1),
    )
