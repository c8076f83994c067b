"""The reference part of ``docs/segments.md``, made from the registry: ``python -m xsight_core.segments.reference``.

Every line of JSON in it is a rule that a test executes.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from xsight_core.segments.dates import FORMS
from xsight_core.segments.fields import Field
from xsight_core.segments.operators import AGGREGATES, COMPARISONS, OPERATORS, Kind, Operator, Shape
from xsight_core.segments.registry import CUSTOMER, LINE, ORDER

__all__ = ["BEGIN", "FILE", "reference", "written"]

FILE: Final = Path(__file__).parents[2] / "docs" / "segments.md"
BEGIN: Final = "<!-- from here on made by `python -m xsight_core.segments.reference` -->\n"

_Json = dict[str, Any]

_TYPICAL: Final[dict[Kind, str]] = {
    Kind.COUNT: "orders_count",
    Kind.NUMBER: "overdue",
    Kind.SHARE: "discount_share",
    Kind.MONEY: "net",
    Kind.DATE: "last_order",
    Kind.TEXT: "country",
    Kind.CHOICE: "account",
    Kind.LABELS: "tags",
    Kind.FLAG: "has_email",
    Kind.ID: "customer_id",
    Kind.IDS: "collection",
}
_VALUES: Final[dict[Kind, tuple[Any, ...]]] = {
    Kind.COUNT: (2, 5),
    Kind.NUMBER: (1, 2.5),
    Kind.SHARE: (0.1, 0.5),
    Kind.MONEY: (50, 199.5),
    Kind.DATE: ("2026-01-01", {"rel": "-30d"}),
    Kind.TEXT: ("US", "DE"),
    Kind.CHOICE: ("ENABLED", "INVITED"),
    Kind.LABELS: ("vip", "wholesale"),
    Kind.FLAG: (True, False),
    Kind.ID: (1001, 1002),
    Kind.IDS: (8001, 8002),
}
_RANKS: Final[dict[str, Any]] = {
    "topPercent": 10,
    "bottomPercent": 25,
    "topN": {
        "n": 100,
        "within": {
            "combinator": "and",
            "rules": [{"field": "country", "operator": "=", "value": "US"}],
        },
    },
    "bottomN": 50,
    "decile": [9, 10],
    "percentile": [40, 60],
}


def written(text: str) -> str:
    """The document with its reference brought up to date."""
    return text.partition(BEGIN)[0] + BEGIN + reference()


def reference() -> str:
    """Fields, operators, relative dates and events, each with examples."""
    return "\n".join(
        [
            "",
            *_fields("What can be asked of a customer", CUSTOMER),
            *_fields("Of an order (`where` of `orders`)", ORDER),
            *_fields("Of a bought line (`where` of `products`)", LINE),
            "## Operators by kind",
            "",
            *(line for kind in _TYPICAL for line in _kind(kind)),
            "## Relative dates",
            "",
            "| form | meaning |",
            "|---|---|",
            *(f"| `{form}` | {meaning} |" for form, meaning in FORMS.items()),
            "",
            *_block(
                {"field": "created", "operator": ">=", "value": {"rel": form}} for form in FORMS
            ),
            "## Aggregates and comparisons of events",
            "",
            *_block(_events()),
        ]
    )


def _fields(title: str, fields: Mapping[str, Field]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| field | kind | what it is |"
    yield "|---|---|---|"
    for field in fields.values():
        notes = [
            "personal" if field.personal else "",
            f"needs {field.needs}" if field.needs else "",
            "can be summed" if field.aggregated else "",
        ]
        said = "; ".join(note for note in notes if note)
        yield f"| `{field.name}` | {field.kind} | {field.doc}{f' ({said})' if said else ''} |"
    yield ""
    yield from _block(_placed(field) for field in fields.values() if field.kind is not Kind.SEGMENT)


def _placed(field: Field) -> _Json:
    rule = {"field": field.name, "operator": field.example.operator, "value": field.example.value}
    if field.scope == "customer":
        return rule
    return _within(rule, "orders" if field.scope == "order" else "products")


def _within(rule: _Json, event: str) -> _Json:
    where = {"combinator": "and", "rules": [rule]}
    return {
        "field": event,
        "operator": "matches",
        "value": {"agg": "count", "cmp": ">=", "n": 1, "where": where},
    }


def _kind(kind: Kind) -> Iterator[str]:
    name = _TYPICAL[kind]
    yield f"### {kind}"
    yield ""
    yield from (f"* `{operator.name}`: {operator.label}" for operator in OPERATORS[kind].values())
    yield ""
    rules = (
        {"field": name, "operator": operator.name, "value": _example(kind, operator)}
        for operator in OPERATORS[kind].values()
    )
    yield from _block(rule if name in CUSTOMER else _within(rule, "products") for rule in rules)


def _example(kind: Kind, operator: Operator) -> Any:
    first, second = _VALUES[kind]
    match operator.shape:
        case Shape.NOTHING:
            return None
        case Shape.ONE:
            return first
        case Shape.TWO | Shape.MANY:
            return [first, second]
        case _:
            return _RANKS[operator.name]


def _events() -> Iterator[_Json]:
    for aggregate in AGGREGATES:
        summed = {"of": "net"} if aggregate in {"sum", "avg", "min", "max"} else {}
        n: Any = {"rel": "-90d"} if aggregate in {"first", "last"} else 2
        told = {"agg": aggregate, "cmp": ">=", "n": n} | summed
        yield {"field": "orders", "operator": "matches", "value": told}
    for comparison in COMPARISONS:
        n = [1, 3] if comparison.endswith("etween") else 2
        window = {"from": {"rel": "-6m"}, "to": {"rel": "yesterday"}}
        told = {"agg": "sum", "of": "quantity", "cmp": comparison, "n": n, "window": window}
        yield {"field": "products", "operator": "matches", "value": told}


def _block(rules: Iterator[_Json] | Any) -> Iterator[str]:
    yield "```json"
    yield from (json.dumps(rule, ensure_ascii=False) for rule in rules)
    yield "```"
    yield ""


if __name__ == "__main__":
    FILE.write_text(written(FILE.read_text(encoding="utf-8")), encoding="utf-8")
