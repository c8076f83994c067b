"""What a customer has bought, over counted orders."""

from typing import Final

from sqlalchemy import Integer, func, literal

from xsight_core.segments.headings import counted, floating, group, row, share
from xsight_core.segments.operators import Kind
from xsight_core.segments.sources import minor

__all__ = ["BUYING"]

BUYING: Final = group(
    "Buying",
    row(
        "orders_count",
        "Orders",
        Kind.COUNT,
        "Counted orders: no test, cancelled or deleted ones.",
        counted("orders"),
        (">=", 5),
    ),
    row(
        "gross",
        "Gross sales",
        Kind.MONEY,
        "Prices of all lines, before discounts and returns.",
        counted("gross"),
        ("between", [100, 500]),
    ),
    row(
        "sales",
        "Sales",
        Kind.MONEY,
        "Gross sales less discounts, before returns.",
        lambda t: func.coalesce(t.facts.gross - t.facts.discounts, 0),
        (">", 250),
    ),
    row(
        "net",
        "Net sales",
        Kind.MONEY,
        "After discounts and returns: what revenue means here.",
        counted("net"),
        ("topPercent", 10),
    ),
    row(
        "discounts",
        "Discounts",
        Kind.MONEY,
        "Discounts on counted orders.",
        counted("discounts"),
        ("=", 0),
    ),
    row(
        "returns",
        "Returns",
        Kind.MONEY,
        "Given back for returned or removed lines.",
        counted("returns"),
        (">", 0),
    ),
    row(
        "units",
        "Units",
        Kind.COUNT,
        "Items ordered.",
        counted("units"),
        (
            "topN",
            {
                "n": 100,
                "within": {
                    "combinator": "and",
                    "rules": [{"field": "country", "operator": "=", "value": "US"}],
                },
            },
        ),
    ),
    row(
        "aov",
        "Average order",
        Kind.MONEY,
        "Net sales per counted order; not known without an order.",
        lambda t: share(t.facts.net, t.facts.orders),
        ("bottomPercent", 25),
    ),
    row(
        "discount_share",
        "Discount share",
        Kind.SHARE,
        "Discounts as a share of gross sales.",
        lambda t: share(t.facts.discounts, t.facts.gross),
        (">=", 0.2),
    ),
    row(
        "refund_share",
        "Refund share",
        Kind.SHARE,
        "Returns as a share of sales.",
        lambda t: share(t.facts.returns, t.facts.gross - t.facts.discounts),
        ("notBetween", [0, 0.1]),
    ),
    row(
        "first_order",
        "First order",
        Kind.DATE,
        "Day of the first counted order.",
        lambda t: t.facts.first_day,
        ("between", ["2026-01-01", {"rel": "today"}]),
    ),
    row(
        "last_order",
        "Last order",
        Kind.DATE,
        "Day of the last counted order.",
        lambda t: t.facts.last_day,
        ("<", {"rel": "-6m"}),
    ),
    row(
        "days_since_order",
        "Days since the last order",
        Kind.COUNT,
        "Days from the last counted order to today.",
        lambda t: literal(t.basis.today, Integer) - t.facts.last_day,
        ("<=", 60),
    ),
    row(
        "rhythm",
        "Own rhythm",
        Kind.NUMBER,
        "Median days from one purchase day to the next; needs two.",
        lambda t: t.rhythm.days,
        ("bottomN", 50),
    ),
    row(
        "overdue",
        "Overdue",
        Kind.NUMBER,
        "Days since the last order over the own rhythm: 2 is twice as long as usual.",
        lambda t: floating(literal(t.basis.today, Integer) - t.facts.last_day) / t.rhythm.days,
        (">", 1.5),
    ),
    row(
        "first_channel",
        "First channel",
        Kind.TEXT,
        "Where the first counted order came from.",
        lambda t: t.ends.first_channel,
        ("=", "web"),
    ),
    row(
        "last_channel",
        "Last channel",
        Kind.TEXT,
        "Where the last counted order came from.",
        lambda t: t.ends.last_channel,
        ("!=", "pos"),
    ),
    row(
        "shopify_orders",
        "Orders, by Shopify",
        Kind.COUNT,
        "Shopify’s own number of orders.",
        lambda t: func.coalesce(t.customer.c.orders_count, 0),
        (">=", 3),
    ),
    row(
        "shopify_spent",
        "Spent, by Shopify",
        Kind.MONEY,
        "Shopify’s own amount spent.",
        lambda t: func.coalesce(minor(t.customer.c.amount_spent, t.basis), 0),
        (">", 199.99),
    ),
)
