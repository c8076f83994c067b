"""A rule of ours as Shopify's query: exactly, or by a tag that stands for the segment.

Shopify has no ``NOT`` on a group and at most ten clauses, so a negation is pushed down to the clauses; where one has no
exact opposite (a date that is not known is neither before nor after), the opposite becomes two clauses.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from xsight_core.segments.dates import Relative
from xsight_core.segments.operators import NEGATED, Kind
from xsight_core.segments.reading import Problem
from xsight_core.segments.rules import Event, Group, Node, Rule, Scalar
from xsight_core.segments.shopify_import import CONTAINED, PLAIN
from xsight_core.segments.shopify_query import (
    Clause,
    Function,
    Joined,
    Offset,
    Query,
    Value,
    join,
    show,
)

__all__ = ["MOST_CLAUSES", "Export", "tag_of", "to_query"]

MOST_CLAUSES: Final = 10

_ATTRIBUTES: Final = {field: name for name, field in PLAIN.items()}
_SETS: Final = {field: name for name, field in CONTAINED.items()}
_FLIPPED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_ALWAYS_KNOWN: Final = {"shopify_spent", "shopify_orders", "created"}
_PARAMETERS: Final = {
    "orders": ("orders_placed", {"date": "date", "total": "amount"}, "sum_amount"),
    "products": (
        "products_purchased",
        {"date": "date", "product": "id", "product_tag": "tag"},
        "sum_quantity",
    ),
}
_SUMMED: Final = {"orders": "total", "products": "quantity"}


@dataclass(frozen=True)
class Export:
    """``exact``: the query finds the same customers; otherwise it asks for the tag, and ``reasons`` say why."""

    query: str
    exact: bool
    reasons: tuple[Problem, ...] = ()


class _NotExact(Exception):
    def __init__(self, rule: Node, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(rule.path, message)


def tag_of(segment: str) -> str:
    """The tag that stands for a segment in Shopify, whose tags have at most 40 characters."""
    return f"xsight:seg-{segment[:18]}"


def to_query(rule: Group, segment: str) -> Export:
    """The query for a rule, or for the tag of the segment that it is saved as."""
    try:
        return Export(show(_within_limit(rule, _query(rule, negated=False))), exact=True)
    except _NotExact as no:
        tagged = Clause("customer_tags", "CONTAINS", (tag_of(segment),))
        return Export(show(tagged), exact=False, reasons=(no.problem,))


def _within_limit(rule: Group, query: Query) -> Query:
    count = _clauses(query)
    if count > MOST_CLAUSES:
        raise _NotExact(rule, f"Shopify takes {MOST_CLAUSES} clauses; this rule makes {count}.")
    return query


def _clauses(query: Query) -> int:
    return sum(map(_clauses, query.parts)) if isinstance(query, Joined) else 1


def _query(node: Node, *, negated: bool) -> Query:
    if isinstance(node, Rule):
        return _rule(node, negated=negated)
    negated ^= node.negated
    word = "AND" if (node.combinator == "and") != negated else "OR"
    return join(word, [_query(rule, negated=negated) for rule in node.rules])


def _rule(rule: Rule, *, negated: bool) -> Query:
    operator = NEGATED.get(rule.operator, rule.operator)
    negated ^= operator != rule.operator
    name = rule.field.name
    if name in _ATTRIBUTES:
        return _plain(rule, _ATTRIBUTES[name], operator, negated=negated)
    if name in _SETS:
        return _contained(rule, _SETS[name], operator, negated=negated)
    if isinstance(rule.value, Event):
        return _event(rule, rule.value, negated=negated)
    raise _NotExact(rule, f"Shopify knows nothing of “{rule.field.label}”.")


def _plain(  # noqa: PLR0911 - one answer an operator
    rule: Rule, name: str, operator: str, *, negated: bool
) -> Query:
    if operator == "null":
        return Clause(name, "NOT NULL" if negated else "NULL")
    values = _values(rule, rule.value)
    if operator == "in":
        each: list[Query] = [Clause(name, "!=" if negated else "=", (value,)) for value in values]
        return join("AND" if negated else "OR", each)
    if operator == "=":
        return Clause(name, "!=" if negated else "=", values)
    unknown: list[Query] = [] if rule.field.name in _ALWAYS_KNOWN else [Clause(name, "NULL")]
    if operator == "between":
        if not negated:
            return Clause(name, "BETWEEN", values)
        outside: list[Query] = [Clause(name, "<", values[:1]), Clause(name, ">", values[1:])]
        return join("OR", outside + unknown)
    if operator not in _FLIPPED:
        raise _NotExact(
            rule, f"Shopify cannot ask whether “{rule.field.label}” {operator} something."
        )
    if not negated:
        return Clause(name, operator, values)
    return join("OR", [Clause(name, _FLIPPED[operator], values), *unknown])


def _contained(rule: Rule, name: str, operator: str, *, negated: bool) -> Query:
    if operator == "null":
        return Clause(name, "NOT NULL" if negated else "NULL")
    one = "contains" if rule.field.kind is Kind.LABELS else "="
    if operator not in {one, "in", "all"}:
        raise _NotExact(
            rule, f"Shopify cannot ask whether “{rule.field.label}” {operator} something."
        )
    word = "NOT CONTAINS" if negated else "CONTAINS"
    each: list[Query] = [Clause(name, word, (value,)) for value in _values(rule, rule.value)]
    return join("AND" if (operator == "all") != negated else "OR", each)


def _values(rule: Rule, value: Any) -> tuple[Value, ...]:
    values = cast("tuple[Scalar, ...]", value if isinstance(value, tuple) else (value,))
    return tuple(_value(rule, one) for one in values)


def _value(rule: Rule, value: Scalar) -> Value:
    match value:
        case Relative():
            return _offset(rule, value.text)
        case float():
            return Decimal(str(value))
        case Decimal() if value == value.to_integral_value():
            return int(value)
        case date() | Decimal() | bool() | int() | str():
            return value


def _offset(rule: Rule, text: str) -> Offset:
    if text in {"today", "yesterday"}:
        return Offset(text)
    if text == "tomorrow":
        return Offset("+1d")
    if text.startswith("start-of"):
        raise _NotExact(rule, f"Shopify has no relative date for {text}.")
    if text.endswith("q"):
        return Offset(f"{text[0]}{int(text[1:-1]) * 3}m")
    return Offset(text)


def _event(rule: Rule, event: Event, *, negated: bool) -> Function:
    name, known, summed = _PARAMETERS[rule.field.name]
    parameters = _filters(rule, event, known)
    names = [parameter.name for parameter in parameters]
    if len(set(names)) < len(names):
        raise _NotExact(rule, "Shopify takes each parameter of a function once.")
    if event.aggregate == "count":
        aggregate = "count"
    elif event.aggregate == "sum" and event.of and event.of.name == _SUMMED[rule.field.name]:
        aggregate = summed
    else:
        raise _NotExact(rule, f"Shopify has no {event.aggregate} here.")
    operator, values, opposite = _compared(rule, event)
    if (aggregate, operator, values) != ("count", ">=", (1,)):
        parameters.append(Clause(aggregate, operator, values))
    return Function(name, tuple(parameters), negated=negated != opposite)


def _compared(rule: Rule, event: Event) -> tuple[str, tuple[Value, ...], bool]:
    """A comparison that is false of nothing, and whether it is the opposite of what was asked."""
    operator = NEGATED.get(event.comparison, event.comparison)
    opposite = operator != event.comparison
    n: Any = _values(rule, event.n)
    counted = event.aggregate == "count"
    if operator in {"<", "<="} and (n[0] > 0 or (operator == "<=" and n[0] == 0)):
        operator, opposite = _FLIPPED[operator], not opposite
    if counted and operator == "=" and n[0] == 0:
        operator, n, opposite = ">=", (1,), not opposite
    if counted and operator == "between" and n[0] <= 0 <= n[1]:
        operator, n, opposite = ">", n[1:], not opposite
    if counted and operator == ">" and n[0] == 0:
        operator, n = ">=", (1,)
    holds = {
        "=": n[0] == 0,
        ">": n[0] < 0,
        ">=": n[0] <= 0,
        "<": n[0] > 0,
        "<=": n[0] >= 0,
        "between": n[0] <= 0 <= n[-1],
    }
    if holds[operator]:
        raise _NotExact(rule, "Shopify does not say whether customers without an order are meant.")
    return ("BETWEEN" if operator == "between" else operator), n, opposite


def _filters(rule: Rule, event: Event, known: dict[str, str]) -> list[Clause]:
    found: list[Clause] = []
    where = event.where
    if where is not None and (where.negated or (where.combinator == "or" and len(where.rules) > 1)):
        raise _NotExact(where, "Within a function Shopify joins by AND only.")
    for one in where.rules if where is not None else ():
        if not isinstance(one, Rule) or one.field.name not in known:
            raise _NotExact(one, "Shopify’s function has no parameter for this.")
        found.append(_filter(one, known[one.field.name]))
    since = None if event.since is None else _value(rule, event.since)
    until = None if event.until is None else _value(rule, event.until)
    if since is not None and until is not None:
        found.append(Clause("date", "BETWEEN", (since, until)))
    elif since is not None:
        found.append(Clause("date", ">=", (since,)))
    elif until is not None:
        found.append(Clause("date", "<=", (until,)))
    return found


def _filter(rule: Rule, parameter: str) -> Clause:
    operators = {"between": "BETWEEN"} | {sign: sign for sign in ("=", "!=", "<", "<=", ">", ">=")}
    if parameter == "tag":
        operators = {"contains": "="}
    elif parameter == "id":
        operators = {"=": "=", "in": "IN"}  # of a line without a product Shopify says nothing
    elif parameter == "date":
        operators["!="] = "!="
    if rule.operator not in operators:
        raise _NotExact(rule, f"Shopify’s {parameter} cannot be asked this way.")
    return Clause(parameter, operators[rule.operator], _values(rule, rule.value))
