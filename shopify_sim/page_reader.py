"""Connections: a `Page` shown as nodes, edges and pageInfo, whichever a document asks for."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from graphql import FieldNode, GraphQLSchema, SelectionSetNode, get_named_type

from shopify_sim.paging import Page
from shopify_sim.projection import Context, Read

__all__ = ["Compiling", "page_reader", "selection_sets"]

Path = tuple[str, ...]


class Compiling(Protocol):
    """The part of the compiler that is needed here."""

    schema: GraphQLSchema

    def collect(
        self, sets: Iterable[SelectionSetNode], kind: Any, into: dict[str, list[FieldNode]]
    ) -> dict[str, list[FieldNode]]: ...

    def selection(self, sets: list[SelectionSetNode], kind: Any, path: Path) -> Read: ...


def selection_sets(nodes: Iterable[FieldNode]) -> list[SelectionSetNode]:
    """Selections below fields that share a response key."""
    return [node.selection_set for node in nodes if node.selection_set]


def page_reader(
    compiler: Compiling, sets: list[SelectionSetNode], kind: Any, path: Path
) -> Callable[[Page, Context], dict[str, Any]]:
    """Reader of a page."""
    parts: list[tuple[str, Read]] = []
    for key, nodes in compiler.collect(sets, kind, {}).items():
        name, step = nodes[0].name.value, (*path, key)
        if name == "nodes":
            target = get_named_type(kind.fields["nodes"].type)
            parts.append((key, _nodes(compiler.selection(selection_sets(nodes), target, step))))
        elif name == "edges":
            parts.append((key, _edges(compiler, nodes, kind, step)))
        elif name == "pageInfo":
            parts.append((key, _page_info(compiler, nodes)))
        else:
            parts.append((key, lambda _page, _context: kind.name))
    return lambda page, context: {key: read(page, context) for key, read in parts}


def _nodes(read: Read) -> Read:
    return lambda page, context: [read(row, context) for row in page.rows]


def _edges(compiler: Compiling, nodes: list[FieldNode], kind: Any, path: Path) -> Read:
    edge = get_named_type(kind.fields["edges"].type)
    readers: list[tuple[str, Callable[[Any, str, Context], Any]]] = []
    for key, parts in compiler.collect(selection_sets(nodes), edge, {}).items():
        name = parts[0].name.value
        if name == "node":
            target = get_named_type(edge.fields["node"].type)
            read = compiler.selection(selection_sets(parts), target, (*path, key))
            readers.append((key, lambda row, _cursor, context, read=read: read(row, context)))
        elif name == "cursor":
            readers.append((key, lambda _row, cursor, _context: cursor))
        else:
            readers.append((key, lambda _row, _cursor, _context: edge.name))
    return lambda page, context: [
        {key: read(row, cursor, context) for key, read in readers}
        for row, cursor in zip(page.rows, page.cursors(), strict=True)
    ]


def _page_info(compiler: Compiling, nodes: list[FieldNode]) -> Read:
    kind = compiler.schema.type_map["PageInfo"]
    asked = compiler.collect(selection_sets(nodes), kind, {})
    names = {key: parts[0].name.value for key, parts in asked.items()}

    def read(page: Page, _context: Context) -> dict[str, Any]:
        cursors = page.cursors() or [None]
        found = {
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
            "startCursor": cursors[0],
            "endCursor": cursors[-1],
            "__typename": "PageInfo",
        }
        return {key: found[name] for key, name in names.items()}

    return read
