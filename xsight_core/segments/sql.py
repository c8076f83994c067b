"""A rule as one parameterised SQL statement: its definition, shown to the user, and the way without a ledger.

Expressions of SQLAlchemy throughout; no text of a rule ever becomes SQL. Every condition is true or false, never null,
so that ``not`` is the exact complement.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    and_,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql

from xsight_core.errors import InvalidInput
from xsight_core.segments.comparing import compare, labels_hold, text_holds
from xsight_core.segments.dates import day_of
from xsight_core.segments.fields import Basis
from xsight_core.segments.leaves import circle, joined, metafield
from xsight_core.segments.operators import NEGATED, Kind
from xsight_core.segments.rules import Circle, Event, Group, Joined, Metafield, Node, Rank, Rule
from xsight_core.segments.sources import CustomerRows, LineRows, OrderRows, Parts
from xsight_core.segments.units import resolve, resolve_n

__all__ = ["Shown", "customers_of", "shown"]

TIMEOUT_S: Final = 2.0
"""How long a rule's statement may take."""


@dataclass(frozen=True)
class Shown:
    """A statement for people to read: its text, and its parameters by name."""

    text: str
    parameters: dict[str, Any]


def customers_of(
    rule: Group, basis: Basis, segments: Mapping[str, Group] | None = None
) -> Select[Any]:
    """The ids of the customers whom the rule finds, in no order.

    Parameters
    ----------
    rule, basis
        What to find, and the day, zone and currency that its words depend on.
    segments
        The rules of the segments that it names, by id (``references.py`` gathers and checks them).
    """
    compiler = _Compiler(basis, segments or {})
    rows = CustomerRows(compiler.parts)
    found = compiler.condition(rule, rows)
    return rows.select(rows.customer.c.id).where(found)


def shown(statement: Select[Any]) -> Shown:
    """The statement as PostgreSQL reads it."""
    compiled = statement.compile(
        dialect=postgresql.dialect(paramstyle="named"),
        compile_kwargs={"render_postcompile": True},
    )
    return Shown(str(compiled), dict(compiled.params))


class _Compiler:
    """One statement in the making."""

    def __init__(self, basis: Basis, segments: Mapping[str, Group]) -> None:
        self.basis, self.segments = basis, segments
        self.parts = Parts(basis)

    def condition(self, node: Node, rows: Any) -> ColumnElement[bool]:
        """True or false for each row, never null."""
        if isinstance(node, Group):
            join = and_ if node.combinator == "and" else or_
            found = join(*(self.condition(rule, rows) for rule in node.rules))
            return not_(found) if node.negated else found
        if node.field.needs in self.basis.missing:
            raise InvalidInput(
                f"{node.path}.field",
                f"{node.field.label} cannot be asked: this store has no {node.field.needs} here yet.",
            )
        operator = NEGATED.get(node.operator, node.operator)
        found = self._found(node, operator, rows)
        if operator != "null":
            found = func.coalesce(found, false())
        return not_(found) if operator != node.operator else found

    def _found(self, rule: Rule, operator: str, rows: Any) -> ColumnElement[bool]:
        match rule.value:
            case Event():
                return self._event(rule.value, rule.field.name, rows)
            case Rank():
                return self._rank(rule, rule.value, rows)
            case Joined():
                return joined(rule.value, rule.field.name == "entered", rows)
            case Circle():
                return circle(rule.value, rows)
            case Metafield():
                return metafield(rule.value, rows)
            case _:
                return self._plain(rule, operator, rows)

    def _plain(self, rule: Rule, operator: str, rows: Any) -> ColumnElement[bool]:
        kind, values = rule.field.kind, resolve(rule, self.basis)
        if kind is Kind.SEGMENT:
            return or_(*(self.condition(self.segments[name], rows) for name in values))
        column = rule.field.sql(rows)
        several = kind in {Kind.LABELS, Kind.IDS}
        if operator == "null":
            return func.coalesce(func.cardinality(column), 0) == 0 if several else column.is_(None)
        if several:
            return labels_hold(column, operator, values, kind)
        return (text_holds if kind is Kind.TEXT else compare)(column, operator, values)

    def _rank(self, rule: Rule, rank: Rank, rows: CustomerRows) -> ColumnElement[bool]:
        """By position among the living who have a value and are in the base; equal values rank the same."""
        base = CustomerRows(self.parts)
        value = rule.field.sql(base)
        among: list[ColumnElement[bool]] = [value.is_not(None)]
        if rank.within is not None:
            among.append(self.condition(rank.within, base))
        ranked = base.select(
            base.customer.c.id.label("customer"),
            (func.rank().over(order_by=value) - 1).label("below"),
            func.count().over(order_by=value).label("up_to"),
            func.count().over().label("n"),
        ).where(*among)
        part = ranked.cte(self.parts.name("ranked")).prefix_with("MATERIALIZED")
        r = rows.join(part, part.c.customer)
        operator, number = rule.operator, rank.numbers[0]
        match operator:
            case "topPercent":
                return (r.n - r.up_to) * 100 < _double(number) * r.n
            case "bottomPercent":
                return r.below * 100 < _double(number) * r.n
            case "topN":
                return r.n - r.up_to < int(number)
            case "bottomN":
                return r.below < int(number)
            case "decile":
                tenth = 1 + func.div(10 * (r.below + r.up_to), 2 * r.n)
                return tenth.in_([int(one) for one in rank.numbers])
            case _:
                at = 100 * (r.below + r.up_to)
                low, high = (_double(end) * (2 * r.n) for end in rank.numbers)
                return and_(at >= low, at <= high)

    def _event(self, event: Event, name: str, rows: CustomerRows) -> ColumnElement[bool]:
        part = self._aggregate(event, name).cte(self.parts.name(name)).prefix_with("MATERIALIZED")
        value: Any = rows.join(part, part.c.customer).value
        if event.aggregate in {"count", "sum"}:
            value = func.coalesce(value, 0)
        comparison = NEGATED.get(event.comparison, event.comparison)
        found = func.coalesce(compare(value, comparison, resolve_n(event, self.basis)), false())
        return not_(found) if comparison != event.comparison else found

    def _aggregate(self, event: Event, name: str) -> Select[Any]:
        events = OrderRows(self.parts) if name == "orders" else LineRows(self.parts)
        o = events.order.c
        among: list[ColumnElement[bool]] = []
        if event.where is not None:
            among.append(self.condition(event.where, events))
        if event.since is not None:
            among.append(o.day >= day_of(event.since, self.basis.today))
        if event.until is not None:
            among.append(o.day <= day_of(event.until, self.basis.today))
        of: Any = event.of.sql(events) if event.of is not None else o.id
        value = _AGGREGATED[event.aggregate](of, o.day, self.basis.today)
        if event.aggregate == "count" and name == "products":
            value = func.count(o.id.distinct())
        columns: list[ColumnElement[Any]] = [o.customer.label("customer"), value.label("value")]
        return select(*columns).select_from(events.source).where(*among).group_by(o.customer)


_AGGREGATED: Final[dict[str, Callable[[Any, Any, int], ColumnElement[Any]]]] = {
    "count": lambda of, _day, _today: func.count(of),
    "sum": lambda of, _day, _today: cast(func.sum(of), BigInteger),
    "avg": lambda of, _day, _today: cast(func.sum(of), Double) / func.count(of),
    "min": lambda of, _day, _today: func.min(of),
    "max": lambda of, _day, _today: func.max(of),
    "first": lambda _of, day, _today: func.min(day),
    "last": lambda _of, day, _today: func.max(day),
    "daysSince": lambda _of, day, today: literal(today) - func.max(day),
}
"""An aggregate of a column, the events' days, and today."""


def _double(number: float) -> ColumnElement[Any]:
    return cast(literal(float(number)), Double)
