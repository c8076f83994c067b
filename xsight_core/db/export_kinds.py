"""A shop's own rows as exports: customers, orders, what was bought, what was given back, products."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, LiteralString

import msgspec

from xsight_core.db.days import stored_day
from xsight_core.db.exports import Column, Condition, ExportKind

__all__ = [
    "CUSTOMERS",
    "ORDERS",
    "ORDER_LINES",
    "PRODUCTS",
    "REFUNDS",
    "CustomerRows",
    "OrderRows",
    "ProductRows",
]

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CustomerRows(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which customers, as the list of them asks; ``consented`` leaves those who take e-mail. Money in minor units."""

    segment: _Word | None = None
    country: _Word | None = None
    tag: _Word | None = None
    consented: bool = False
    email_consent: _Word | None = None
    orders_min: int | None = None
    orders_max: int | None = None
    net_min: int | None = None
    net_max: int | None = None
    churn_min: float | None = None
    ordered_since: date | None = None
    ordered_until: date | None = None


class OrderRows(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which orders: on the shop's days ``since`` to ``until``, both included."""

    since: date | None = None
    until: date | None = None


class ProductRows(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Which products."""

    vendor: _Word | None = None
    status: _Word | None = None


def _of_customers(which: CustomerRows) -> Sequence[Condition]:
    found: list[Condition] = [("c.deleted_at IS NULL AND c.merged_into IS NULL", {})]
    if which.segment is not None:
        found.append(("s.segment = %(segment)s", {"segment": which.segment}))
    if which.country is not None:
        found.append(("c.country = %(country)s", {"country": which.country}))
    if which.tag is not None:
        found.append(("%(tag)s = ANY(c.tags)", {"tag": which.tag}))
    if which.consented:
        found.append(("c.email_consent = 'SUBSCRIBED'", {}))
    asked: tuple[tuple[LiteralString, LiteralString, Any], ...] = (
        ("c.email_consent = %(email_consent)s", "email_consent", which.email_consent),
        ("s.orders >= %(orders_min)s", "orders_min", which.orders_min),
        ("s.orders <= %(orders_max)s", "orders_max", which.orders_max),
        ("s.net_minor >= %(net_min)s", "net_min", which.net_min),
        ("s.net_minor <= %(net_max)s", "net_max", which.net_max),
        ("s.churn_90 >= %(churn_min)s", "churn_min", which.churn_min),
        ("s.last_day >= %(ordered_since)s", "ordered_since", stored_day(which.ordered_since)),
        ("s.last_day <= %(ordered_until)s", "ordered_until", stored_day(which.ordered_until)),
    )
    for condition, name, value in asked:
        if value is not None:
            found.append((condition, {name: value}))
    return found


def _of_orders(which: OrderRows) -> Sequence[Condition]:
    return [("o.deleted_at IS NULL", {}), *_days("o.day", which)]


def _of_refunds(which: OrderRows) -> Sequence[Condition]:
    return [("o.deleted_at IS NULL", {}), *_days("r.day", which)]


def _days(column: LiteralString, which: OrderRows) -> list[Condition]:
    found: list[Condition] = []
    if which.since is not None:
        found.append((column + " >= %(since)s", {"since": stored_day(which.since)}))
    if which.until is not None:
        found.append((column + " <= %(until)s", {"until": stored_day(which.until)}))
    return found


def _of_products(which: ProductRows) -> Sequence[Condition]:
    found: list[Condition] = [("p.deleted_at IS NULL", {})]
    if which.vendor is not None:
        found.append(("p.vendor = %(vendor)s", {"vendor": which.vendor}))
    if which.status is not None:
        found.append(("p.status = %(status)s", {"status": which.status}))
    return found


def _minor(column: LiteralString) -> LiteralString:
    """Minor units as money of the shop's currency."""
    return (
        column + " / (SELECT 10::numeric ^ currency_exponent FROM xsight.tenant_state)"  # noqa: S608 - ours
    )


def _day(column: LiteralString) -> LiteralString:
    return "date '1970-01-01' + " + column


CUSTOMERS: Final = ExportKind(
    name="customers",
    title="Customers with their scores",
    columns=(
        Column("customer_id", "integer", "c.id"),
        Column("email", "text", "p.email", personal=True),
        Column("phone", "text", "p.phone", personal=True),
        Column("first_name", "text", "p.first_name", personal=True),
        Column("last_name", "text", "p.last_name", personal=True),
        Column("city", "text", "p.city", personal=True),
        Column("zip", "text", "p.zip", personal=True),
        Column("country", "text", "c.country"),
        Column("province", "text", "c.province"),
        Column("state", "text", "c.state"),
        Column("tags", "list", "c.tags"),
        Column("email_consent", "text", "c.email_consent"),
        Column("sms_consent", "text", "c.sms_consent"),
        Column("created_at", "time", "c.created_at"),
        Column("orders", "integer", "s.orders"),
        Column("net", "decimal", _minor("s.net_minor")),
        Column("first_order_on", "date", _day("s.first_day")),
        Column("last_order_on", "date", _day("s.last_day")),
        Column("r", "integer", "s.r"),
        Column("f", "integer", "s.f"),
        Column("m", "integer", "s.m"),
        Column("segment", "text", "s.segment"),
        Column("p_alive", "number", "s.p_alive"),
        Column("churn_90", "number", "s.churn_90"),
        Column("expected_orders_90", "number", "s.expected_orders_90"),
        Column("expected_orders_365", "number", "s.expected_orders_365"),
        Column("clv_365", "decimal", _minor("s.clv_365_minor")),
        Column("next_order_on", "date", _day("s.next_order_day")),
    ),
    rows="xsight.customers c CROSS JOIN xsight.tenant_state t "
    "LEFT JOIN xsight.customer_insights s ON s.tenant_id = c.tenant_id AND s.insight_run = t.insight_run "
    "AND s.customer_id = c.id "
    "LEFT JOIN xsight.customer_pii p ON p.tenant_id = c.tenant_id AND p.customer_id = c.id",
    order="c.id",
    filters=CustomerRows,
    where=_of_customers,
)

_ORDER: Final = (
    Column("order_id", "integer", "o.id"),
    Column("name", "text", "o.name"),
    Column("customer_id", "integer", "o.customer_id"),
    Column("processed_at", "time", "o.processed_at"),
    Column("day", "date", _day("o.day")),
)

ORDERS: Final = ExportKind(
    name="orders",
    title="Orders",
    columns=(
        *_ORDER,
        Column("email", "text", "p.email", personal=True),
        Column("phone", "text", "p.phone", personal=True),
        Column("city", "text", "p.city", personal=True),
        Column("zip", "text", "p.zip", personal=True),
        Column("note", "text", "p.note", personal=True),
        Column("currency", "text", "o.currency"),
        Column("units", "integer", "o.units"),
        Column("gross", "decimal", "o.gross"),
        Column("discounts", "decimal", "o.discounts"),
        Column("subtotal", "decimal", "o.subtotal"),
        Column("tax", "decimal", "o.tax"),
        Column("shipping", "decimal", "o.shipping"),
        Column("total", "decimal", "o.total"),
        Column("refunded", "decimal", "o.refunded"),
        Column("net", "decimal", _minor("o.net_minor")),
        Column("financial_status", "text", "o.financial_status"),
        Column("fulfillment_status", "text", "o.fulfillment_status"),
        Column("cancelled_at", "time", "o.cancelled_at"),
        Column("test", "boolean", "o.test"),
        Column("channel", "text", "o.channel"),
        Column("country", "text", "o.country"),
        Column("tags", "list", "o.tags"),
        Column("discount_codes", "list", "o.discount_codes"),
    ),
    rows="xsight.orders o LEFT JOIN xsight.order_pii p ON p.tenant_id = o.tenant_id AND p.order_id = o.id",
    order="o.id",
    filters=OrderRows,
    where=_of_orders,
)

ORDER_LINES: Final = ExportKind(
    name="order_lines",
    title="Lines of orders",
    columns=(
        *_ORDER,
        Column("line_id", "integer", "l.id"),
        Column("product_id", "integer", "l.product_id"),
        Column("variant_id", "integer", "l.variant_id"),
        Column("title", "text", "l.title"),
        Column("variant_title", "text", "l.variant_title"),
        Column("sku", "text", "l.sku"),
        Column("vendor", "text", "l.vendor"),
        Column("quantity", "integer", "l.quantity"),
        Column("current_quantity", "integer", "l.current_quantity"),
        Column("gift_card", "boolean", "l.gift_card"),
        Column("unit_price", "decimal", "l.unit_price"),
        Column("gross", "decimal", "l.gross"),
        Column("discounts", "decimal", "l.discounts"),
        Column("net", "decimal", "l.net"),
        Column("tax", "decimal", "l.tax"),
    ),
    rows="xsight.orders o JOIN xsight.order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id",
    order="o.id, l.id",
    filters=OrderRows,
    where=_of_orders,
)

REFUNDS: Final = ExportKind(
    name="refunds",
    title="Refunds",
    columns=(
        Column("refund_id", "integer", "r.id"),
        Column("order_id", "integer", "o.id"),
        Column("order_name", "text", "o.name"),
        Column("customer_id", "integer", "o.customer_id"),
        Column("created_at", "time", "r.created_at"),
        Column("day", "date", _day("r.day")),
        Column("currency", "text", "o.currency"),
        Column("total", "decimal", "r.total"),
        Column("note", "text", "r.note", personal=True),  # free text: it may name somebody
    ),
    rows="xsight.refunds r JOIN xsight.orders o ON o.tenant_id = r.tenant_id AND o.id = r.order_id",
    order="r.order_id, r.id",
    filters=OrderRows,
    where=_of_refunds,
)

PRODUCTS: Final = ExportKind(
    name="products",
    title="Products",
    columns=(
        Column("product_id", "integer", "p.id"),
        Column("title", "text", "p.title"),
        Column("handle", "text", "p.handle"),
        Column("status", "text", "p.status"),
        Column("vendor", "text", "p.vendor"),
        Column("product_type", "text", "p.product_type"),
        Column("tags", "list", "p.tags"),
        Column("gift_card", "boolean", "p.gift_card"),
        Column("created_at", "time", "p.created_at"),
        Column("published_at", "time", "p.published_at"),
    ),
    rows="xsight.products p",
    order="p.id",
    filters=ProductRows,
    where=_of_products,
)
