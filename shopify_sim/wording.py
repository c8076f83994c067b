"""Static errors in Shopify's (graphql-ruby's) words.

graphql-core decides whether a document is valid; only when it is not does this walk find the words, the path and
the location, which are Shopify's own and not graphql-core's. Recorded from real shops: undefinedField,
argumentNotAccepted, missingRequiredArguments, missingRequiredInputObjectAttribute, argumentLiteralsIncompatible,
selectionMismatch, variableNotUsed, PARSE_ERROR. The others are graphql-ruby's published wordings.
"""

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_enum_type,
    is_leaf_type,
    is_required_argument,
    is_union_type,
    parse,
    print_ast,
    specified_rules,
    validate,
)

from shopify_sim.literals import Literals

__all__ = ["Answered", "check", "locations"]

Answered = dict[str, Any]  # one entry of the `errors` list of an answer

# Shopify accepts one response key with different result types in different fragments,
# and a union field without selections.
RULES = [
    rule
    for rule in specified_rules
    if rule.__name__ not in ("OverlappingFieldsCanBeMergedRule", "ScalarLeafsRule")
]


def check(schema: GraphQLSchema, text: str) -> tuple[DocumentNode | None, list[Answered]]:
    """Parse and validate: the document (None: not even syntax) and its static errors."""
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        return None, [_syntax(error)]
    invalid = validate(schema, document, RULES)
    found = Walk(schema, document).run()
    if invalid and not found:
        found = [_untranslated(error) for error in invalid]
    return document, found


def locations(node: Node) -> list[dict[str, int]]:
    """Line and column where a node starts, as an answer shows it."""
    if node.loc is None:
        return []
    return [{"line": node.loc.start_token.line, "column": node.loc.start_token.column}]


def _syntax(error: GraphQLSyntaxError) -> Answered:
    where = (error.locations or [])[0]
    found = error.message.rpartition("found ")[2].rpartition("Unexpected ")[2].rstrip(".")
    what = "end of file" if "<EOF>" in found else found
    return {
        "message": f"syntax error, unexpected {what} at [{where.line}, {where.column}]",
        "locations": [{"line": where.line, "column": where.column}],
        "extensions": {"code": "PARSE_ERROR"},
    }


def _untranslated(error: GraphQLError) -> Answered:
    where = [{"line": at.line, "column": at.column} for at in error.locations or ()]
    return {
        "message": error.message,
        "locations": where,
        "path": [],
        "extensions": {"code": "invalid"},
    }


class Walk(Literals):
    """One pass over a document, collecting errors in the order Shopify lists them."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        """Start a walk of ``document``."""
        super().__init__(schema)
        self.document = document
        self.fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self.seen: set[str] = set()

    def run(self) -> list[Answered]:
        """Return all static errors; unused variables and fragments come last."""
        unused: list[Any] = []
        for node in self.document.definitions:
            if isinstance(node, OperationDefinitionNode):
                unused.extend(self._operation(node))
        for name, node, path in unused:
            message = f"Variable ${name} is declared by {self._name(node)} but not used"
            self.fail(message, node, path, code="variableNotUsed", variableName=name)
        for name, fragment in self.fragments.items():
            if name not in self.seen:
                message = f"Fragment {name} was defined, but not used"
                path = (f"fragment {name}",)
                self.fail(message, fragment, path, code="useAndDefineFragment", fragmentName=name)
        return self.errors

    @staticmethod
    def _name(node: OperationDefinitionNode) -> str:
        return node.name.value if node.name else f"anonymous {node.operation.value}"

    def _operation(self, node: OperationDefinitionNode) -> list[Any]:
        kind = node.operation.value
        path = (kind + (f" {node.name.value}" if node.name else ""),)
        roots = {"query": self.schema.query_type, "mutation": self.schema.mutation_type}
        self.used = set()
        self.declared = {v.variable.name.value: v for v in node.variable_definitions or ()}
        self.operation_name = self._name(node)
        if roots.get(kind) is not None:
            self._selections(node.selection_set, roots[kind], path)
        return [(name, node, path) for name in self.declared if name not in self.used]

    def _selections(self, selections: SelectionSetNode, parent: Any, path: tuple[str, ...]) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._field(node, parent, path)
            elif isinstance(node, InlineFragmentNode):
                self._inline(node, parent, path)
            else:
                self._spread(node, path)

    def _inline(self, node: InlineFragmentNode, parent: Any, path: tuple[str, ...]) -> None:
        name = node.type_condition.name.value if node.type_condition else parent.name
        step = (*path, f"... on {name}" if node.type_condition else "...")
        target = self.schema.type_map.get(name)
        if target is None:
            message = f"No such type {name}, so it can't be a fragment condition"
            self.fail(message, node, step, code="undefinedType", typeName=name)
        else:
            self._selections(node.selection_set, target, step)

    def _spread(self, node: Any, path: tuple[str, ...]) -> None:
        name = node.name.value
        fragment = self.fragments.get(name)
        if fragment is None:
            message = f"Fragment {name} was used, but not defined"
            step = (*path, f"... {name}")
            self.fail(message, node, step, code="useAndDefineFragment", fragmentName=name)
        elif name in self.seen:
            self._mark_used(fragment.selection_set)
        else:
            self.seen.add(name)
            target = self.schema.type_map.get(fragment.type_condition.name.value)
            if target is not None:
                self._selections(fragment.selection_set, target, (f"fragment {name}",))

    def _mark_used(self, selections: SelectionSetNode) -> None:
        for node in selections.selections:
            for argument in getattr(node, "arguments", ()) or ():
                self.collect(argument.value)
            if getattr(node, "selection_set", None):
                self._mark_used(node.selection_set)  # pyright: ignore[reportAttributeAccessIssue]

    def _field(self, node: FieldNode, parent: Any, path: tuple[str, ...]) -> None:
        name = node.name.value
        step = (*path, node.alias.value if node.alias else name)
        if name == "__typename":
            return
        field = getattr(parent, "fields", {}).get(name)
        if field is None:
            if not (name.startswith("__") and parent is self.schema.query_type):
                self._unknown_field(node, parent, step)
            return
        given = {argument.name.value for argument in node.arguments}
        required = [k for k, a in field.args.items() if is_required_argument(a) and k not in given]
        if required:
            names = ", ".join(required)
            message = f"Field '{name}' is missing required arguments: {names}"
            extra = {"className": "Field", "name": name, "arguments": names}
            self.fail(message, node, step, code="missingRequiredArguments", **extra)
        self._arguments(node, field, step)
        self._shape(node, get_named_type(field.type), step)

    def _unknown_field(self, node: FieldNode, parent: Any, path: tuple[str, ...]) -> None:
        name, kind = node.name.value, parent.name
        if is_union_type(parent):
            message = f"Selections can't be made directly on unions (see selections on {kind})"
            self.fail(message, node, path, code="selectionMismatch", nodeName=kind)
        else:
            message = f"Field '{name}' doesn't exist on type '{kind}'"
            self.fail(message, node, path, code="undefinedField", typeName=kind, fieldName=name)

    def _arguments(self, node: FieldNode, field: Any, path: tuple[str, ...]) -> None:
        name = node.name.value
        for argument in node.arguments:
            key = argument.name.value
            definition = field.args.get(key)
            if definition is None:  # its variables do not count as used
                message = f"Field '{name}' doesn't accept argument '{key}'"
                extra = {"name": name, "typeName": "Field", "argumentName": key}
                self.fail(message, argument, (*path, key), code="argumentNotAccepted", **extra)
            else:
                owner = ("Field", name, key)
                self.value(argument.value, definition.type, node, (*path, key), owner)
        known = {directive.name for directive in self.schema.directives}
        for directive in node.directives or ():
            label = directive.name.value
            if label not in known:
                message = f"Directive @{label} is not defined"
                extra = {"code": "undefinedDirective", "directiveName": label}
                self.fail(message, directive, path, **extra)
            for argument in directive.arguments:
                self.collect(argument.value)

    def _shape(self, node: FieldNode, target: Any, path: tuple[str, ...]) -> None:
        name = node.name.value
        extra = {"nodeName": f"field '{name}'", "typeName": target.name}
        if node.selection_set is None:
            if not is_leaf_type(target) and not is_union_type(target):
                hint = f"field '{name}' returns {target.name} but has no selections."
                message = f"Field must have selections ({hint} Did you mean '{name} {{ ... }}'?)"
                self.fail(message, node, path, code="selectionMismatch", **extra)
        elif is_leaf_type(target):
            kind = "enums" if is_enum_type(target) else "scalars"
            inner = [print_ast(s).split("{")[0].strip() for s in node.selection_set.selections]
            hint = f"field '{name}' returns {target.name} but has selections [{', '.join(inner)}]"
            message = f"Selections can't be made on {kind} ({hint})"
            self.fail(message, node, path, code="selectionMismatch", **extra)
        else:
            self._selections(node.selection_set, target, path)
