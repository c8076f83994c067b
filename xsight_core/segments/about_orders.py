"""What ``where`` can ask of an order and of a bought line."""

from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from xsight_core.db.tables import ProductCollection
from xsight_core.segments.headings import group, row
from xsight_core.segments.operators import Kind
from xsight_core.segments.sources import minor

__all__ = ["LINES", "ORDERS"]

ORDERS: Final = group(
    "Order",
    row(
        "date",
        "Day",
        Kind.DATE,
        "The shop’s day of the order.",
        lambda t: t.order.c.day,
        (">=", "2026-01-01"),
        column="day",
    ),
    row(
        "nth",
        "Which order",
        Kind.COUNT,
        "1 is the customer’s first counted order.",
        lambda t: t.numbered.nth,
        ("=", 1),
    ),
    row(
        "gross",
        "Gross sales",
        Kind.MONEY,
        "Before discounts and returns.",
        lambda t: t.order.c.gross,
        (">=", 50),
        aggregated=True,
    ),
    row(
        "discounts",
        "Discounts",
        Kind.MONEY,
        "On lines and order.",
        lambda t: t.order.c.discounts,
        (">", 0),
        aggregated=True,
    ),
    row(
        "returns",
        "Returns",
        Kind.MONEY,
        "Given back.",
        lambda t: t.order.c.returns,
        ("=", 0),
        aggregated=True,
    ),
    row(
        "net",
        "Net sales",
        Kind.MONEY,
        "After discounts and returns.",
        lambda t: t.order.c.net,
        ("between", [20, 80]),
        aggregated=True,
    ),
    row(
        "total",
        "Total",
        Kind.MONEY,
        "What was to be paid, with tax and shipping.",
        lambda t: minor(t.order.c.total, t.basis),
        (">=", 100),
        asked=True,
        aggregated=True,
    ),
    row(
        "units",
        "Units",
        Kind.COUNT,
        "Items ordered.",
        lambda t: t.order.c.units,
        (">=", 3),
        aggregated=True,
    ),
    row(
        "channel",
        "Channel",
        Kind.TEXT,
        "Where the order came from.",
        lambda t: t.order.c.channel,
        ("in", ["web", "pos"]),
    ),
    row(
        "country",
        "Country",
        Kind.TEXT,
        "Where the order went.",
        lambda t: t.order.c.country,
        ("=", "US"),
    ),
    row(
        "discount_code",
        "Discount code",
        Kind.TEXT,
        "The first code used.",
        lambda t: t.order.c.discount_code,
        ("notNull", None),
    ),
    scope="order",
)


def _collections(t: Any) -> ColumnElement[Any]:
    """Ids of the collections that the line's product is in."""
    of = ProductCollection.__table__
    return (
        select(func.array_agg(of.c.id))
        .where(of.c.tenant_id == t.line.c.tenant_id, of.c.product_id == t.line.c.product_id)
        .correlate(t.line)
        .scalar_subquery()
    )


LINES: Final = group(
    "Product",
    row(
        "product",
        "Product",
        Kind.ID,
        "Shopify’s number of the product.",
        lambda t: t.line.c.product_id,
        ("in", [7001, 7002]),
    ),
    row(
        "variant",
        "Variant",
        Kind.ID,
        "Shopify’s number of the variant.",
        lambda t: t.line.c.variant_id,
        ("=", 7101),
    ),
    row(
        "title",
        "Title",
        Kind.TEXT,
        "The product’s title as it is now.",
        lambda t: t.product.c.title,
        ("contains", "gloves"),
    ),
    row(
        "vendor",
        "Vendor",
        Kind.TEXT,
        "The product’s vendor as it is now.",
        lambda t: t.product.c.vendor,
        ("=", "Acme"),
    ),
    row(
        "type",
        "Type",
        Kind.TEXT,
        "The product’s type as it is now.",
        lambda t: t.product.c.product_type,
        ("=", "Seeds"),
    ),
    row(
        "product_tag",
        "Product tags",
        Kind.LABELS,
        "The product’s tags as they are now.",
        lambda t: t.product.c.tags,
        ("contains", "sale"),
    ),
    row(
        "collection",
        "Collections",
        Kind.IDS,
        "Numbers of the collections the product is in now.",
        _collections,
        ("contains", 8001),
        needs="collections",
        asked=True,
    ),
    row(
        "quantity",
        "Units of the line",
        Kind.COUNT,
        "Items of this line.",
        lambda t: t.line.c.quantity,
        (">=", 2),
        aggregated=True,
    ),
    row(
        "line_net",
        "Line after discounts",
        Kind.MONEY,
        "The line’s price after its share of all discounts.",
        lambda t: t.line.c.net_minor,
        (">=", 30),
        aggregated=True,
    ),
    scope="line",
)
