"""The language's JSON Schema, made from the registry: ``python -m xsight_core.segments.schema`` writes the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from xsight_core.segments.fields import Field
from xsight_core.segments.operators import AGGREGATES, COMPARISONS, OPERATORS, Kind, Shape
from xsight_core.segments.registry import CUSTOMER, LINE, ORDER
from xsight_core.segments.rules import VERSION
from xsight_core.segments.values import MOST_TEXT, MOST_VALUES

__all__ = ["FILE", "schema"]

FILE: Final = Path(__file__).with_name("rule.schema.json")

_Json = dict[str, Any]

_RANKED: Final = {Shape.RANK, Shape.DECILES, Shape.RANGE_OF_RANKS}
_OFFSET: Final = (
    r"^([+-]\d{1,5}[dwmqy]|today|yesterday|tomorrow|start-of-(week|month|quarter|year))$"
)
_WINDOW: Final[_Json] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"from": {"$ref": "#/$defs/date"}, "to": {"$ref": "#/$defs/date"}},
}
_SCALARS: Final[dict[Kind, str]] = {
    Kind.COUNT: "whole",
    Kind.NUMBER: "number",
    Kind.SHARE: "number",
    Kind.MONEY: "number",
    Kind.DATE: "date",
    Kind.TEXT: "text",
    Kind.LABELS: "text",
    Kind.FLAG: "flag",
    Kind.ID: "id",
    Kind.IDS: "id",
    Kind.SEGMENT: "segment",
}


def schema() -> _Json:
    """JSON Schema (2020-12) of a rule of this version."""
    scopes: dict[str, Mapping[str, Field]] = {"customer": CUSTOMER, "order": ORDER, "line": LINE}
    defs: dict[str, _Json] = dict(_DEFS)
    for name, fields in scopes.items():
        defs[f"{name}_group"] = _group(name)
        defs[f"{name}_rule"] = _rule(name, fields)
    root = _group("customer")
    root["properties"] = {"v": {"const": VERSION}} | root["properties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"XSight segment rule, version {VERSION}",
        "description": "react-querybuilder's rule group; docs/segments.md explains every field and operator.",
        **root,
        "$defs": defs,
    }


def _group(scope: str) -> _Json:
    node = {
        "if": {"required": ["rules"]},
        "then": {"$ref": f"#/$defs/{scope}_group"},
        "else": {"$ref": f"#/$defs/{scope}_rule"},
    }
    return {
        "type": "object",
        "required": ["combinator", "rules"],
        "additionalProperties": False,
        "properties": {
            "combinator": {"enum": ["and", "or"]},
            "not": {"type": "boolean"},
            "rules": {"type": "array", "minItems": 1, "items": node},
            "id": {},
            "path": {},
        },
    }


def _rule(scope: str, fields: Mapping[str, Field]) -> _Json:
    """A rule: its field says which operators there are, its operator what the value is."""
    alike: dict[str, list[Field]] = {}
    for field in fields.values():
        own = field.kind in {Kind.CHOICE, Kind.EVENT}
        alike.setdefault(field.name if own else field.kind, []).append(field)
    return {
        "type": "object",
        "required": ["field", "operator"],
        "additionalProperties": False,
        "properties": {
            "field": {"enum": list(fields)},
            "operator": {"type": "string"},
            "value": {},
            "id": {},
            "path": {},
            "valueSource": {"const": "value"},
        },
        "allOf": [
            {"if": _is("field", [field.name for field in same]), "then": _asked(same[0], scope)}
            for same in alike.values()
        ],
    }


def _is(key: str, values: list[str]) -> _Json:
    return {"properties": {key: {"enum": values}}}


def _asked(field: Field, scope: str) -> _Json:
    by_shape: dict[Shape, list[str]] = {}
    for operator in OPERATORS[field.kind].values():
        if scope == "customer" or operator.shape not in _RANKED:
            by_shape.setdefault(operator.shape, []).append(operator.name)
    known = [name for names in by_shape.values() for name in names]
    return _is("operator", known) | {
        "allOf": [
            {
                "if": _is("operator", names),
                "then": {"properties": {"value": _value(field, shape)}}
                | ({} if shape is Shape.NOTHING else {"required": ["value"]}),
            }
            for shape, names in by_shape.items()
        ]
    }


def _value(field: Field, shape: Shape) -> _Json:
    if shape is Shape.NOTHING:
        return {"enum": [None, ""]}
    if shape is Shape.OWN:
        return {"$ref": f"#/$defs/{field.name if field.kind is Kind.EVENT else field.kind.value}"}
    if shape in _RANKED:
        return {"$ref": f"#/$defs/{shape.name.lower()}"}
    one: _Json = (
        {"enum": list(field.values)}
        if field.kind is Kind.CHOICE
        else {"$ref": f"#/$defs/{_SCALARS[field.kind]}"}
    )
    if shape is Shape.ONE:
        return one
    if shape is Shape.TWO:
        return {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
    return {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_VALUES}


def _object(required: _Json, **optional: Any) -> _Json:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": required | optional,
    }


def _within(n: _Json) -> _Json:
    object_ = _object({"n": n}, within={"$ref": "#/$defs/customer_group"})
    return {"if": {"type": "object"}, "then": object_, "else": n}


def _event(scope: str, fields: Mapping[str, Field]) -> _Json:
    return _object(
        {
            "agg": {"enum": list(AGGREGATES)},
            "cmp": {"enum": list(COMPARISONS)},
            "n": {"$ref": "#/$defs/n"},
        },
        of={"enum": [field.name for field in fields.values() if field.aggregated]},
        where={"$ref": f"#/$defs/{scope}_group"},
        window=_WINDOW,
    )


def _pair(one: _Json) -> _Json:
    return {"type": "array", "items": one, "minItems": 2, "maxItems": 2}


_NUMBER: Final[_Json] = {"type": "number"}
_SCALAR: Final[_Json] = {
    "anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("number", "date", "text", "flag")]
}
_DEFS: Final[dict[str, _Json]] = {
    "whole": {"type": "integer"},
    "number": _NUMBER,
    "text": {"type": "string", "minLength": 1, "maxLength": MOST_TEXT},
    "flag": {"type": "boolean"},
    "id": {
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^\d{1,19}$"}]
    },
    "segment": {"type": "string", "minLength": 32, "maxLength": 45},
    "date": {
        "anyOf": [
            {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
            _object({"rel": {"type": "string", "pattern": _OFFSET}}, tz={"const": "shop"}),
        ]
    },
    "n": {"anyOf": [_SCALAR, _pair(_SCALAR)]},
    "rank": _within({"type": "number", "exclusiveMinimum": 0}),
    "deciles": _within(
        {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 10}, "minItems": 1}
    ),
    "range_of_ranks": _within(_pair({"type": "number", "minimum": 0, "maximum": 100})),
    "orders": _event("order", ORDER),
    "products": _event("line", LINE),
    "distance": _object(
        {
            "latitude": {"type": "number", "minimum": -90, "maximum": 90},
            "longitude": {"type": "number", "minimum": -180, "maximum": 180},
            "km": {"type": "number", "exclusiveMinimum": 0},
        }
    ),
    "membership": _object(
        {"segment": {"$ref": "#/$defs/segment"}, "since": {"$ref": "#/$defs/date"}}
    ),
    "metafield": _object(
        {
            "key": {"type": "string"},
            "type": {"enum": ["text", "number", "date", "flag"]},
            "cmp": {"enum": list(COMPARISONS)},
            "n": {"$ref": "#/$defs/n"},
        }
    ),
}


if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
