"""Cohorts of everybody, of a set of customers, or cut by how customers came, with bands. Pure; run in a thread."""

import numpy as np

from xsight_core.analytics import CUTS
from xsight_core.analytics.cohorts import of_customers
from xsight_core.errors import InvalidInput
from xsight_core.services.cohort_parts import CohortWish, cohort_part, cuts_part
from xsight_core.services.look import Look
from xsight_core.services.parts import Json

__all__ = ["CohortWish", "cohort_analysis", "cohort_cuts"]


def cohort_analysis(look: Look, wish: CohortWish) -> Json:
    """Customers by the period of their first order: all of them, or those of a set."""
    orders = look.ledger.orders.counted(look.as_of)
    if wish.customer_ids is not None:
        orders = of_customers(orders, np.array(wish.customer_ids, np.int64))
    return cohort_part(orders, look.as_of, wish)


def cohort_cuts(look: Look, wish: CohortWish, by: str, most: int) -> Json:
    """Cohorts by first product, channel, discount code or country, the most frequent ones, most customers first."""
    if by not in CUTS:
        raise InvalidInput("by", f"Cohorts are cut by {', '.join(CUTS)}, not by {by!r}.")
    return cuts_part(look.ledger.orders, look.as_of, wish, by, most)
