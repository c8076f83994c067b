"""The parts of Shopify's answers we read, as types: decoding is checking.

The same types serve a line of a bulk file and a node of a page. A field that is missing or of another
kind fails the decode; whoever reads puts that record aside with the reason. Unknown fields are
ignored, unknown values of enums are kept as they come.

That money is a plain decimal is not checked here but by the mapping, a record at a time: a pattern
on each amount would double the time of decoding.
"""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

__all__ = [
    "Bag",
    "CollectionNode",
    "CustomerNode",
    "DiscountNode",
    "LineNode",
    "MetafieldNode",
    "OrderNode",
    "ProductNode",
    "RefundNode",
    "VariantNode",
    "number",
]

Node = TypeVar("Node")


def number(gid: str) -> int:
    """The number of a gid (``gid://shopify/Order/1``), or ``ValueError``."""
    return int(gid[gid.rindex("/") + 1 :])


class Struct(msgspec.Struct, gc=False, rename="camel"):
    """Shopify's camelCase as our snake_case; ``gc=False`` as these are plain trees, by the million."""


class Page(Struct, Generic[Node]):
    """Where a connection goes on."""

    has_next_page: bool
    end_cursor: str | None = None


class Connection(msgspec.Struct, Generic[Node], gc=False):
    """First nodes of a nested connection; in bulk files these are lines of their own."""

    nodes: list[Node]
    page: Page[Node] | None = msgspec.field(name="pageInfo", default=None)


class Money(Struct):
    """A decimal in words, exact."""

    amount: str


class Bag(Struct):
    """Money in the shop's currency."""

    shop_money: Money


class TwoBag(Struct):
    """Money in the shop's and, where asked for, the buyer's currency."""

    shop_money: Money
    presentment_money: Money | None = None


class Ref(Struct):
    """A thing known by its gid."""

    id: str


class Address(Struct):
    """An address as far as we keep it."""

    country_code_v2: str | None = msgspec.field(name="countryCodeV2", default=None)
    province_code: str | None = None
    city: str | None = None
    zip: str | None = None
    latitude: float | None = None
    longitude: float | None = None


class Statistics(Struct):
    """What Shopify itself makes of a customer."""

    rfm_group: str | None = None
    predicted_spend_tier: str | None = None


class MetafieldNode(Struct):
    """A metafield of a customer, an order or a product."""

    namespace: str
    key: str
    parent: str | None = msgspec.field(name="__parentId", default=None)
    type: str | None = None
    value: str | None = None


class Email(Struct):
    """A customer's e-mail address and what they agreed to."""

    email_address: str | None = None
    marketing_state: str | None = None


class Consent(Struct):
    """What a customer agreed to receive."""

    state: str | None = None


class Phone(Struct):
    """A phone number; the consent moved into ``smsMarketingConsent`` with 2026-10."""

    phone_number: str | None = None
    sms_marketing_consent: Consent | None = None
    marketing_state: str | None = None


class CustomerNode(Struct):
    """A customer. Everything that names a person may be null (protected customer data)."""

    id: str
    created_at: datetime
    updated_at: datetime
    first_name: str | None = None
    last_name: str | None = None
    state: str | None = None
    locale: str | None = None
    note: str | None = None
    tags: list[str] = []
    verified_email: bool | None = None
    tax_exempt: bool | None = None
    number_of_orders: str | None = None
    amount_spent: Money | None = None
    default_email_address: Email | None = None
    default_phone_number: Phone | None = None
    default_address: Address | None = None
    statistics: Statistics | None = None
    metafields: Connection[MetafieldNode] | None = None


class Application(Struct):
    """Which application of the order's discounts an allocation belongs to."""

    index: int


class Allocation(Struct):
    """A line's share of a discount, order-level ones included."""

    allocated_amount_set: Bag
    discount_application: Application | None = None


class TaxLine(Struct):
    """A tax on a line."""

    price_set: Bag


class LineNode(Struct):
    """A line of an order."""

    id: str
    quantity: int
    current_quantity: int
    original_unit_price_set: Bag
    original_total_set: Bag
    parent: str | None = msgspec.field(name="__parentId", default=None)
    title: str | None = None
    variant_title: str | None = None
    sku: str | None = None
    vendor: str | None = None
    is_gift_card: bool = False
    product: Ref | None = None
    variant: Ref | None = None
    discount_allocations: list[Allocation] = []
    tax_lines: list[TaxLine] = []


class Value(Struct):
    """A discount's size: a percentage or an amount."""

    percentage: float | None = None
    amount: str | None = None


class DiscountNode(Struct):
    """A discount application."""

    typename: str = msgspec.field(name="__typename")
    index: int
    parent: str | None = msgspec.field(name="__parentId", default=None)
    allocation_method: str | None = None
    target_selection: str | None = None
    target_type: str | None = None
    value: Value | None = None
    code: str | None = None
    title: str | None = None


class RefundLineNode(Struct):
    """A refunded line. Its own id may be null, its line's never is."""

    quantity: int
    line_item: Ref
    subtotal_set: Bag
    total_tax_set: Bag
    restock_type: str | None = None


class ShippingBackNode(Struct):
    """Shipping that was given back."""

    id: str
    subtotal_amount_set: Bag
    tax_amount_set: Bag


class AdjustmentNode(Struct):
    """Money of a refund that is neither a line's nor shipping's."""

    id: str
    amount_set: Bag
    tax_amount_set: Bag
    reason: str | None = None


class TransactionNode(Struct):
    """A movement of money."""

    id: str
    amount_set: Bag
    kind: str | None = None
    status: str | None = None
    gateway: str | None = None
    processed_at: datetime | None = None


class RefundNode(Struct):
    """A refund; what it is made of comes with pages only, never with bulk files."""

    id: str
    created_at: datetime | None
    total_refunded_set: Bag
    processed_at: datetime | None = None
    note: str | None = None
    refund_line_items: Connection[RefundLineNode] | None = None
    refund_shipping_lines: Connection[ShippingBackNode] | None = None
    order_adjustments: Connection[AdjustmentNode] | None = None
    transactions: Connection[TransactionNode] | None = None


class Rounding(Struct):
    """What was rounded because coins are missing."""

    payment_set: Bag


class AppRef(Struct):
    """The app that took an order."""

    name: str | None = None


class OrderNode(Struct):
    """An order."""

    id: str
    created_at: datetime
    updated_at: datetime
    processed_at: datetime
    closed_at: datetime | None
    cancelled_at: datetime | None
    test: bool
    edited: bool
    currency_code: str
    taxes_included: bool
    total_price_set: TwoBag
    total_refunded_set: Bag
    current_total_price_set: Bag
    current_subtotal_price_set: Bag
    total_tax_set: Bag | None
    total_shipping_price_set: Bag
    name: str | None = None
    cancel_reason: str | None = None
    display_financial_status: str | None = None
    display_fulfillment_status: str | None = None
    return_status: str | None = None
    presentment_currency_code: str | None = None
    source_name: str | None = None
    email: str | None = None
    phone: str | None = None
    note: str | None = None
    tags: list[str] = []
    discount_codes: list[str] = []
    payment_gateway_names: list[str] = []
    subtotal_line_items_quantity: int = 0
    customer: Ref | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    total_tip_received_set: Bag | None = None
    net_payment_set: Bag | None = None
    total_outstanding_set: Bag | None = None
    original_total_duties_set: Bag | None = None
    total_cash_rounding_adjustment: Rounding | None = None
    app: AppRef | None = None
    refunds: list[RefundNode] = []
    line_items: Connection[LineNode] | None = None
    discount_applications: Connection[DiscountNode] | None = None
    metafields: Connection[MetafieldNode] | None = None


class UnitCost(Struct):
    """What a variant costs the shop (needs ``read_inventory``)."""

    unit_cost: Money | None = None


class VariantNode(Struct):
    """A variant of a product."""

    id: str
    parent: str | None = msgspec.field(name="__parentId", default=None)
    title: str | None = None
    sku: str | None = None
    barcode: str | None = None
    price: str | None = None
    compare_at_price: str | None = None
    inventory_quantity: int | None = None
    updated_at: datetime | None = None
    inventory_item: UnitCost | None = None


class CollectionNode(Struct):
    """A collection that a product is in."""

    id: str
    parent: str | None = msgspec.field(name="__parentId", default=None)
    title: str | None = None
    handle: str | None = None


class ProductNode(Struct):
    """A product."""

    id: str
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    handle: str | None = None
    status: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    tags: list[str] = []
    is_gift_card: bool = False
    published_at: datetime | None = None
    variants: Connection[VariantNode] | None = None
    collections: Connection[CollectionNode] | None = None
    metafields: Connection[MetafieldNode] | None = None
