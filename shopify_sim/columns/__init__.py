"""Columns of answers: for a set of rows, the Python values that fields show.

Pages and bulk files are both made of them.
"""

from shopify_sim.columns.customers import CONSENT, CustomerBatch, customer_totals
from shopify_sim.columns.lines import LineBatch
from shopify_sim.columns.orders import CHANNELS, STATUS, OrderBatch

__all__ = [
    "CHANNELS",
    "CONSENT",
    "STATUS",
    "CustomerBatch",
    "LineBatch",
    "OrderBatch",
    "customer_totals",
]
