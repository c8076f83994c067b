# pyright: reportMissingTypeStubs=false
"""The best customers and products of some days."""

from dataclasses import dataclass

import numpy as np

from xsight_core.analytics.columns import Int
from xsight_core.analytics.frames import pd
from xsight_core.analytics.metrics.slices import of_products
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.sums import exact_sums

__all__ = ["Top", "top_customers_between", "top_products"]


@dataclass(frozen=True, eq=False)
class Top:
    """The first n by net sales, ties by id: ids, orders, units, minor units, and the share of all net sales."""

    ids: Int
    orders: Int
    units: Int
    net_minor: Int
    share: Int

    def frame(self, name: str) -> "pd.DataFrame":
        """One row each, best first."""
        columns = {"orders": self.orders, "units": self.units, "net_minor": self.net_minor}
        return pd.DataFrame(columns | {"share": self.share}, index=pd.Index(self.ids, name=name))


def top_customers_between(orders: Orders, since: int, until: int, n: int = 10) -> Top:
    """Customers with the highest net sales on the shop's days ``since`` to ``until`` (both included)."""
    part = _between(orders, since, until)
    known = part.known()
    width = len(orders.customer_id)
    net = exact_sums(known.customer, known.net_minor, width)
    count = np.bincount(known.customer, minlength=width)
    who = np.flatnonzero(count)
    best = who[np.lexsort((orders.customer_id[who], -net[who]))[:n]]
    units = exact_sums(known.customer, known.units, width)
    return _top(orders.customer_id[best], count[best], units[best], net[best], part)


def top_products(orders: Orders, since: int, until: int, n: int = 10) -> Top:
    """Products with the highest net sales on those days; what is no product (typed in by hand) is left out."""
    part = _between(orders, since, until)
    sliced = of_products(part)
    count, net = sliced.count(), sliced.total(sliced.orders.net_minor)
    units = sliced.total(sliced.orders.units)
    ids = orders.products.product_id
    which = np.flatnonzero(count[:-1])
    best = which[np.lexsort((ids[which], -net[which]))[:n]]
    return _top(ids[best], count[best], units[best], net[best], part)


def _between(orders: Orders, since: int, until: int) -> Orders:
    counted = orders.counted(until)
    return counted.take(slice(int(np.searchsorted(counted.day, since)), len(counted)))


def _top(ids: Int, orders: Int, units: Int, net: Int, part: Orders) -> Top:
    whole = int(part.net_minor.sum())
    share = net / whole if whole > 0 else np.zeros(len(net))
    return Top(ids, orders, units, net, share)
