"""Statements on customers and their newest scores. The session knows the tenant; policies keep to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.paging import Sort, after
from xsight_core.db.tables import Customer, CustomerInsight, CustomerPii, TenantState

__all__ = ["SORTS", "count_customers", "find_customer", "list_customers"]

# A customer without a score sorts behind everybody who has one, in either direction's last place.
_NO_SCORE: Final = -1
_score = CustomerInsight

SORTS: Final[dict[str, Sort]] = {
    "id": Sort(Customer.id.expression, Customer.id.expression, descending=False, kind=int),
    "-id": Sort(Customer.id.expression, Customer.id.expression, descending=True, kind=int),
    "-created_at": Sort(
        Customer.created_at.expression, Customer.id.expression, descending=True, kind=datetime
    ),
    "-orders": Sort(
        func.coalesce(_score.orders, 0), Customer.id.expression, descending=True, kind=int
    ),
    "-net": Sort(
        func.coalesce(_score.net_minor, 0), Customer.id.expression, descending=True, kind=int
    ),
    "-last_order": Sort(
        func.coalesce(_score.last_day, _NO_SCORE), Customer.id.expression, descending=True, kind=int
    ),
    "-churn": Sort(
        func.coalesce(_score.churn_90, -1.0), Customer.id.expression, descending=True, kind=float
    ),
    "-clv": Sort(
        func.coalesce(_score.clv_365_minor, _NO_SCORE),
        Customer.id.expression,
        descending=True,
        kind=int,
    ),
}


def _customers() -> Select[*tuple[Any, ...]]:
    """Living customers with the scores of the run that is shown, and what names them."""
    scored = and_(
        _score.tenant_id == Customer.tenant_id,
        _score.insight_run == TenantState.insight_run,
        _score.customer_id == Customer.id,
    )
    named = and_(
        CustomerPii.tenant_id == Customer.tenant_id, CustomerPii.customer_id == Customer.id
    )
    return (
        select(Customer, _score, CustomerPii)
        .join(TenantState, TenantState.tenant_id == Customer.tenant_id)
        .outerjoin(_score, scored)
        .outerjoin(CustomerPii, named)
        .where(Customer.deleted_at.is_(None))
    )


def _filtered(
    query: Select[*tuple[Any, ...]], segment: str | None, ids: Sequence[int] | None
) -> Select[*tuple[Any, ...]]:
    if segment is not None:
        query = query.where(_score.segment == segment)
    if ids is not None:
        query = query.where(Customer.id.in_(ids))
    return query


async def list_customers(
    session: AsyncSession,
    *,
    sort: str,
    cursor: str | None,
    limit: int,
    segment: str | None = None,
    ids: Sequence[int] | None = None,
) -> Sequence[Row[Any]]:
    """Rows ``(Customer, CustomerInsight | None, CustomerPii | None, sort value)``; one more than ``limit`` if any."""
    order = SORTS[sort]
    query = _filtered(_customers(), segment, ids).add_columns(order.key.label("sort_value"))
    query = order.apply(after(query, order, sort, cursor)).limit(limit + 1)
    return (await session.execute(query)).all()


async def count_customers(
    session: AsyncSession, *, segment: str | None = None, ids: Sequence[int] | None = None
) -> int:
    """How many the same filters leave."""
    query = _filtered(_customers(), segment, ids).with_only_columns(func.count())
    return (await session.execute(query)).scalar_one()


async def find_customer(session: AsyncSession, customer_id: int) -> Row[Any] | None:
    """``(Customer, CustomerInsight | None, CustomerPii | None)``."""
    return (await session.execute(_customers().where(Customer.id == customer_id))).one_or_none()
