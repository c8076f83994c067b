"""What react-querybuilder is set up with: the registry's fields and operators in its own words."""

from typing import Any, Final

from xsight_core.segments.fields import Basis, Field
from xsight_core.segments.operators import AGGREGATES, OPERATORS, Kind, Shape
from xsight_core.segments.registry import CUSTOMER, LINE, ORDER

__all__ = ["builder"]

_EDITORS: Final = {Kind.CHOICE: "select", Kind.FLAG: "checkbox"}
_INPUTS: Final = {
    Kind.COUNT: "number",
    Kind.NUMBER: "number",
    Kind.SHARE: "number",
    Kind.MONEY: "number",
    Kind.DATE: "date",
}


def builder(basis: Basis, *, personal: bool) -> dict[str, Any]:
    """Fields by scope; without the right to personal data those that name a person are left out, like missing data."""
    scopes = {"customer": CUSTOMER, "orders": ORDER, "products": LINE}
    return {
        "fields": {
            scope: [
                _field(field, ranked=scope == "customer")
                for field in fields.values()
                if field.needs not in basis.missing and (personal or not field.personal)
            ]
            for scope, fields in scopes.items()
        },
        "aggregates": [{"name": name, "label": label} for name, label in AGGREGATES.items()],
    }


def _field(field: Field, *, ranked: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        "group": field.group,
        "title": field.doc,
        "kind": field.kind.value,
        "operators": [
            {"name": operator.name, "label": operator.label, "shape": operator.shape.value}
            for operator in OPERATORS[field.kind].values()
            if ranked or operator.shape not in _RANKS
        ],
        "valueEditorType": _EDITORS.get(field.kind, "text"),
        "inputType": _INPUTS.get(field.kind, "text"),
        "defaultOperator": field.example.operator,
        "defaultValue": field.example.value,
    }
    if field.values:
        told["values"] = [
            {"name": value, "label": value.replace("_", " ").capitalize()} for value in field.values
        ]
    if field.aggregated:
        told["aggregated"] = True
    return told


_RANKS: Final = {Shape.RANK, Shape.DECILES, Shape.RANGE_OF_RANKS}
