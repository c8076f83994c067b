"""What can be asked of a field, by its kind: one table for reading, schema, builder, both back ends and docs.

Every operator has an exact complement: where a customer has no value, the positive form is false and the negated one
true. Only so do ``not`` on a group, De Morgan and Shopify's ``NOT`` mean the same everywhere.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["AGGREGATES", "COMPARISONS", "NEGATED", "OPERATORS", "Kind", "Operator", "Shape"]


class Kind(StrEnum):
    """What a field's value is."""

    COUNT = "count"  # a whole number
    NUMBER = "number"
    SHARE = "share"  # 0.25 is a quarter
    MONEY = "money"  # the shop's currency, in major units
    DATE = "date"  # a day of the shop's calendar
    TEXT = "text"  # compared without regard to case
    CHOICE = "choice"  # one of a fixed list
    LABELS = "labels"  # any number of texts: tags
    FLAG = "flag"
    ID = "id"  # Shopify's number
    IDS = "ids"  # any number of them
    SEGMENT = "segment"
    MEMBERSHIP = "membership"
    EVENT = "event"
    DISTANCE = "distance"
    METAFIELD = "metafield"


class Shape(StrEnum):
    """What stands in ``value``."""

    NOTHING = "nothing"
    ONE = "one"
    TWO = "two"
    MANY = "many"
    RANK = "rank"
    DECILES = "deciles"
    RANGE_OF_RANKS = "range of ranks"
    OWN = "own"  # the kind's own object


@dataclass(frozen=True)
class Operator:
    """``negates``: the operator this one is the exact complement of."""

    name: str
    label: str
    shape: Shape
    negates: str | None = None


def _table(*rows: tuple[str, str, Shape, str | None]) -> dict[str, Operator]:
    return {name: Operator(name, label, shape, negates) for name, label, shape, negates in rows}


_EQUAL: Final = _table(
    ("=", "is", Shape.ONE, None),
    ("!=", "is not", Shape.ONE, "="),
)
_ORDER: Final = _table(
    ("<", "is less than", Shape.ONE, None),
    ("<=", "is at most", Shape.ONE, None),
    (">", "is more than", Shape.ONE, None),
    (">=", "is at least", Shape.ONE, None),
    ("between", "is between", Shape.TWO, None),
    ("notBetween", "is not between", Shape.TWO, "between"),
)
_DATES: Final = _table(
    ("<", "is before", Shape.ONE, None),
    ("<=", "is on or before", Shape.ONE, None),
    (">", "is after", Shape.ONE, None),
    (">=", "is on or after", Shape.ONE, None),
    ("between", "is between", Shape.TWO, None),
    ("notBetween", "is not between", Shape.TWO, "between"),
)
_NULL: Final = _table(
    ("null", "is not known", Shape.NOTHING, None),
    ("notNull", "is known", Shape.NOTHING, "null"),
)
_LIST: Final = _table(
    ("in", "is any of", Shape.MANY, None),
    ("notIn", "is none of", Shape.MANY, "in"),
)
_PARTS: Final = _table(
    ("contains", "contains", Shape.ONE, None),
    ("doesNotContain", "does not contain", Shape.ONE, "contains"),
    ("beginsWith", "begins with", Shape.ONE, None),
    ("doesNotBeginWith", "does not begin with", Shape.ONE, "beginsWith"),
    ("endsWith", "ends with", Shape.ONE, None),
    ("doesNotEndWith", "does not end with", Shape.ONE, "endsWith"),
)
_LABELS: Final = _table(
    ("contains", "include", Shape.ONE, None),
    ("doesNotContain", "do not include", Shape.ONE, "contains"),
    ("in", "include any of", Shape.MANY, None),
    ("notIn", "include none of", Shape.MANY, "in"),
    ("all", "include all of", Shape.MANY, None),
    ("notAll", "do not include all of", Shape.MANY, "all"),
    ("beginsWith", "include one that begins with", Shape.ONE, None),
    ("doesNotBeginWith", "include none that begins with", Shape.ONE, "beginsWith"),
    ("null", "are none at all", Shape.NOTHING, None),
    ("notNull", "are one or more", Shape.NOTHING, "null"),
)
_RANKS: Final = _table(
    ("topPercent", "is in the top percent", Shape.RANK, None),
    ("bottomPercent", "is in the bottom percent", Shape.RANK, None),
    ("topN", "is among the highest", Shape.RANK, None),
    ("bottomN", "is among the lowest", Shape.RANK, None),
    ("decile", "is in the tenths", Shape.DECILES, None),
    ("percentile", "is between the percentiles", Shape.RANGE_OF_RANKS, None),
)
_MATCHES: Final = _table(
    ("matches", "match", Shape.OWN, None),
    ("doesNotMatch", "do not match", Shape.OWN, "matches"),
)
_NUMBERS: Final = _EQUAL | _ORDER | _NULL | _RANKS

OPERATORS: Final[dict[Kind, dict[str, Operator]]] = {
    Kind.COUNT: _NUMBERS,
    Kind.NUMBER: _NUMBERS,
    Kind.SHARE: _NUMBERS,
    Kind.MONEY: _NUMBERS,
    Kind.DATE: _EQUAL | _DATES | _NULL,
    Kind.TEXT: _EQUAL | _LIST | _PARTS | _NULL,
    Kind.CHOICE: _EQUAL | _LIST | _NULL,
    Kind.LABELS: _LABELS,
    Kind.FLAG: _EQUAL,
    Kind.ID: _EQUAL | _LIST | _NULL,
    Kind.IDS: {name: _LABELS[name] for name in _LABELS if not name.endswith("With")},
    Kind.SEGMENT: _LIST,
    Kind.MEMBERSHIP: _MATCHES,
    Kind.EVENT: _MATCHES,
    Kind.DISTANCE: _MATCHES,
    Kind.METAFIELD: _MATCHES,
}

NEGATED: Final[dict[str, str]] = {
    operator.name: operator.negates
    for table in OPERATORS.values()
    for operator in table.values()
    if operator.negates
}
"""From an operator to the one it is the complement of: back ends know the positive ones only."""

COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=", "between", "notBetween")
"""What an aggregate can be compared by."""

AGGREGATES: Final[dict[str, str]] = {
    "count": "how many",
    "sum": "the sum of",
    "avg": "the average of",
    "min": "the least",
    "max": "the most",
    "first": "the day of the first",
    "last": "the day of the last",
    "daysSince": "days since the last",
}
