"""From JSON to the typed tree. Everything wrong with a rule is told at once, each thing at its place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from xsight_core.errors import InvalidInput
from xsight_core.segments.dates import When, WrongValue, read_when
from xsight_core.segments.fields import Field
from xsight_core.segments.operators import AGGREGATES, COMPARISONS, OPERATORS, Kind, Shape
from xsight_core.segments.registry import CUSTOMER, LINE, ORDER
from xsight_core.segments.rules import (
    Event,
    Group,
    Metafield,
    Node,
    Rank,
    Rule,
    Scalar,
    Value,
    walk,
)
from xsight_core.segments.values import (
    NUMERIC,
    read_circle,
    read_joined,
    read_keys,
    read_many,
    read_scalar,
    read_two,
)
from xsight_core.segments.versions import current

__all__ = ["MOST_DEPTH", "MOST_RULES", "InvalidRule", "Problem", "read_rule"]

MOST_DEPTH: Final = 8
MOST_RULES: Final = 200

_KEY = re.compile(r"[A-Za-z0-9_-]{2,255}\.[A-Za-z0-9_-]{2,64}")
_GROUP_KEYS: Final = {"combinator", "rules", "not", "id", "path", "v"}
_RULE_KEYS: Final = {"field", "operator", "value", "id", "path", "valueSource"}


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: ``rules[2].rules[0].value``."""

    path: str
    message: str


class InvalidRule(InvalidInput):
    """A rule that cannot be used; ``problems`` lists everything that is wrong with it."""

    code = "invalid_rule"

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        super().__init__(first.path, first.message)
        self.problems = tuple(problems)


def read_rule(document: object) -> Group:
    """The tree of a rule's JSON, of this version or an earlier one; ``InvalidRule`` names every problem."""
    reader = _Reader()
    group = reader.group(current(document), "", CUSTOMER, 1)
    if group is not None and not reader.problems:
        count = sum(1 for _ in walk(group))
        if count > MOST_RULES:
            reader.problems.append(
                Problem("rules", f"A rule has at most {MOST_RULES} conditions, not {count}.")
            )
    if group is None or reader.problems:
        raise InvalidRule(reader.problems)
    return group


class _Reader:
    """Collects problems; what could not be read is None."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def _wrong(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def group(
        self, value: object, path: str, fields: Mapping[str, Field], depth: int
    ) -> Group | None:
        """A group, or None with the reason noted."""
        if not isinstance(value, dict):
            return self._wrong(path, "A group of rules is due here: combinator and rules.")
        told = cast("dict[str, Any]", value)
        if depth > MOST_DEPTH:
            return self._wrong(path, f"Groups nest at most {MOST_DEPTH} deep.")
        for key in sorted(set(told) - _GROUP_KEYS):
            self._wrong(_at(path, key), f"{key!r} means nothing in a group.")
        combinator, negated, rules = (
            told.get("combinator"),
            told.get("not", False),
            told.get("rules"),
        )
        if combinator not in ("and", "or"):
            self._wrong(_at(path, "combinator"), "Rules are joined by and, or or.")
        if not isinstance(negated, bool):
            self._wrong(_at(path, "not"), "not is true or false.")
        if not isinstance(rules, list) or not rules:
            return self._wrong(_at(path, "rules"), "A group needs at least one rule.")
        nodes = [
            self._node(node, _at(path, f"rules[{i}]"), fields, depth)
            for i, node in enumerate(cast("list[Any]", rules))
        ]
        read = [node for node in nodes if node is not None]
        if len(read) < len(nodes) or self.problems:
            return None
        return Group(cast("Any", combinator), tuple(read), cast("bool", negated), path)

    def _node(self, value: Any, path: str, fields: Mapping[str, Field], depth: int) -> Node | None:
        if not isinstance(value, dict):
            return self._wrong(path, "A rule is an object with field, operator and value.")
        told = cast("dict[str, Any]", value)
        if "rules" in told:
            return self.group(told, path, fields, depth + 1)
        return self._rule(told, path, fields, depth)

    def _rule(
        self, told: dict[str, Any], path: str, fields: Mapping[str, Field], depth: int
    ) -> Rule | None:
        for key in sorted(set(told) - _RULE_KEYS):
            self._wrong(_at(path, key), f"{key!r} means nothing in a rule.")
        if told.get("valueSource", "value") != "value":
            self._wrong(
                _at(path, "valueSource"), "A field is compared with a value, not with a field."
            )
        name, operator = told.get("field"), told.get("operator")
        field = fields.get(name) if isinstance(name, str) else None
        if field is None:
            return self._wrong(_at(path, "field"), f"There is no field {name!r} here.")
        known = OPERATORS[field.kind]
        if not isinstance(operator, str) or operator not in known:
            return self._wrong(
                _at(path, "operator"), f"{field.label} takes {', '.join(known)}, not {operator!r}."
            )
        shape = known[operator].shape
        if shape in _RANKED and field.scope != "customer":
            return self._wrong(
                _at(path, "operator"), "Only customers are ranked, not orders or lines."
            )
        before = len(self.problems)
        value = self._value(field, shape, operator, told.get("value"), _at(path, "value"), depth)
        return Rule(field, operator, value, path) if len(self.problems) == before else None

    def _value(
        self, field: Field, shape: Shape, operator: str, value: Any, path: str, depth: int
    ) -> Value:
        if shape is Shape.NOTHING:
            return (
                None if value in {None, ""} else self._wrong(path, "This operator takes no value.")
            )
        if shape in _RANKED:
            return self._rank(shape, operator, value, path, depth)
        if field.kind is Kind.EVENT:
            return self._event(field, value, path, depth)
        return self._read(path, lambda: _PLAIN[shape, field.kind is Kind.METAFIELD](field, value))

    def _read(self, path: str, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except WrongValue as wrong:
            return self._wrong(path, str(wrong))

    def _rank(self, shape: Shape, operator: str, value: Any, path: str, depth: int) -> Rank | None:
        within = None
        if isinstance(value, dict):
            told = self._read(path, lambda: read_keys(value, must={"n"}, may={"within"}))
            if told is None:
                return None
            if "within" in told:
                within = self.group(told["within"], _at(path, "within"), CUSTOMER, depth + 1)
            value, path = told["n"], _at(path, "n")
        numbers = self._read(path, lambda: _rank_numbers(shape, operator, value))
        return None if numbers is None else Rank(numbers, within)

    def _event(self, field: Field, value: Any, path: str, depth: int) -> Event | None:
        told = self._read(
            path, lambda: read_keys(value, must={"agg", "cmp", "n"}, may={"of", "where", "window"})
        )
        if told is None:
            return None
        scope = ORDER if field.name == "orders" else LINE
        aggregate, comparison = told["agg"], told["cmp"]
        if not isinstance(aggregate, str) or aggregate not in AGGREGATES:
            return self._wrong(_at(path, "agg"), f"An aggregate is one of {', '.join(AGGREGATES)}.")
        if comparison not in COMPARISONS:
            return self._wrong(_at(path, "cmp"), f"Aggregates compare by {', '.join(COMPARISONS)}.")
        of = self._summed(aggregate, told.get("of"), scope, _at(path, "of"))
        where = None
        if "where" in told:
            where = self.group(told["where"], _at(path, "where"), scope, depth + 1)
        ends = self._window(told.get("window", {}), _at(path, "window"))
        n = self._read(
            _at(path, "n"), lambda: _read_n(_measure(aggregate, of), comparison, told["n"])
        )
        if n is None:
            return None
        return Event(aggregate, of, comparison, n, where, ends.get("from"), ends.get("to"))

    def _window(self, value: Any, path: str) -> dict[str, When]:
        window: dict[str, Any] = (
            self._read(path, lambda: read_keys(value, must=set(), may={"from", "to"})) or {}
        )
        ends: dict[str, When] = {}
        for end, when in window.items():
            ends[end] = self._read(_at(path, end), partial(read_when, when))
        return ends

    def _summed(
        self, aggregate: str, name: object, scope: Mapping[str, Field], path: str
    ) -> Field | None:
        """What is added up; None where an aggregate counts or dates."""
        if aggregate not in _OF_SOMETHING:
            if name is not None:
                self._wrong(path, f"{aggregate} is of the orders themselves: leave this out.")
            return None
        known = [field.name for field in scope.values() if field.aggregated]
        if name not in known:
            self._wrong(path, f"{aggregate} is of one of {', '.join(known)}.")
            return None
        return scope[cast("str", name)]


_RANKED: Final = {Shape.RANK, Shape.DECILES, Shape.RANGE_OF_RANKS}
_OF_SOMETHING: Final = {"sum", "avg", "min", "max"}
_TENTHS: Final = 10
_WHOLE: Final = 100.0
_MOST_N: Final = 10**9


def _measure(aggregate: str, of: Field | None) -> Kind:
    """What kind of number an aggregate is."""
    if aggregate in {"first", "last"}:
        return Kind.DATE
    if of is None:
        return Kind.COUNT
    return Kind.NUMBER if aggregate == "avg" and of.kind is Kind.COUNT else of.kind


def _read_n(kind: Kind, comparison: str, value: Any) -> tuple[Scalar, ...]:
    """What an aggregate is compared with."""
    stand_in = _STAND_INS[kind]
    if comparison in {"between", "notBetween"}:
        return read_two(stand_in, value)
    return (read_scalar(stand_in, value),)


def _rank_numbers(shape: Shape, operator: str, value: Any) -> tuple[float, ...]:
    stand_in = _STAND_INS[Kind.NUMBER]
    if shape is Shape.DECILES:
        tenths = read_many(_STAND_INS[Kind.COUNT], value)
        if not all(1 <= cast("int", tenth) <= _TENTHS for tenth in tenths):
            raise WrongValue("Tenths go from 1, the lowest, to 10, the highest.")
        return cast("tuple[float, ...]", tuple(sorted(cast("Any", tenths))))
    if shape is Shape.RANGE_OF_RANKS:
        ends = cast("tuple[float, ...]", read_two(stand_in, value))
        if not 0 <= ends[0] <= ends[1] <= _WHOLE:
            raise WrongValue("Percentiles go from 0 to 100.")
        return ends
    if operator.endswith("N"):
        n = cast("int", read_scalar(_STAND_INS[Kind.COUNT], value))
        if not 1 <= n <= _MOST_N:
            raise WrongValue("How many: at least 1.")
        return (n,)
    percent = cast("float", read_scalar(stand_in, value))
    if not 0 < percent <= _WHOLE:
        raise WrongValue("A percentage is more than 0 and at most 100.")
    return (percent,)


def _metafield(_: Field, value: Any) -> Metafield:
    told = read_keys(value, must={"key", "type", "cmp", "n"})
    if not isinstance(told["key"], str) or not _KEY.fullmatch(told["key"]):
        raise WrongValue("A metafield is named namespace.key.")
    kinds = {"text": Kind.TEXT, "number": Kind.NUMBER, "date": Kind.DATE, "flag": Kind.FLAG}
    if not isinstance(told["type"], str) or told["type"] not in kinds:
        raise WrongValue(f"A metafield is read as one of {', '.join(kinds)}.")
    plain = told["type"] in {"text", "flag"}
    allowed = ("=", "!=") if plain else COMPARISONS
    if told["cmp"] not in allowed:
        raise WrongValue(f"A metafield of this type compares by {', '.join(allowed)}.")
    n = _read_n(kinds[told["type"]], told["cmp"], told["n"])
    return Metafield(told["key"], cast("Any", told["type"]), told["cmp"], n)


def _own(field: Field, value: Any) -> Value:
    return read_circle(value) if field.kind is Kind.DISTANCE else read_joined(value)


_PLAIN: Final[dict[tuple[Shape, bool], Callable[[Field, Any], Value]]] = {
    (Shape.ONE, False): read_scalar,
    (Shape.TWO, False): read_two,
    (Shape.MANY, False): read_many,
    (Shape.OWN, False): _own,
    (Shape.OWN, True): _metafield,
}

_STAND_INS: Final[dict[Kind, Field]] = {
    kind: next(field for field in (CUSTOMER | ORDER | LINE).values() if field.kind is kind)
    for kind in (*NUMERIC, Kind.DATE, Kind.TEXT, Kind.FLAG)
}
"""A field of each plain kind: reading a bare value asks for its kind only."""


def _at(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part
