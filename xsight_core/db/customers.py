"""Statements on customers and their newest scores. The session knows the tenant; policies keep to it.

A list by a score walks that score's rows in its order, and comes to customers without scores last: neither half has to
sort a million rows to show fifty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import eq, ge, le
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    and_,
    any_,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from xsight_core.db.days import stored_day
from xsight_core.db.paging import Sort, after, both_ways, decode_cursor
from xsight_core.db.tables import (
    Customer,
    CustomerInsight,
    CustomerPii,
    Order,
    OrderLine,
    TenantState,
)

__all__ = [
    "SORTS",
    "CustomerFilter",
    "ShownState",
    "behind",
    "count_customers",
    "find_customer",
    "list_customers",
    "shown_state",
]

_score = CustomerInsight
_customer = Customer.id.expression
_scored = CustomerInsight.customer_id.expression

_OWN: Final[dict[str, tuple[Any, type[Any]]]] = {
    "id": (_customer, int),
    "created_at": (Customer.created_at.expression, datetime),
}
_SCORES: Final[dict[str, tuple[Any, type[Any]]]] = {
    "orders": (_score.orders.expression, int),
    "net": (_score.net_minor.expression, int),
    "last_order": (_score.last_day.expression, int),
    # written as their indexes are, and not as parameters: a plan for any parameter could not use them
    "churn": (func.coalesce(_score.churn_90, literal_column("-1.0::float8")), float),
    "clv": (func.coalesce(_score.clv_365_minor, literal_column("-1::bigint")), int),
}

_BY_CUSTOMER: Final = both_ways(_OWN, _customer)
_BY_SCORE: Final = both_ways(_SCORES, _scored)
SORTS: Final = tuple(sorted([*_BY_CUSTOMER, *_BY_SCORE], key=lambda name: name.lstrip("-")))


@dataclass(frozen=True)
class ShownState:
    """What a list depends on."""

    data_version: int
    insight_run: UUID | None
    customers: int  # about so many, deleted ones too

    @property
    def key(self) -> str:
        """Equal keys, equal answers."""
        return f"{self.data_version}.{self.insight_run}"


@dataclass(frozen=True)
class CustomerFilter:
    """Which customers; all that is said must hold. Money in minor units, days are the shop's."""

    ids: Sequence[int] | None = None
    email: str | None = None
    country: str | None = None
    tag: str | None = None
    email_consent: str | None = None
    segment: str | None = None
    orders_min: int | None = None
    orders_max: int | None = None
    net_min: int | None = None
    net_max: int | None = None
    churn_min: float | None = None
    ordered_since: date | None = None
    ordered_until: date | None = None
    product_id: int | None = None

    def own(self) -> list[ColumnElement[bool]]:
        """Conditions on the customer."""
        found: list[ColumnElement[bool]] = [Customer.deleted_at.is_(None)]
        if self.ids is not None:
            found.append(Customer.id.in_(self.ids))
        if self.email is not None:
            person = aliased(CustomerPii)
            of = and_(
                person.tenant_id == Customer.tenant_id,
                person.customer_id == Customer.id,
                person.email == self.email,
            )
            found.append(exists().where(of))
        if self.product_id is not None:
            bought = (
                select(Order.customer_id)
                .join(
                    OrderLine,
                    and_(OrderLine.tenant_id == Order.tenant_id, OrderLine.order_id == Order.id),
                )
                .where(
                    OrderLine.product_id == self.product_id,
                    Order.deleted_at.is_(None),
                    Order.cancelled_at.is_(None),
                    ~Order.test,
                )
            )
            found.append(Customer.id.in_(bought))
        if self.country is not None:
            found.append(Customer.country == self.country)
        if self.tag is not None:
            found.append(literal(self.tag) == any_(Customer.tags))
        if self.email_consent is not None:
            found.append(Customer.email_consent == self.email_consent)
        return found

    def of_scores(self) -> list[ColumnElement[bool]]:
        """Conditions on the scores: who has none meets none of them."""
        bounds = (
            (_score.segment, eq, self.segment),
            (_score.orders, ge, self.orders_min),
            (_score.orders, le, self.orders_max),
            (_score.net_minor, ge, self.net_min),
            (_score.net_minor, le, self.net_max),
            (_score.churn_90, ge, self.churn_min),
            (_score.last_day, ge, stored_day(self.ordered_since)),
            (_score.last_day, le, stored_day(self.ordered_until)),
        )
        return [compare(column, value) for column, compare, value in bounds if value is not None]


async def shown_state(session: AsyncSession) -> ShownState:
    """The rows' version and the run whose scores are shown."""
    query = select(TenantState.data_version, TenantState.insight_run, TenantState.next_ordinal)
    row = (await session.execute(query)).one_or_none()
    return ShownState(*row) if row else ShownState(0, None, 0)


def behind(sort: str, cursor: str | None) -> tuple[Any, int] | None:
    """Score and id after which a list by scores goes on; the score is None behind those who have one."""
    order = _BY_SCORE.get(sort)
    return decode_cursor(cursor, sort, order.kind | None) if order and cursor is not None else None


async def list_customers(
    session: AsyncSession,
    run: UUID | None,
    *,
    sort: str,
    cursor: str | None,
    limit: int,
    which: CustomerFilter,
    ids: Sequence[int] | None = None,
) -> Sequence[Row[Any]]:
    """Rows ``(Customer, CustomerInsight | None, CustomerPii | None, sort value)``; at most one more than ``limit``.

    The sort value of a customer without scores is None where scores give the order. ``ids`` are those with scores that
    such a page is known to hold.
    """
    if sort in _BY_CUSTOMER:
        return await _by_customer(session, run, _BY_CUSTOMER[sort], sort, cursor, limit, which)
    order = _BY_SCORE[sort]
    found: list[Row[Any]] = []
    last = behind(sort, cursor)
    if run is not None and (last is None or last[0] is not None):
        if ids is None:
            await _walk(session)
            query = after(_scored_customers(run, which), order, sort, cursor)
        else:
            query = _scored_customers(run, CustomerFilter()).where(
                _score.customer_id == any_(literal(ids, ARRAY(BigInteger)))
            )
        query = query.add_columns(order.key.label("sort_value"))
        found += (await session.execute(order.apply(query).limit(limit + 1))).all()
        if ids is not None and len(found) < len(ids):  # some have just gone
            return await list_customers(
                session, run, sort=sort, cursor=cursor, limit=limit, which=which
            )
    if len(found) <= limit and not which.of_scores():
        started = last[1] if last is not None and last[0] is None else None
        rest = _unscored_customers(run, which, started).limit(limit + 1 - len(found))
        found += (await session.execute(rest)).all()
    return found


async def _walk(session: AsyncSession) -> None:
    """Along the index of the order, until a page is full.

    The planner, to whom any tenant is a 200th of the table, would rather sort all that the filter leaves.
    """
    await session.execute(select(func.set_config("enable_sort", "off", True)))  # noqa: FBT003 - PostgreSQL's


async def count_customers(session: AsyncSession, run: UUID | None, which: CustomerFilter) -> int:
    """How many the same filter leaves."""
    if which.of_scores():
        if run is None:
            return 0
        query = _scored_customers(run, which).with_only_columns(func.count())
    else:
        query = select(func.count()).select_from(Customer).where(*which.own())
    return (await session.execute(query)).scalar_one()


async def find_customer(session: AsyncSession, customer_id: int) -> Row[Any] | None:
    """``(Customer, CustomerInsight | None, CustomerPii | None)``."""
    shown = select(TenantState.insight_run).scalar_subquery()
    query = _everybody(shown).where(Customer.id == customer_id, Customer.deleted_at.is_(None))
    return (await session.execute(query)).one_or_none()


async def _by_customer(
    session: AsyncSession,
    run: UUID | None,
    order: Sort,
    sort: str,
    cursor: str | None,
    limit: int,
    which: CustomerFilter,
) -> Sequence[Row[Any]]:
    query = _everybody(run).where(*which.own(), *which.of_scores())
    query = query.add_columns(order.key.label("sort_value"))
    query = order.apply(after(query, order, sort, cursor)).limit(limit + 1)
    return (await session.execute(query)).all()


def _everybody(run: Any) -> Select[*tuple[Any, ...]]:
    """Customers with the scores of the run, where they have any, and what names them."""
    scored = and_(
        _score.tenant_id == Customer.tenant_id,
        _score.insight_run == run,
        _score.customer_id == Customer.id,
    )
    return (
        select(Customer, _score, CustomerPii)
        .select_from(Customer)
        .outerjoin(_score, scored)
        .outerjoin(CustomerPii, _named())
    )


def _scored_customers(run: UUID, which: CustomerFilter) -> Select[*tuple[Any, ...]]:
    same = and_(Customer.tenant_id == _score.tenant_id, Customer.id == _score.customer_id)
    return (
        select(Customer, _score, CustomerPii)
        .select_from(_score)
        .join(Customer, same)
        .outerjoin(CustomerPii, _named())
        .where(_score.insight_run == run, *which.own(), *which.of_scores())
    )


def _unscored_customers(
    run: UUID | None, which: CustomerFilter, started: int | None
) -> Select[*tuple[Any, ...]]:
    """By id; the newest first."""
    scored = exists().where(
        _score.tenant_id == Customer.tenant_id,
        _score.insight_run == run,
        _score.customer_id == Customer.id,
    )
    query = (
        select(Customer, null().label("score"), CustomerPii, null().label("sort_value"))
        .select_from(Customer)
        .outerjoin(CustomerPii, _named())
        .where(*which.own())
        .order_by(Customer.id.desc())
    )
    if run is not None:
        query = query.where(~scored)
    if started is not None:
        query = query.where(Customer.id < started)
    return query


def _named() -> ColumnElement[bool]:
    return and_(CustomerPii.tenant_id == Customer.tenant_id, CustomerPii.customer_id == Customer.id)
