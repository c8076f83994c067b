"""The measures of a period that the browser adds up from the daily arrays, and what each one means.

`sum` names a daily array; `ratio` divides the sum of one group of arrays by the sum of another.
"""

from typing import Any

__all__ = ["AVERAGE_ORDER", "NET_SALES", "NEW_CUSTOMERS", "ORDERS", "RETURNING_SHARE"]

Metric = dict[str, Any]

NET_SALES: Metric = {
    "key": "net_sales",
    "label": "Net sales",
    "format": "money",
    "sum": ["net_minor"],
    "definition": "Gross sales less discounts and returns, without tax and shipping. Returns count on the day "
    "they were refunded. Cancelled and test orders are left out; guests are counted.",
}
ORDERS: Metric = {
    "key": "orders",
    "label": "Orders",
    "format": "count",
    "sum": ["orders"],
    "definition": "Orders placed in the period, free ones included. Cancelled, deleted and test orders are left out.",
}
AVERAGE_ORDER: Metric = {
    "key": "average_order",
    "label": "Avg. order value",
    "format": "money",
    "ratio": [["net_minor"], ["orders"]],
    "definition": "Net sales of the period divided by its orders.",
}
NEW_CUSTOMERS: Metric = {
    "key": "new_customers",
    "label": "New customers",
    "format": "count",
    "sum": ["new_customers"],
    "definition": "Customers whose first order falls into the period. Guests are not customers.",
}
RETURNING_SHARE: Metric = {
    "key": "returning_share",
    "label": "Returning share",
    "format": "percent",
    "ratio": [["returning_customers"], ["new_customers", "returning_customers"]],
    "definition": "Of the customers who ordered on a day, how many had ordered on an earlier day; "
    "added up over the days of the period.",
}
