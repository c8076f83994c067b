"""A rule as a typed tree, and the JSON it is exchanged as.

The JSON is react-querybuilder's rule group; what it has no form for stands in ``value`` as an object of ours: relative
dates, ranks within a base, events in a window, places, metafields, memberships.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from xsight_core.segments.dates import Relative, When, when_document
from xsight_core.segments.fields import Field

__all__ = [
    "VERSION",
    "Circle",
    "Event",
    "Group",
    "Joined",
    "Metafield",
    "Node",
    "Rank",
    "Rule",
    "Scalar",
    "Value",
    "document",
    "walk",
]

VERSION = 1
"""Of the rule language. Raised with a migration in ``versions.py``, never without."""

Scalar = bool | int | float | Decimal | str | date | Relative


@dataclass(frozen=True)
class Rank:
    """``numbers``: one for top and bottom, the tenths, or the two ends of a range; ``within``: among whom."""

    numbers: tuple[float, ...]
    within: "Group | None" = None


@dataclass(frozen=True)
class Event:
    """An aggregate of the orders or bought lines that match ``where`` in the window, compared with ``n``."""

    aggregate: str
    of: Field | None
    comparison: str
    n: tuple[Scalar, ...]
    where: "Group | None" = None
    since: When | None = None
    until: When | None = None


@dataclass(frozen=True)
class Circle:
    """A place and how far around it, in kilometres."""

    latitude: float
    longitude: float
    km: float


@dataclass(frozen=True)
class Metafield:
    """A customer's metafield compared with a value of the type that it is read as."""

    key: str  # namespace.key
    kind: Literal["text", "number", "date", "flag"]
    comparison: str
    n: tuple[Scalar, ...]


@dataclass(frozen=True)
class Joined:
    """Came into (or out of) a segment on or after a day."""

    segment: str
    since: When


Value = Scalar | tuple[Scalar, ...] | Rank | Event | Circle | Metafield | Joined | None


@dataclass(frozen=True)
class Rule:
    """One question about a customer (in ``where``: about an order or a bought line)."""

    field: Field
    operator: str
    value: Value
    path: str = attribute(default="", compare=False)


@dataclass(frozen=True)
class Group:
    """Rules joined by one word."""

    combinator: Literal["and", "or"]
    rules: "tuple[Node, ...]"
    negated: bool = False
    path: str = attribute(default="", compare=False)


Node = Group | Rule


def walk(node: Node) -> Iterator[Rule]:
    """Every rule of a tree, those within values too."""
    if isinstance(node, Group):
        for rule in node.rules:
            yield from walk(rule)
        return
    yield node
    inner = (
        node.value.where
        if isinstance(node.value, Event)
        else node.value.within
        if isinstance(node.value, Rank)
        else None
    )
    if inner is not None:
        yield from walk(inner)


def document(group: Group) -> dict[str, Any]:
    """The canonical JSON of a rule: reading it gives the same tree."""
    return {"v": VERSION} | _node(group)


def _node(node: Node) -> dict[str, Any]:
    if isinstance(node, Group):
        return {
            "combinator": node.combinator,
            "not": node.negated,
            "rules": [_node(rule) for rule in node.rules],
        }
    return {
        "field": node.field.name,
        "operator": node.operator,
        "value": _value(node.value, node.operator),
    }


def _value(value: Value, operator: str) -> Any:
    match value:
        case Rank():
            n = _ranks(operator, value.numbers)
            return n if value.within is None else {"n": n, "within": _node(value.within)}
        case tuple():
            return [_scalar(one) for one in value]
        case Event() | Circle() | Metafield() | Joined():
            return _object(value)
        case _:
            return _scalar(value)


def _object(value: Event | Circle | Metafield | Joined) -> dict[str, Any]:
    match value:
        case Event():
            return _event(value)
        case Circle():
            return {"latitude": value.latitude, "longitude": value.longitude, "km": value.km}
        case Metafield():
            return {"key": value.key, "type": value.kind, "cmp": value.comparison, "n": _n(value.n)}
        case Joined():
            return {"segment": value.segment, "since": when_document(value.since)}


def _ranks(operator: str, numbers: tuple[float, ...]) -> Any:
    several = operator in {"decile", "percentile"}
    return [_scalar(number) for number in numbers] if several else _scalar(numbers[0])


def _event(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {"agg": event.aggregate, "cmp": event.comparison, "n": _n(event.n)}
    if event.of is not None:
        told["of"] = event.of.name
    if event.where is not None:
        told["where"] = _node(event.where)
    window = {
        name: when_document(when)
        for name, when in (("from", event.since), ("to", event.until))
        if when is not None
    }
    return told | ({"window": window} if window else {})


def _n(n: tuple[Scalar, ...]) -> Any:
    return _scalar(n[0]) if len(n) == 1 else [_scalar(one) for one in n]


def _scalar(value: Scalar | None) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | Relative):
        return when_document(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
