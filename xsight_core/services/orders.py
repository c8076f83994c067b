"""Reading orders: lists, one order with its lines, discounts and refunds. Money is exact, as decimal text."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from xsight_core.db import orders as rows
from xsight_core.db.customers import shown_state
from xsight_core.db.orders import OrderFilter, OrderParts
from xsight_core.db.paging import cut
from xsight_core.db.tables import Order
from xsight_core.errors import InvalidInput, NotFound
from xsight_core.services.counts import Counter, count_now
from xsight_core.tenancy import Tenancy

__all__ = [
    "ORDER_SORTS",
    "OrderDetail",
    "OrderFilter",
    "OrderPage",
    "OrderTotals",
    "OrderView",
    "list_orders",
    "read_order",
    "total_orders",
]

ORDER_SORTS: Final = tuple(rows.SORTS)


class OrderView(msgspec.Struct, frozen=True):
    """An order in the shop's currency. ``net`` = gross − discounts − returns."""

    id: int
    name: str | None
    customer_id: int | None
    processed_at: datetime
    updated_at: datetime
    currency: str
    units: int
    gross: Decimal
    discounts: Decimal
    subtotal: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal
    refunded: Decimal
    net_minor: int
    financial_status: str | None
    fulfillment_status: str | None
    cancelled_at: datetime | None
    test: bool
    channel: str | None
    country: str | None
    tags: list[str]
    discount_codes: list[str]


class LineView(msgspec.Struct, frozen=True):
    """A line as it was at order time."""

    id: int
    product_id: int | None
    variant_id: int | None
    title: str | None
    variant_title: str | None
    sku: str | None
    quantity: int
    current_quantity: int
    unit_price: Decimal
    discounts: Decimal
    net: Decimal


class DiscountView(msgspec.Struct, frozen=True):
    """A discount that was applied."""

    kind: str
    code: str | None
    title: str | None
    amount: Decimal | None
    percentage: Decimal | None


class RefundView(msgspec.Struct, frozen=True):
    """Money given back."""

    id: int
    created_at: datetime
    total: Decimal


class OrderDetail(msgspec.Struct, frozen=True):
    """An order and everything below it; ``email`` is ``null`` for who may not see personal data."""

    order: OrderView
    email: str | None
    masked: bool
    lines: list[LineView]
    discounts: list[DiscountView]
    refunds: list[RefundView]


class OrderTotals(msgspec.Struct, frozen=True):
    """``orders`` in all; sums, in minor units, of the ``counted`` ones: neither cancelled nor tests.

    Returns count with their order, whenever they came.
    """

    orders: int
    counted: int
    gross_minor: int
    discounts_minor: int
    returns_minor: int
    net_minor: int


class OrderPage(msgspec.Struct, frozen=True):
    """A page, how many there are in all, and where the next page begins; what all come to where that was asked."""

    items: list[OrderView]
    total: int
    next_cursor: str | None
    totals: OrderTotals | None = None


async def list_orders(
    tenancy: Tenancy,
    tenant_id: UUID,
    *,
    which: OrderFilter,
    sort: str = "-processed_at",
    cursor: str | None = None,
    limit: int = 50,
    counted: Counter = count_now,
) -> OrderPage:
    """One page of the orders that the filter leaves, test and cancelled ones too (they say so)."""
    if sort not in rows.SORTS:
        raise InvalidInput("sort", f"Sort by one of {', '.join(ORDER_SORTS)}.")
    async with tenancy.scope(tenant_id) as session:
        shown = await shown_state(session)
        found = await rows.list_orders(session, sort=sort, cursor=cursor, limit=limit, which=which)

    async def count() -> int:
        async with tenancy.scope(tenant_id) as session:
            return await rows.count_orders(session, which)

    page, following = cut(found, sort, limit)
    return OrderPage(
        items=[_view(row[0]) for row in page],
        total=await counted(str(shown.data_version), f"orders {which!r}", count),
        next_cursor=following,
    )


async def total_orders(tenancy: Tenancy, tenant_id: UUID, which: OrderFilter) -> OrderTotals:
    """What the orders that the filter leaves come to."""
    async with tenancy.scope(tenant_id) as session:
        return OrderTotals(*await rows.sum_orders(session, which))


async def read_order(tenancy: Tenancy, tenant_id: UUID, order_id: int, *, pii: bool) -> OrderDetail:
    """One order, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        parts = await rows.find_order(session, order_id)
    if parts is None:
        raise NotFound("There is no such order.")
    return _detail(parts, pii=pii)


def _detail(parts: OrderParts, *, pii: bool) -> OrderDetail:
    return OrderDetail(
        order=_view(parts.order),
        email=parts.person.email if pii and parts.person else None,
        masked=not pii,
        lines=msgspec.convert(parts.lines, list[LineView], from_attributes=True),
        discounts=msgspec.convert(parts.discounts, list[DiscountView], from_attributes=True),
        refunds=msgspec.convert(parts.refunds, list[RefundView], from_attributes=True),
    )


def _view(order: Order) -> OrderView:
    return msgspec.convert(order, OrderView, from_attributes=True)
