"""Statements on orders and what belongs to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from operator import eq, ge, le
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    any_,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.days import stored_day
from xsight_core.db.paging import after, both_ways
from xsight_core.db.tables import Order, OrderDiscount, OrderLine, OrderPii, Refund

__all__ = [
    "SORTS",
    "OrderFilter",
    "OrderParts",
    "count_orders",
    "find_order",
    "list_orders",
    "sum_orders",
]

_id = Order.id.expression
_KEYS: Final[dict[str, tuple[Any, type[Any]]]] = {
    "processed_at": (Order.processed_at.expression, datetime),
    "net": (Order.net_minor.expression, int),
    "total": (Order.total.expression, Decimal),
    "id": (_id, int),
}
SORTS: Final = both_ways(_KEYS, _id)


@dataclass(frozen=True)
class OrderFilter:
    """Which orders; all that is said must hold. Days are the shop's, ``since`` and ``until`` both included."""

    customer_id: int | None = None
    since: date | None = None
    until: date | None = None
    financial_status: str | None = None
    fulfillment_status: str | None = None
    channel: str | None = None
    country: str | None = None
    tag: str | None = None
    discount_code: str | None = None
    product_id: int | None = None
    total_min: Decimal | None = None
    total_max: Decimal | None = None
    test: bool | None = None
    cancelled: bool | None = None

    def apply(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """The query for these only; deleted orders are not there."""
        return query.where(Order.deleted_at.is_(None), *self._conditions())

    def _conditions(self) -> list[ColumnElement[bool]]:
        bounds = (
            (Order.customer_id, eq, self.customer_id),
            (Order.financial_status, eq, self.financial_status),
            (Order.fulfillment_status, eq, self.fulfillment_status),
            (Order.channel, eq, self.channel),
            (Order.country, eq, self.country),
            (Order.test, eq, self.test),
            (Order.day, ge, stored_day(self.since)),
            (Order.day, le, stored_day(self.until)),
            (Order.total, ge, self.total_min),
            (Order.total, le, self.total_max),
        )
        found = [compare(column, value) for column, compare, value in bounds if value is not None]
        # a day of the shop's lies within 14 hours of the same of UTC's: this finds the part of the index to look at
        if self.since is not None and self.since > date.min:
            found.append(Order.processed_at >= _midnight(self.since - timedelta(days=1)))
        if self.until is not None and self.until < date.max - timedelta(days=2):
            found.append(Order.processed_at < _midnight(self.until + timedelta(days=2)))
        if self.tag is not None:
            found.append(literal(self.tag) == any_(Order.tags))
        if self.discount_code is not None:
            found.append(literal(self.discount_code) == any_(Order.discount_codes))
        if self.cancelled is not None:
            none = Order.cancelled_at.is_(None)
            found.append(~none if self.cancelled else none)
        if self.product_id is not None:
            found.append(
                exists().where(
                    OrderLine.tenant_id == Order.tenant_id,
                    OrderLine.order_id == Order.id,
                    OrderLine.product_id == self.product_id,
                )
            )
        return found


@dataclass(frozen=True)
class OrderParts:
    """An order with everything below it."""

    order: Order
    person: OrderPii | None
    lines: Sequence[OrderLine]
    discounts: Sequence[OrderDiscount]
    refunds: Sequence[Refund]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def list_orders(
    session: AsyncSession, *, sort: str, cursor: str | None, limit: int, which: OrderFilter
) -> Sequence[Row[Any]]:
    """Rows ``(Order, sort value)``; one more than ``limit`` if there is one."""
    order = SORTS[sort]
    query = which.apply(select(Order, order.key.label("sort_value")))
    return (
        await session.execute(order.apply(after(query, order, sort, cursor)).limit(limit + 1))
    ).all()


async def count_orders(session: AsyncSession, which: OrderFilter) -> int:
    """How many the same filter leaves."""
    return (
        await session.execute(which.apply(select(func.count()).select_from(Order)))
    ).scalar_one()


async def sum_orders(session: AsyncSession, which: OrderFilter) -> Row[Any]:
    """Of all, ``orders``; of those that count (not cancelled, no test) ``counted`` and sums in minor units."""
    counts = and_(Order.cancelled_at.is_(None), ~Order.test)

    def total(column: Any) -> ColumnElement[int]:
        return func.coalesce(func.sum(column).filter(counts), 0).cast(BigInteger)

    query = which.apply(
        select(
            func.count().label("orders"),
            func.count().filter(counts).label("counted"),
            total(Order.gross_minor).label("gross_minor"),
            total(Order.discounts_minor).label("discounts_minor"),
            total(Order.returns_minor).label("returns_minor"),
            total(Order.net_minor).label("net_minor"),
        ).select_from(Order)
    )
    return (await session.execute(query)).one()


async def find_order(session: AsyncSession, order_id: int) -> OrderParts | None:
    """The order and its parts."""
    order = (
        await session.execute(select(Order).where(Order.id == order_id, Order.deleted_at.is_(None)))
    ).scalar_one_or_none()
    if order is None:
        return None

    async def parts(table: Any, by: Any) -> Sequence[Any]:
        return (
            await session.scalars(select(table).where(table.order_id == order_id).order_by(by))
        ).all()

    people = await parts(OrderPii, OrderPii.order_id)
    return OrderParts(
        order=order,
        person=people[0] if people else None,
        lines=await parts(OrderLine, OrderLine.id),
        discounts=await parts(OrderDiscount, OrderDiscount.idx),
        refunds=await parts(Refund, Refund.id),
    )
