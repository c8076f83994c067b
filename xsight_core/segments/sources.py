"""Where a statement's columns come from: customers, and joined to them only what a rule asks for."""

from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Double,
    FromClause,
    Select,
    and_,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on

from xsight_core.db.tables import (
    Customer,
    CustomerInsight,
    CustomerPii,
    CustomerPlace,
    CustomerTrait,
    Order,
    OrderLine,
    Product,
    TenantState,
)
from xsight_core.segments.fields import Basis

__all__ = ["CustomerRows", "LineRows", "OrderRows", "Parts", "minor"]

_Table = Any  # a table's alias, columns by name


class Parts:
    """Common table expressions that every part of one statement shares."""

    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self._names: dict[str, int] = {}

    def name(self, stem: str) -> str:
        """A name that is not yet taken in this statement."""
        self._names[stem] = self._names.get(stem, 0) + 1
        return f"{stem}_{self._names[stem]}"

    @cached_property
    def moved(self) -> CTE:
        """Each merged customer and everybody on the way to the one it ended up in."""
        c = _table(Customer).alias("merged")
        start = select(c.c.id.label("id"), c.c.merged_into.label("into")).where(
            c.c.merged_into.is_not(None)
        )
        moved = start.cte("moved", recursive=True)
        following = _table(Customer).alias("following")
        return moved.union(
            select(moved.c.id, following.c.merged_into)
            .join(following, following.c.id == moved.c.into)
            .where(following.c.merged_into.is_not(None))
        )

    @cached_property
    def counted(self) -> CTE:
        """The orders that count, each with the customer it belongs to now."""
        o = _table(Order).alias("o")
        living = _table(Customer).alias("living")
        final = (
            select(self.moved.c.id, self.moved.c.into)
            .join(living, living.c.id == self.moved.c.into)
            .where(living.c.merged_into.is_(None))
            .subquery("final")
        )
        return (
            select(
                o.c.id,
                func.coalesce(final.c.into, o.c.customer_id).label("customer"),
                o.c.day,
                o.c.gross_minor.label("gross"),
                o.c.discounts_minor.label("discounts"),
                o.c.returns_minor.label("returns"),
                o.c.net_minor.label("net"),
                o.c.units,
                o.c.channel,
                o.c.country,
                o.c.discount_codes[1].label("discount_code"),
                o.c.total,
            )
            .select_from(o.outerjoin(final, final.c.id == o.c.customer_id))
            .where(
                o.c.customer_id.is_not(None),
                ~o.c.test,
                o.c.cancelled_at.is_(None),
                o.c.deleted_at.is_(None),
                o.c.currency == select(TenantState.currency).scalar_subquery(),
                o.c.day <= self.basis.today,
            )
            .cte("counted")
            .prefix_with("MATERIALIZED")
        )

    @cached_property
    def numbered(self) -> CTE:
        """Which of the customer's counted orders each one is, from 1."""
        o = self.counted
        nth = func.row_number().over(partition_by=o.c.customer, order_by=[o.c.day, o.c.id])
        return select(o.c.id, nth.label("nth")).cte("numbered").prefix_with("MATERIALIZED")

    @cached_property
    def facts(self) -> CTE:
        """Sums of each buyer's counted orders."""
        o = self.counted

        def total(column: ColumnElement[Any]) -> ColumnElement[Any]:
            return cast(func.sum(column), BigInteger)

        return (
            select(
                o.c.customer,
                func.count().label("orders"),
                total(o.c.gross).label("gross"),
                total(o.c.discounts).label("discounts"),
                total(o.c.returns).label("returns"),
                total(o.c.net).label("net"),
                total(o.c.units).label("units"),
                func.min(o.c.day).label("first_day"),
                func.max(o.c.day).label("last_day"),
            )
            .group_by(o.c.customer)
            .cte("facts")
            .prefix_with("MATERIALIZED")
        )

    @cached_property
    def ends(self) -> CTE:
        """The channel of each buyer's first and last order."""
        o = self.counted

        oldest = (
            select(o.c.customer, o.c.channel)
            .ext(distinct_on(o.c.customer))
            .order_by(o.c.customer, o.c.day, o.c.id)
            .subquery("oldest")
        )
        newest = (
            select(o.c.customer, o.c.channel)
            .ext(distinct_on(o.c.customer))
            .order_by(o.c.customer, o.c.day.desc(), o.c.id.desc())
            .subquery("newest")
        )
        return (
            select(
                oldest.c.customer,
                oldest.c.channel.label("first_channel"),
                newest.c.channel.label("last_channel"),
            )
            .join(newest, newest.c.customer == oldest.c.customer)
            .cte("ends")
            .prefix_with("MATERIALIZED")
        )

    @cached_property
    def rhythm(self) -> CTE:
        """The median of the days from one purchase day to the next, of who bought on two or more."""
        o = self.counted
        days = select(o.c.customer, o.c.day).distinct().subquery("days")
        gap = days.c.day - func.lag(days.c.day).over(
            partition_by=days.c.customer, order_by=days.c.day
        )
        gaps = select(days.c.customer, gap.label("gap")).subquery("gaps")
        median = func.percentile_cont(0.5).within_group(gaps.c.gap)
        return (
            select(gaps.c.customer, cast(median, Double).label("days"))
            .where(gaps.c.gap.is_not(None))
            .group_by(gaps.c.customer)
            .cte("rhythm")
            .prefix_with("MATERIALIZED")
        )


class CustomerRows:
    """Living customers; a part is joined when its columns are asked for the first time."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.basis = parts, parts.basis
        self.customer: _Table = _table(Customer).alias(parts.name("c"))
        self._from: FromClause = self.customer

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Columns of the living, joins included: call it when all conditions are made."""
        c = self.customer.c
        return (
            select(*columns)
            .select_from(self._from)
            .where(c.deleted_at.is_(None), c.merged_into.is_(None))
        )

    def join(self, part: Any, customer: ColumnElement[Any]) -> Any:
        """Bring in a part that has at most one row a customer."""
        self._from = self._from.outerjoin(part, customer == self.customer.c.id)
        return part.c

    def _own(self, model: type[Any], stem: str) -> Any:
        table: _Table = _table(model).alias(self.parts.name(stem))
        on = and_(
            table.c.tenant_id == self.customer.c.tenant_id,
            table.c.customer_id == self.customer.c.id,
        )
        if model is CustomerInsight:
            on = and_(on, table.c.insight_run == select(TenantState.insight_run).scalar_subquery())
        self._from = self._from.outerjoin(table, on)
        return table.c

    @cached_property
    def pii(self) -> Any:
        """What names the person."""
        return self._own(CustomerPii, "pii")

    @cached_property
    def scores(self) -> Any:
        """The run of insights that is shown."""
        return self._own(CustomerInsight, "i")

    @cached_property
    def traits(self) -> Any:
        """What Shopify thinks."""
        return self._own(CustomerTrait, "traits")

    @cached_property
    def place(self) -> Any:
        """Where the default address lies."""
        return self._own(CustomerPlace, "place")

    @cached_property
    def facts(self) -> Any:
        """Sums over counted orders; null without one."""
        part = self.parts.facts.alias(self.parts.name("f"))
        return self.join(part, part.c.customer)

    @cached_property
    def ends(self) -> Any:
        """First and last channel."""
        part = self.parts.ends.alias(self.parts.name("ends"))
        return self.join(part, part.c.customer)

    @cached_property
    def rhythm(self) -> Any:
        """The customer's own pace."""
        part = self.parts.rhythm.alias(self.parts.name("rhythm"))
        return self.join(part, part.c.customer)

    def day(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        """The shop's day of a point in time."""
        epoch = func.make_date(1970, 1, 1)
        return cast(func.timezone(self.basis.zone, moment), Date) - epoch


class OrderRows:
    """Counted orders."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.basis = parts, parts.basis
        self.order: Any = parts.counted.alias(parts.name("o"))
        self.source: FromClause = self.order

    @cached_property
    def numbered(self) -> Any:
        """Which of the customer's orders it is."""
        part = self.parts.numbered.alias(self.parts.name("numbered"))
        self.source = self.source.join(part, part.c.id == self.order.c.id)
        return part.c


class LineRows(OrderRows):
    """Lines of counted orders, with the product as it is now."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.line: Any = _table(OrderLine).alias(parts.name("l"))
        self.product: Any = _table(Product).alias(parts.name("p"))
        self.source = self.order.join(self.line, self.line.c.order_id == self.order.c.id).outerjoin(
            self.product,
            and_(
                self.product.c.tenant_id == self.line.c.tenant_id,
                self.product.c.id == self.line.c.product_id,
            ),
        )


def minor(amount: ColumnElement[Any], basis: Basis) -> ColumnElement[Any]:
    """An amount in minor units, whole."""
    return cast(func.round(amount * 10**basis.exponent), BigInteger)


def _table(model: type[Any]) -> Any:
    return model.__table__
