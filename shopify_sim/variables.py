"""Variables of a request: INVALID_VARIABLE in Shopify's words."""

from typing import Any

from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    type_from_ast,
)

from shopify_sim.literals import GLOBAL_ID
from shopify_sim.wording import Answered, locations

__all__ = ["check_variables"]

Problem = dict[str, Any]
Path = tuple[str | int, ...]

_COERCIBLE: dict[str, tuple[type, ...]] = {
    "Int": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
    "String": (str,),
}


def check_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: dict[str, Any]
) -> list[Answered]:
    """Errors of the values given for the operation's variables."""
    answered: list[Answered] = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind = type_from_ast(schema, definition.type)
        optional = definition.default_value is not None or not is_non_null_type(kind)
        if kind is None or (name not in given and optional):
            continue
        problems = _problems(given.get(name), kind, ())
        if problems:
            where = [
                f"{'.'.join(map(str, p['path']))} ({p['explanation']})"
                for p in problems
                if p["path"]
            ]
            message = f"Variable ${name} of type {kind} was provided invalid value"
            message += f" for {', '.join(where)}" if where else ""
            extensions = {
                "code": "INVALID_VARIABLE",
                "value": given.get(name),
                "problems": problems,
            }
            place = locations(definition)
            answered.append({"message": message, "locations": place, "extensions": extensions})
    return answered


def _problems(value: Any, kind: Any, path: Path) -> list[Problem]:
    if value is None:
        missing = _problem(path, "Expected value to not be null")
        return [missing] if is_non_null_type(kind) else []
    kind = get_nullable_type(kind)
    if is_list_type(kind):
        if not isinstance(value, list):
            return _problems(value, kind.of_type, path)
        return [p for i, x in enumerate(value) for p in _problems(x, kind.of_type, (*path, i))]
    if is_input_object_type(kind):
        return _object_problems(value, kind, path)
    return _leaf_problems(value, kind, path)


def _object_problems(value: Any, kind: Any, path: Path) -> list[Problem]:
    if not isinstance(value, dict):
        return [_problem(path, f"Expected {value!r} to be a key-value object.")]
    unknown = f"Field is not defined on {kind.name}"
    found = [_problem((*path, name), unknown) for name in value if name not in kind.fields]
    for name, field in kind.fields.items():
        if name in value or is_required_input_field(field):
            found += _problems(value.get(name), field.type, (*path, name))
    return found


def _leaf_problems(value: Any, kind: Any, path: Path) -> list[Problem]:
    if is_enum_type(kind):
        if value in kind.values:
            return []
        return [_problem(path, f'Expected "{value}" to be one of: {", ".join(kind.values)}')]
    if kind.name == "ID":
        if isinstance(value, str) and GLOBAL_ID.match(value):
            return []
        why = f"Invalid global id '{value}'"
        return [_problem(path, why) | {"message": why}]
    wanted = _COERCIBLE.get(kind.name)
    if wanted is None or type(value) in wanted:
        return []
    shown = f"{value!r}".replace("'", '"')
    return [_problem(path, f"Could not coerce value {shown} to {kind.name}")]


def _problem(path: Path, explanation: str) -> Problem:
    return {"path": list(path), "explanation": explanation}
