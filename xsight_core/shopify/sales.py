"""Sales by day as Shopify's own reports tell them, by ShopifyQL."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from xsight_core.errors import SchemaChanged
from xsight_core.shopify.client import ShopifyClient

__all__ = ["SALES", "sales_by_day"]

SALES = ("orders", "gross", "discounts", "returns", "net")
"""What is known of a day; money in minor units, discounts and returns positive."""

_METRICS = {
    "orders": "orders",
    "gross_sales": "gross",
    "discounts": "discounts",
    "sales_reversals": "returns",
    "net_sales": "net",
}
_NEGATIVE = {"discounts", "returns"}
_WINDOW = timedelta(days=366)  # a table has a thousand rows at most


async def sales_by_day(
    client: ShopifyClient, since: date, until: date, *, exponent: int
) -> dict[date, dict[str, int]]:
    """Days with sales, both ends included. ``AccessDenied`` without the scope ``read_reports``."""
    found: dict[date, dict[str, int]] = {}
    while since <= until:
        end = min(until, since + _WINDOW)
        query = (
            f"FROM sales SHOW {', '.join(_METRICS)} TIMESERIES day"
            f" SINCE {since.isoformat()} UNTIL {end.isoformat()}"
        )
        answer = (await client.execute("sales_by_day", {"query": query}))["shopifyqlQuery"]
        if answer is None or answer["parseErrors"]:
            raise SchemaChanged(f"Shopify does not understand {query!r}: {answer}")
        for row in answer["tableData"]["rows"]:
            day, sales = _read(row, answer["tableData"]["columns"], exponent)
            if any(sales.values()):
                found[day] = sales
        since = end + timedelta(days=1)
    return found


def _read(row: Any, columns: list[dict[str, str]], exponent: int) -> tuple[date, dict[str, int]]:
    """A row is an object; older versions sent lists in the order of the columns."""
    names = [column["name"] for column in columns]
    values: dict[str, Any] = dict(row if isinstance(row, dict) else zip(names, row, strict=True))  # pyright: ignore[reportUnknownArgumentType]
    try:
        day = date.fromisoformat(str(values["day"])[:10])
        sales = {
            ours: int(Decimal(str(values[theirs] or 0)).scaleb(0 if ours == "orders" else exponent))
            for theirs, ours in _METRICS.items()
        }
    except (KeyError, ValueError, ArithmeticError) as error:
        raise SchemaChanged(f"Sales that cannot be read: {msgspec.json.encode(row)!r}.") from error
    return day, {name: -value if name in _NEGATIVE else value for name, value in sales.items()}
