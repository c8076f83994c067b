"""Shopify's records as rows of our tables. Pure: no I/O, no clock, no tenant.

A row is a tuple of plain values in the order of ``COLUMNS``; amounts stay the decimal words Shopify
sent, checked to be plain decimals. What depends on an order's lines (gross, discounts, returns, net)
is left to the merge, for in a bulk file the lines come anywhere.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from xsight_core.shopify.amounts import check_amounts
from xsight_core.shopify.payload import (
    Bag,
    CollectionNode,
    CustomerNode,
    DiscountNode,
    LineNode,
    MetafieldNode,
    OrderNode,
    ProductNode,
    RefundNode,
    VariantNode,
    number,
)

__all__ = [
    "COLUMNS",
    "PARTS",
    "Rows",
    "add_collection",
    "add_customer",
    "add_discount",
    "add_line",
    "add_metafield",
    "add_order",
    "add_product",
    "add_refunds",
    "add_variant",
    "day_of",
]

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in {
        "customers": """id created_at updated_at state locale tags country province email_consent
            sms_consent verified_email tax_exempt orders_count amount_spent""",
        "customer_pii": "customer_id email phone first_name last_name city zip note",
        "customer_traits": "customer_id rfm_group spend_tier",
        "customer_places": "customer_id latitude longitude",
        "customer_metafields": "customer_id key type value",
        "orders": """id name customer_id created_at updated_at processed_at day cancelled_at
            closed_at cancel_reason test edited financial_status fulfillment_status return_status
            currency presentment_currency taxes_included channel country province tags
            discount_codes gateways units tax shipping tip total total_presentment refunded
            current_total current_subtotal net_payment outstanding duties cash_rounding app""",
        "order_pii": "order_id email phone city zip note",
        "order_lines": """order_id id product_id variant_id title variant_title sku vendor quantity
            current_quantity gift_card unit_price gross discounts net tax""",
        "order_discounts": """order_id idx kind code title method target_type target_selection
            percentage amount""",
        "refunds": "order_id id created_at processed_at day total note detailed",
        "refund_lines": "order_id refund_id line_id quantity restock_type subtotal tax",
        "refund_adjustments": "order_id refund_id kind id reason amount tax",
        "refund_transactions": "order_id refund_id id kind status gateway processed_at amount",
        "order_metafields": "order_id key type value",
        "products": """id title handle status vendor product_type tags gift_card created_at
            updated_at published_at""",
        "variants": """product_id id title sku barcode price compare_at_price unit_cost
            inventory_quantity updated_at""",
        "product_collections": "product_id id title handle",
        "product_metafields": "product_id key type value",
    }.items()
}

PARTS: dict[str, tuple[str, ...]] = {
    "customers": ("customer_traits", "customer_places", "customer_metafields"),
    "orders": (
        "order_lines",
        "order_discounts",
        "refunds",
        "refund_lines",
        "refund_adjustments",
        "refund_transactions",
        "order_metafields",
    ),
    "products": ("variants", "product_collections", "product_metafields"),
}
"""What is replaced as a whole with its parent; the first part of each key is the parent's."""

_EPOCH = date(1970, 1, 1).toordinal()
_DAY_S = 86_400
_ZERO = Decimal(0)
_print = msgspec.json.Encoder().encode  # a time as words, in a fifth of what str takes

Row = tuple[Any, ...]


class Rows:
    """Rows by table, each record once: of two versions of one record the newer stays."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self._offsets: dict[int, int | None] = {}
        self.tables: dict[str, dict[Any, Row]] = {name: {} for name in COLUMNS}
        self._updated: dict[tuple[str, int], datetime] = {}

    def is_newest(self, table: str, key: int, updated_at: datetime) -> bool:
        """Whether no newer version of this record is here; an older one and its parts are dropped."""
        seen = self._updated.get((table, key), updated_at)
        if seen > updated_at:
            return False
        if seen < updated_at:
            for part in PARTS[table]:
                rows = self.tables[part]
                for old in [old for old in rows if old[0] == key]:
                    del rows[old]
        self._updated[table, key] = updated_at
        return True

    def day(self, moment: datetime) -> int:
        """:func:`day_of`, quicker: most days have one offset from morning to night."""
        seconds = int(moment.timestamp())
        day = seconds // _DAY_S
        try:
            offset = self._offsets[day]
        except KeyError:
            offset = self._offsets[day] = _offset_of_day(day, self.zone)
        return day_of(moment, self.zone) if offset is None else (seconds + offset) // _DAY_S

    def forget(self, table: str, key: int) -> None:
        """Take a record and its parts out again: something in it cannot be understood."""
        for name in (table, *PARTS[table]):
            rows = self.tables[name]
            for old in [old for old, row in rows.items() if row[0] == key]:
                del rows[old]


def day_of(moment: datetime, zone: ZoneInfo) -> int:
    """Days since 1970-01-01 of the shop's calendar day.

    Through ``astimezone``: ``zone.utcoffset`` would read a UTC time's fields as local ones and be
    wrong around the change of the clocks.
    """
    return moment.astimezone(zone).toordinal() - _EPOCH


def _offset_of_day(day: int, zone: ZoneInfo) -> int | None:
    """Seconds that the zone is ahead of UTC on a UTC day; None when that changes during the day."""
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
    offsets = {
        moment.astimezone(zone).utcoffset() or timedelta()
        for moment in (start, start + timedelta(hours=8), start + timedelta(hours=16))
    } | {(start + timedelta(days=1)).astimezone(zone).utcoffset() or timedelta()}
    return int(offsets.pop().total_seconds()) if len(offsets) == 1 else None


def add_customer(rows: Rows, node: CustomerNode) -> None:
    """A customer, and apart from it what names the person."""
    key = number(node.id)
    if node.amount_spent is not None:
        check_amounts(node.amount_spent.amount)
    if not rows.is_newest("customers", key, node.updated_at):
        return
    address, email, phone = (
        node.default_address,
        node.default_email_address,
        node.default_phone_number,
    )
    sms = None if phone is None else phone.sms_marketing_consent
    rows.tables["customers"][key] = (
        key,
        _time(node.created_at),
        _time(node.updated_at),
        node.state,
        node.locale,
        _array(node.tags),
        address and address.country_code_v2,
        address and address.province_code,
        email and email.marketing_state,
        sms.state if sms else phone and phone.marketing_state,
        node.verified_email,
        node.tax_exempt,
        node.number_of_orders,
        node.amount_spent and node.amount_spent.amount,
    )
    rows.tables["customer_pii"][key] = (
        key,
        email and email.email_address,
        phone and phone.phone_number,
        node.first_name,
        node.last_name,
        address and address.city,
        address and address.zip,
        node.note,
    )
    if (traits := node.statistics) and (traits.rfm_group or traits.predicted_spend_tier):
        rows.tables["customer_traits"][(key,)] = (
            key,
            traits.rfm_group,
            traits.predicted_spend_tier,
        )
    if address and address.latitude is not None and address.longitude is not None:
        rows.tables["customer_places"][(key,)] = (key, address.latitude, address.longitude)
    for metafield in node.metafields.nodes if node.metafields else ():
        add_metafield(rows, metafield, key, table="customer_metafields")


def add_order(rows: Rows, node: OrderNode) -> bool:
    """An order with its refunds, and on pages its lines and discounts; whether it was the newest."""
    key = number(node.id)
    total, presented = node.total_price_set.shop_money, node.total_price_set.presentment_money
    rounding = node.total_cash_rounding_adjustment
    money = (
        _amount(node.total_tax_set),
        _amount(node.total_shipping_price_set),
        _amount(node.total_tip_received_set),
        total.amount,
        presented and presented.amount,
        _amount(node.total_refunded_set),
        _amount(node.current_total_price_set),
        _amount(node.current_subtotal_price_set),
        node.net_payment_set and node.net_payment_set.shop_money.amount,
        node.total_outstanding_set and node.total_outstanding_set.shop_money.amount,
        node.original_total_duties_set and node.original_total_duties_set.shop_money.amount,
        rounding and rounding.payment_set.shop_money.amount,
    )
    check_amounts(*money)
    if not rows.is_newest("orders", key, node.updated_at):
        return False
    place = node.shipping_address or node.billing_address
    created_at = _time(node.created_at)
    rows.tables["orders"][key] = (
        key,
        node.name,
        node.customer and number(node.customer.id),
        created_at,
        # printing a time costs more than comparing two, and these are often the same
        created_at if node.updated_at == node.created_at else _time(node.updated_at),
        created_at if node.processed_at == node.created_at else _time(node.processed_at),
        rows.day(node.processed_at),
        _time(node.cancelled_at),
        _time(node.closed_at),
        node.cancel_reason,
        node.test,
        node.edited,
        node.display_financial_status,
        node.display_fulfillment_status,
        node.return_status,
        node.currency_code,
        node.presentment_currency_code,
        node.taxes_included,
        node.source_name,
        place and place.country_code_v2,
        place and place.province_code,
        _array(node.tags),
        _array(node.discount_codes),
        _array(node.payment_gateway_names),
        node.subtotal_line_items_quantity,
        *money,
        node.app and node.app.name,
    )
    rows.tables["order_pii"][key] = (
        key,
        node.email,
        node.phone,
        place and place.city,
        place and place.zip,
        node.note,
    )
    try:
        for line in node.line_items.nodes if node.line_items else ():
            add_line(rows, line, key)
        for discount in node.discount_applications.nodes if node.discount_applications else ():
            add_discount(rows, discount, key)
        for metafield in node.metafields.nodes if node.metafields else ():
            add_metafield(rows, metafield, key, table="order_metafields")
        add_refunds(rows, node.refunds, key)
    except ValueError:
        rows.forget("orders", key)
        raise
    return True


def add_line(rows: Rows, node: LineNode, order: int) -> None:
    """A line. Its discounts are the allocations: line and order level ones, nothing twice."""
    key = number(node.id)
    unit, gross = (
        node.original_unit_price_set.shop_money.amount,
        node.original_total_set.shop_money.amount,
    )
    discounts, net, tax = "0", gross, "0"
    if not node.discount_allocations and not node.tax_lines:
        check_amounts(unit, gross)
    else:
        shares = [
            share.allocated_amount_set.shop_money.amount for share in node.discount_allocations
        ]
        taxes = [line.price_set.shop_money.amount for line in node.tax_lines]
        check_amounts(unit, gross, *shares, *taxes)
        discount = sum(map(Decimal, shares), _ZERO)
        discounts, net = str(discount), str(Decimal(gross) - discount)
        tax = str(sum(map(Decimal, taxes), _ZERO))
    rows.tables["order_lines"][order, key] = (
        order,
        key,
        node.product and number(node.product.id),
        node.variant and number(node.variant.id),
        node.title,
        node.variant_title,
        node.sku,
        node.vendor,
        node.quantity,
        node.current_quantity,
        node.is_gift_card,
        unit,
        gross,
        discounts,
        net,
        tax,
    )


def add_discount(rows: Rows, node: DiscountNode, order: int) -> None:
    """A discount application; it has no id, its index is its key."""
    value = node.value
    if value is not None:
        check_amounts(value.amount)
    rows.tables["order_discounts"][order, node.index] = (
        order,
        node.index,
        node.typename,
        node.code,
        node.title,
        node.allocation_method,
        node.target_type,
        node.target_selection,
        None if value is None or value.percentage is None else repr(value.percentage),
        value and value.amount,
    )


def add_refunds(rows: Rows, nodes: Sequence[RefundNode], order: int) -> None:
    """An order's refunds, with what they are made of where the page has it.

    A refund is ``detailed`` when it came with all of its lines.
    """
    for node in nodes:
        key = number(node.id)
        moment = node.processed_at or node.created_at
        if (
            moment is None
        ):  # a pending refund of an older API version has neither: nothing happened yet
            continue
        check_amounts(_amount(node.total_refunded_set))
        rows.tables["refunds"][order, key] = (
            order,
            key,
            _time(node.created_at or moment),
            _time(node.processed_at),
            rows.day(moment),
            _amount(node.total_refunded_set),
            node.note,
            node.refund_line_items is not None,
        )
        if node.refund_line_items is not None:
            _add_refund_parts(rows, node, order, key)


def _add_refund_parts(rows: Rows, node: RefundNode, order: int, refund: int) -> None:
    lines: dict[int, Row] = {}
    for line in node.refund_line_items.nodes if node.refund_line_items else ():
        key, subtotal, tax = (
            number(line.line_item.id),
            _amount(line.subtotal_set),
            _amount(line.total_tax_set),
        )
        check_amounts(subtotal, tax)
        quantity = line.quantity
        if key in lines:  # one line given back in two parts, restocked and not
            quantity += lines[key][3]
            subtotal = str(Decimal(subtotal) + Decimal(lines[key][5]))
            tax = str(Decimal(tax) + Decimal(lines[key][6]))
        lines[key] = (order, refund, key, quantity, line.restock_type, subtotal, tax)
    rows.tables["refund_lines"].update({(order, refund, key): row for key, row in lines.items()})
    adjustments = rows.tables["refund_adjustments"]
    for shipping in node.refund_shipping_lines.nodes if node.refund_shipping_lines else ():
        key = number(shipping.id)
        amounts = _amount(shipping.subtotal_amount_set), _amount(shipping.tax_amount_set)
        check_amounts(*amounts)
        adjustments[order, refund, "shipping", key] = (
            *(order, refund, "shipping", key, None),
            *amounts,
        )
    for other in node.order_adjustments.nodes if node.order_adjustments else ():
        key = number(other.id)
        amounts = _amount(other.amount_set), _amount(other.tax_amount_set)
        check_amounts(*amounts)
        adjustments[order, refund, "adjustment", key] = (
            *(order, refund, "adjustment", key, other.reason),
            *amounts,
        )
    for moved in node.transactions.nodes if node.transactions else ():
        key, amount = number(moved.id), _amount(moved.amount_set)
        check_amounts(amount)
        rows.tables["refund_transactions"][order, refund, key] = (
            *(order, refund, key, moved.kind, moved.status, moved.gateway),
            *(_time(moved.processed_at), amount),
        )


def add_product(rows: Rows, node: ProductNode) -> None:
    """A product, and on pages its variants, collections and metafields."""
    key = number(node.id)
    if not rows.is_newest("products", key, node.updated_at):
        return
    rows.tables["products"][key] = (
        key,
        node.title,
        node.handle,
        node.status,
        node.vendor,
        node.product_type,
        _array(node.tags),
        node.is_gift_card,
        _time(node.created_at),
        _time(node.updated_at),
        _time(node.published_at),
    )
    try:
        for variant in node.variants.nodes if node.variants else ():
            add_variant(rows, variant, key)
    except ValueError:
        rows.forget("products", key)
        raise
    for collection in node.collections.nodes if node.collections else ():
        add_collection(rows, collection, key)
    for metafield in node.metafields.nodes if node.metafields else ():
        add_metafield(rows, metafield, key)


def add_variant(rows: Rows, node: VariantNode, product: int) -> None:
    """A variant of a product."""
    key = number(node.id)
    cost = node.inventory_item and node.inventory_item.unit_cost
    check_amounts(node.price, node.compare_at_price, cost and cost.amount)
    rows.tables["variants"][product, key] = (
        product,
        key,
        node.title,
        node.sku,
        node.barcode,
        node.price,
        node.compare_at_price,
        cost and cost.amount,
        node.inventory_quantity,
        _time(node.updated_at),
    )


def add_collection(rows: Rows, node: CollectionNode, product: int) -> None:
    """That a product is in a collection."""
    key = number(node.id)
    rows.tables["product_collections"][product, key] = (product, key, node.title, node.handle)


def add_metafield(
    rows: Rows, node: MetafieldNode, owner: int, *, table: str = "product_metafields"
) -> None:
    """A metafield of a customer, an order or a product."""
    key = f"{node.namespace}.{node.key}"
    rows.tables[table][owner, key] = (owner, key, node.type, node.value)


def _amount(bag: Bag | None) -> str:
    return "0" if bag is None else bag.shop_money.amount


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else _print(moment)[1:-1].decode()


def _array(words: Sequence[str]) -> str:
    """A ``text[]`` literal."""
    if not words:
        return "{}"
    quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return "{" + ",".join(f'"{word}"' for word in quoted) + "}"
