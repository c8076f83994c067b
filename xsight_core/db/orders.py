"""Statements on orders and what belongs to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.paging import Sort, after
from xsight_core.db.tables import Order, OrderDiscount, OrderLine, OrderPii, Refund

__all__ = ["SORTS", "OrderFilter", "OrderParts", "count_orders", "find_order", "list_orders"]

_EPOCH: Final = date(1970, 1, 1)
_id = Order.id.expression
SORTS: Final[dict[str, Sort]] = {
    "-processed_at": Sort(Order.processed_at.expression, _id, descending=True, kind=datetime),
    "processed_at": Sort(Order.processed_at.expression, _id, descending=False, kind=datetime),
    "-net": Sort(Order.net_minor.expression, _id, descending=True, kind=int),
    "-id": Sort(_id, _id, descending=True, kind=int),
}


@dataclass(frozen=True)
class OrderFilter:
    """Which orders: of a customer, on the shop's days ``since`` to ``until`` (both included)."""

    customer_id: int | None = None
    since: date | None = None
    until: date | None = None

    def apply(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """The query for these only; deleted orders are not there."""
        query = query.where(Order.deleted_at.is_(None))
        if self.customer_id is not None:
            query = query.where(Order.customer_id == self.customer_id)
        if self.since is not None:
            query = query.where(Order.day >= (self.since - _EPOCH).days)
        if self.until is not None:
            query = query.where(Order.day <= (self.until - _EPOCH).days)
        return query


@dataclass(frozen=True)
class OrderParts:
    """An order with everything below it."""

    order: Order
    person: OrderPii | None
    lines: Sequence[OrderLine]
    discounts: Sequence[OrderDiscount]
    refunds: Sequence[Refund]


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
