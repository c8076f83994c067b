"""A rule as a sentence in plain English."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, cast

from xsight_core.segments.dates import Relative, When
from xsight_core.segments.operators import AGGREGATES, OPERATORS, Kind, Shape
from xsight_core.segments.rules import (
    Circle,
    Event,
    Group,
    Joined,
    Metafield,
    Node,
    Rank,
    Rule,
    Scalar,
)

__all__ = ["sentence"]

_UNITS: Final = {"d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}
_COMPARED: Final = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "between": "is between",
    "notBetween": "is not between",
}
_DAYS: Final = _COMPARED | {"<": "is before", "<=": "is by", ">": "is after", ">=": "is since"}
_RANKED: Final = {
    "topPercent": "is in the top {} %",
    "bottomPercent": "is in the bottom {} %",
    "topN": "is among the highest {}",
    "bottomN": "is among the lowest {}",
}


def sentence(rule: Group, names: Mapping[str, str] | None = None) -> str:
    """«Customers where orders is at least 2, and …»; ``names``: what segments are called, by id.

    >>> from xsight_core.segments import read_rule
    >>> recent = {"field": "last_order", "operator": ">=", "value": {"rel": "-30d"}}
    >>> often = {"field": "orders_count", "operator": ">=", "value": 2}
    >>> sentence(read_rule({"combinator": "and", "not": True, "rules": [recent, often]}))
    'Customers where not (last order is on or after 30 days ago and orders is at least 2).'
    """
    return f"Customers where {_Words(names or {}).node(rule, outer=True)}."


def _low(label: str) -> str:
    """A label within a sentence; RFM and CLV stay as they are."""
    return label if label[:2].isupper() else label[0].lower() + label[1:]


class _Words:
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def node(self, node: Node, *, outer: bool = False) -> str:
        if isinstance(node, Rule):
            return self.rule(node)
        said = f" {node.combinator} ".join(self.node(one) for one in node.rules)
        if node.negated:
            return f"not ({said})"
        return said if outer or len(node.rules) == 1 else f"({said})"

    def rule(self, rule: Rule) -> str:
        value, label = rule.value, _low(rule.field.label)
        operator = OPERATORS[rule.field.kind][rule.operator]
        match value:
            case Event():
                return self.event(value, rule)
            case Rank():
                return f"{label} {self.rank(rule.operator, value)}"
            case Circle():
                negative = "not " if rule.operator == "doesNotMatch" else ""
                return f"the address is {negative}within {value.km:g} km of {value.latitude:g}, {value.longitude:g}"
            case Metafield():
                said = _COMPARED[value.comparison]
                negative = "it is not so that " if rule.operator == "doesNotMatch" else ""
                return f"{negative}metafield {value.key} {said} {_listed(value.n, 'and')}"
            case Joined():
                negative = "did not " if rule.operator == "doesNotMatch" else ""
                verb = {"entered": "came into", "left": "left"}[rule.field.name]
                return (
                    f"who {negative}{verb} “{self.name(value.segment)}” since {_when(value.since)}"
                )
            case _:
                return self.plain(rule, label, operator.label, operator.shape)

    def plain(self, rule: Rule, label: str, said: str, shape: Shape) -> str:
        value: Any = rule.value
        if shape is Shape.NOTHING:
            return f"{label} {said}"
        if rule.field.kind is Kind.SEGMENT:
            listed = " or ".join(f"“{self.name(one)}”" for one in value)
            return f"{'not ' if rule.operator == 'notIn' else ''}in {listed}"
        if rule.field.kind is Kind.FLAG:
            return f"{label} {said} {'true' if value else 'false'}"
        many = cast("tuple[Scalar, ...]", value if isinstance(value, tuple) else (value,))
        return f"{label} {said} {_listed(many, 'and' if shape is Shape.TWO else 'or')}"

    def rank(self, operator: str, rank: Rank) -> str:
        numbers = [f"{number:g}" for number in rank.numbers]
        if operator == "decile":
            said = f"is in tenth {' or '.join(numbers)} of 10"
        elif operator == "percentile":
            said = f"is between the percentiles {numbers[0]} and {numbers[1]}"
        else:
            said = _RANKED[operator].format(numbers[0])
        return said if rank.within is None else f"{said} of those where {self.node(rank.within)}"

    def event(self, event: Event, rule: Rule) -> str:
        what = "orders" if rule.field.name == "orders" else "orders with bought lines"
        words = AGGREGATES[event.aggregate]
        subject = (
            f"the number of {what}"
            if event.aggregate == "count"
            else f"{words} {event.of.label.lower()} over {what}"
            if event.of is not None
            else f"{words} of {what}"
            if event.aggregate in {"first", "last"}
            else f"{words} of the {what}"
        )
        said = _DAYS if event.aggregate in {"first", "last"} else _COMPARED
        parts = [subject]
        if event.where is not None:
            parts.append(f"where {self.node(event.where)}")
        if event.since is not None:
            parts.append(f"since {_when(event.since)}")
        if event.until is not None:
            parts.append(f"until {_when(event.until)}")
        parts.append(f"{said[event.comparison]} {_listed(event.n, 'and')}")
        negative = "it is not so that " if rule.operator == "doesNotMatch" else ""
        return negative + " ".join(parts)

    def name(self, segment: str) -> str:
        return self.names.get(segment, segment)


def _listed(values: tuple[Scalar, ...], word: str) -> str:
    said = [_scalar(value) for value in values]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {word} {said[-1]}"


def _scalar(value: Scalar) -> str:
    if isinstance(value, date | Relative):
        return _when(value)
    return f"“{value}”" if isinstance(value, str) else str(value)


def _when(when: When) -> str:
    if isinstance(when, date):
        return when.isoformat()
    text = when.text
    if text[0] not in "+-":
        return text.replace("start-of-", "the start of this ")
    number, unit = int(text[1:-1]), _UNITS[text[-1]]
    said = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{said} ago" if text[0] == "-" else f"{said} from now"
