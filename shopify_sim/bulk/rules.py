"""What a bulk query may hold, with the user errors recorded from real shops."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from shopify_sim.wording import check

__all__ = ["MAX_BYTES", "UserError", "user_errors"]

MAX_BYTES = 65_535
MAX_CONNECTIONS = 5
MAX_DEPTH = 3  # levels of connections: "a nesting depth of 2"
UserError = dict[str, Any]


def user_errors(schema: GraphQLSchema, text: str) -> list[UserError]:
    """Why Shopify would not run this bulk query; empty when it would."""
    size = len(text.encode())
    if size > MAX_BYTES:
        return _invalid(f"Query is too large ({size} bytes; maximum is {MAX_BYTES} bytes)")
    document, errors = check(schema, text)
    if errors or document is None:
        words = errors[0]["message"].split(" at [")[0]
        return _invalid(f"Invalid bulk query: {words}")
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    if operation.operation.value != "query":
        return _invalid("Invalid operation type. Only `query` operations are supported.")
    return _Survey(schema, document).of(operation).errors()


def _invalid(message: str) -> list[UserError]:
    return [{"field": ["query"], "message": message, "code": "INVALID"}]


@dataclass
class _Survey:
    """What a walk over the connections of a query found."""

    schema: GraphQLSchema
    document: DocumentNode
    connections: int = 0
    depth: int = 0
    by_nodes: list[str] = field(default_factory=list)
    without_id: list[str] = field(default_factory=list)
    inside_list: bool = False
    top_level: str | None = None

    def of(self, operation: OperationDefinitionNode) -> "_Survey":
        self.fragments = {
            d.name.value: d
            for d in self.document.definitions
            if isinstance(d, FragmentDefinitionNode)
        }
        self._walk(operation.selection_set, self.schema.query_type, 0, inside_list=False)
        return self

    def errors(self) -> list[UserError]:
        """What is wrong at the top, or else the first of the other rules that is broken."""
        top: list[UserError] = []
        if self.top_level:
            top += _invalid(f"Bulk queries cannot contain a top level `{self.top_level}` field.")
        if not self.connections:
            top += _invalid("Bulk queries must contain at least one connection.")
        return top or next((_invalid(words) for broken, words in self._rules() if broken), [])

    def _rules(self) -> Iterator[tuple[bool, str]]:
        example = f"'{self.by_nodes[0]} {{ edges {{ node {{'" if self.by_nodes else ""
        words = (
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', "
            f"e.g: {example}. Selecting via 'nodes' is not supported. "
            f"Invalid connection fields: '{', '.join(self.by_nodes)}'."
        )
        yield bool(self.by_nodes), words
        yield (
            self.connections > MAX_CONNECTIONS,
            "Bulk queries cannot contain more than 5 connections.",
        )
        yield (
            self.depth > MAX_DEPTH,
            "Bulk queries cannot contain connections with a nesting depth greater than 2.",
        )
        words = (
            "The parent 'node' field for a nested connection must select the 'id' field without an alias "
            "and must be of 'ID' return type. Connection fields without 'id': "
            f"{', '.join(self.without_id)}."
        )
        yield bool(self.without_id), words
        yield (
            self.inside_list,
            "Queries that contain a connection field within a list field are not currently supported.",
        )

    def _flat(self, selections: SelectionSetNode, kind: Any) -> Iterator[tuple[FieldNode, Any]]:
        """Fields with the type they are selected on, fragments opened."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node, kind
                continue
            body: Any = node
            if not isinstance(node, InlineFragmentNode):
                body = self.fragments[node.name.value]  # pyright: ignore[reportAttributeAccessIssue]
            condition = body.type_condition
            target = self.schema.type_map[condition.name.value] if condition else kind
            yield from self._flat(body.selection_set, target)

    def _walk(
        self, selections: SelectionSetNode, kind: Any, depth: int, *, inside_list: bool
    ) -> None:
        for node, owner in self._flat(selections, kind):
            name = node.name.value
            if node.selection_set is None or name not in getattr(owner, "fields", {}):
                continue
            if owner is self.schema.query_type and name in ("node", "nodes"):
                self.top_level = name
            declared = owner.fields[name].type
            target = get_named_type(declared)
            if target.name.endswith("Connection"):
                self._connection(node, target, depth + 1, inside_list=inside_list)
            else:
                listed = inside_list or is_list_type(get_nullable_type(declared))
                self._walk(node.selection_set, target, depth, inside_list=listed)

    def _connection(self, node: FieldNode, kind: Any, depth: int, *, inside_list: bool) -> None:
        self.connections += 1
        self.depth = max(self.depth, depth)
        self.inside_list |= inside_list
        for part, _ in self._flat(_selections(node), kind):
            if part.name.value == "nodes":
                self.by_nodes.append(node.name.value)
            if part.name.value != "edges":
                continue
            edge = get_named_type(kind.fields["edges"].type)
            for inner, _ in self._flat(_selections(part), edge):
                if inner.name.value == "node":
                    target = get_named_type(edge.fields["node"].type)
                    self._node(node, inner, target, depth)

    def _node(self, connection: FieldNode, node: FieldNode, kind: Any, depth: int) -> None:
        fields = list(self._flat(_selections(node), kind))
        nested = [
            field
            for field, owner in fields
            if field.name.value in getattr(owner, "fields", {})
            and get_named_type(owner.fields[field.name.value].type).name.endswith("Connection")
        ]
        named = any(field.name.value == "id" and not field.alias for field, _ in fields)
        if nested and not named:
            self.without_id.append(connection.name.value)
        self._walk(_selections(node), kind, depth, inside_list=False)


def _selections(node: FieldNode) -> SelectionSetNode:
    return node.selection_set or SelectionSetNode(selections=())
