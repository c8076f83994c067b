"""Cohorts cut by how customers came: first product, channel, discount, country."""

from collections.abc import Sequence

import numpy as np

from xsight_core.analytics.cohorts import Cohorts, cohorts
from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.periods import Grain
from xsight_core.errors import InvalidInput

__all__ = ["CUTS", "cohorts_by", "first_of"]

CUTS = ("product", "channel", "discount", "country")


def first_of(orders: Orders, as_of: int, by: str) -> tuple[Int, Int, list[str | int | None]]:
    """How each buyer came: customer ids, codes, and names by code (None: unknown, the last).

    ``channel``, ``country`` and ``discount`` (first code) are the first counted order's; ``product`` is the one on
    which most was spent in it (gross; ties: the lower id), named by Shopify's product id.
    """
    if by not in CUTS:
        raise InvalidInput("by", f"Cohorts are cut by {', '.join(CUTS)}, not by {by!r}.")
    orders = orders.counted(as_of)
    first = orders.by_customer[orders.starts]
    who = orders.customer_id[orders.customer[first]]
    names: Sequence[str | int]
    if by == "product":
        names, of_order = orders.products.product_id.tolist(), _main_product(orders)
    elif by == "discount":
        names, of_order = orders.discount_codes, orders.discount
    elif by == "channel":
        names, of_order = orders.channels, orders.channel
    else:
        names, of_order = orders.countries, orders.country
    code = of_order[first].astype(np.int64)
    return who, np.where(code < 0, len(names), code), [*names, None]


def cohorts_by(
    orders: Orders, as_of: int, by: str, grain: Grain = Grain.MONTH, most: int = 10
) -> dict[str | int | None, Cohorts]:
    """Cohorts of the customers who came by each value, the ``most`` frequent ones, most customers first."""
    who, code, names = first_of(orders, as_of, by)
    size = np.bincount(code, minlength=len(names))
    best = [int(i) for i in np.argsort(-size, kind="stable")[:most] if size[i]]
    counted = orders.counted(as_of)
    return {names[i]: cohorts(counted, as_of, grain, who[code == i]) for i in best}


def _main_product(orders: Orders) -> Int:
    """Of each order the ordinal of the product on which most was spent, -1 for none."""
    lines, products = orders.lines, orders.products
    main = np.full(len(orders), -1, np.int64)
    named = np.flatnonzero(lines.product >= 0)
    product = lines.product[named]
    sorting = np.lexsort((-products.product_id[product], lines.gross_minor[named]))
    main[lines.order[named][sorting]] = product[sorting]  # the last one written stays
    return main
