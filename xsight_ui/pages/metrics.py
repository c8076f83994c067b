"""The measures of a period that the browser adds up from the daily arrays, and what each one means.

`sum` names a daily array; `ratio` divides the sum of one group of arrays by the sum of another. `metric` names
the metric of the registry that it is: documents carry the registry's own definitions, which `explained` puts in.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["AVERAGE_ORDER", "NET_SALES", "NEW_CUSTOMERS", "ORDERS", "RETURNING_SHARE", "explained"]

Metric = dict[str, Any]


def explained(metric: Metric, definitions: Mapping[str, str]) -> Metric:
    """The measure, defined as the registry defines it where it is one of its metrics."""
    own = metric["definition"]
    return metric | {"definition": definitions.get(metric.get("metric", ""), own)}


NET_SALES: Metric = {
    "key": "net_sales",
    "label": "Net sales",
    "format": "money",
    "sum": ["net_minor"],
    "metric": "net_sales",
    "definition": "Gross sales less discounts and returns, without tax and shipping. Returns stand on the day of "
    "their order. Cancelled and test orders are left out; guests are counted.",
}
ORDERS: Metric = {
    "key": "orders",
    "label": "Orders",
    "format": "count",
    "sum": ["orders"],
    "metric": "orders",
    "definition": "Orders placed in the period, free ones included. Cancelled, deleted and test orders are left out.",
}
AVERAGE_ORDER: Metric = {
    "key": "average_order",
    "label": "Avg. order value",
    "format": "money",
    "ratio": [["net_minor"], ["orders"]],
    "metric": "aov",
    "definition": "Net sales of the period divided by its orders.",
}
NEW_CUSTOMERS: Metric = {
    "key": "new_customers",
    "label": "New customers",
    "format": "count",
    "sum": ["new_customers"],
    "metric": "new_customers",
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
