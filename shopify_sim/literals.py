"""Literals and variables in argument positions: what Shopify says when they do not fit."""

import re
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    print_ast,
    type_from_ast,
)
from graphql.utilities import is_type_sub_type_of

__all__ = ["GLOBAL_ID", "Literals"]

GLOBAL_ID = re.compile(r"gid://shopify/\w+/[^\s]+$")

_FITTING: dict[str, tuple[type[Node], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "Boolean": (BooleanValueNode,),
    "String": (StringValueNode,),
    "ID": (StringValueNode, IntValueNode),
}

Owner = tuple[str, str, str]  # "Field" or "InputObject", its name, the argument's name


class Literals:
    """The part of the static walk that looks at values."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Start with no errors and no operation."""
        self.schema = schema
        self.errors: list[dict[str, Any]] = []
        self.used: set[str] = set()
        self.declared: dict[str, Any] = {}
        self.operation_name = ""

    def fail(self, message: str, node: Node, path: tuple[str, ...], **extensions: Any) -> None:
        """Add an error at ``node``."""
        start = node.loc.start_token if node.loc else None
        where = [{"line": start.line, "column": start.column}] if start else []
        entry = {"message": message, "locations": where, "path": list(path)}
        self.errors.append({**entry, "extensions": extensions})

    def collect(self, node: Any) -> None:
        """Mark every variable below a value as used."""
        if isinstance(node, VariableNode):
            self.used.add(node.name.value)
        for inner in getattr(node, "values", ()) or ():
            self.collect(inner)
        for inner in getattr(node, "fields", ()) or ():
            self.collect(inner.value)

    def value(
        self, node: Any, kind: Any, parent: Node, path: tuple[str, ...], owner: Owner
    ) -> None:
        """Check one value against the type of its argument."""
        if isinstance(node, VariableNode):
            self._variable(node, kind, parent, path, owner)
            return
        if isinstance(node, NullValueNode):
            if is_non_null_type(kind):
                self._misfit(node, kind, parent, path, owner)
            return
        bare = get_nullable_type(kind)
        if is_list_type(bare):
            self._list(node, bare, parent, path, owner)
        elif is_input_object_type(bare):
            self._object(node, bare, parent, path, owner)
        elif not _fits(node, bare):
            self._misfit(node, kind, parent, path, owner)
        else:
            self._global_id(node, bare, parent, path)

    def _misfit(
        self, node: Any, kind: Any, parent: Node, path: tuple[str, ...], owner: Owner
    ) -> None:
        what, name, argument = owner
        text = f"has an invalid value ({print_ast(node)}). Expected type '{kind}'."
        extra = {"typeName": what, "argumentName": argument}
        message = f"Argument '{argument}' on {what} '{name}' {text}"
        self.fail(message, parent, path, code="argumentLiteralsIncompatible", **extra)

    def _global_id(self, node: Any, kind: Any, parent: Node, path: tuple[str, ...]) -> None:
        if (
            kind.name == "ID"
            and isinstance(node, StringValueNode)
            and not GLOBAL_ID.match(node.value)
        ):
            extra = {"code": "argumentLiteralsIncompatible", "typeName": "CoercionError"}
            self.fail(f"Invalid global id '{node.value}'", parent, path, **extra)

    def _list(
        self, node: Any, kind: Any, parent: Node, path: tuple[str, ...], owner: Owner
    ) -> None:
        items = node.values if isinstance(node, ListValueNode) else [node]
        inner = get_named_type(kind)
        if is_input_object_type(inner):
            for item in items:
                self.value(item, kind.of_type, parent, path, owner)
        elif not all(_fits(item, inner) for item in items):
            self._misfit(node, kind, parent, path, owner)
        else:
            for item in items:
                self._global_id(item, inner, parent, path)
            self.collect(node)

    def _object(
        self, node: Any, kind: Any, parent: Node, path: tuple[str, ...], owner: Owner
    ) -> None:
        if not isinstance(node, ObjectValueNode):
            self._misfit(node, kind, parent, path, owner)
            return
        given = {field.name.value: field for field in node.fields}
        for name, field in kind.fields.items():
            if name not in given and is_required_input_field(field):
                message = f"Argument '{name}' on InputObject '{kind.name}' is required."
                message += f" Expected type {field.type}"
                extra = {"argumentType": str(field.type), "inputObjectType": kind.name}
                extra = {
                    "code": "missingRequiredInputObjectAttribute",
                    "argumentName": name,
                    **extra,
                }
                self.fail(message, node, (*path, name), **extra)
        for name, field in given.items():
            step = (*path, name)
            if name in kind.fields:
                owned = ("InputObject", kind.name, name)
                self.value(field.value, kind.fields[name].type, node, step, owned)
            else:
                message = f"InputObject '{kind.name}' doesn't accept argument '{name}'"
                extra = {"name": kind.name, "typeName": "InputObject", "argumentName": name}
                self.fail(message, field, step, code="argumentNotAccepted", **extra)

    def _variable(
        self, node: VariableNode, kind: Any, parent: Node, path: tuple[str, ...], owner: Owner
    ) -> None:
        name = node.name.value
        self.used.add(name)
        declared = self.declared.get(name)
        if declared is None:
            message = f"Variable ${name} is used by {self.operation_name} but not declared"
            self.fail(message, node, path[:-1], code="variableNotDefined", variableName=name)
            return
        given = type_from_ast(self.schema, declared.type)
        if given is None or (declared.default_value is not None and not is_non_null_type(given)):
            return
        if not is_type_sub_type_of(self.schema, given, kind):
            why = _mismatch(given, kind)
            extra = {"variableName": name, "typeName": str(given), "argumentName": owner[2]}
            message = (
                f"{why} mismatch on variable ${name} and argument {owner[2]} ({given} / {kind})"
            )
            extra["errorMessage"] = f"{why} mismatch"
            self.fail(message, parent, path[:-1], code="variableMismatch", **extra)


def _mismatch(given: Any, wanted: Any) -> str:
    if get_named_type(given) is not get_named_type(wanted):
        return "Type"
    return "Nullability" if str(given).strip("!") == str(wanted).strip("!") else "List dimension"


def _fits(node: Any, kind: Any) -> bool:
    if isinstance(node, VariableNode):
        return True
    if is_enum_type(kind):
        return isinstance(node, EnumValueNode) and node.value in kind.values
    if kind.name in _FITTING:
        return isinstance(node, _FITTING[kind.name])
    return kind.name == "JSON" or not isinstance(node, ObjectValueNode | ListValueNode)
