"""JSONL of a bulk query: roots in the order of ids, children after their parent with ``__parentId`` last."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from graphql import FieldNode, OperationDefinitionNode, get_named_type, is_abstract_type, parse

from shopify_sim.access import denier
from shopify_sim.connections import CUSTOMERS, ORDERS, PRODUCTS, Look
from shopify_sim.installation import covers
from shopify_sim.projector import Compiler, Context
from shopify_sim.schema import AdminSchema

if TYPE_CHECKING:
    from shopify_sim.installation import Installation
    from shopify_sim.shop import Shop

__all__ = ["BulkDenied", "BulkWriter"]

ROOTS = {resource.root: resource for resource in (ORDERS, CUSTOMERS, PRODUCTS)}


class BulkDenied(Exception):  # noqa: N818 - an outcome of the operation
    """The token may not read what the query asks."""


class BulkWriter:
    """Writer of one query over one shop."""

    def __init__(
        self,
        shop: "Shop",
        installation: "Installation",
        schema: AdminSchema,
        query: str,
        *,
        group: bool,
    ) -> None:
        """Compile the query; BulkDenied when a scope is missing."""
        self.shop, self.installation, self.group = shop, installation, group
        document = parse(query)
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        self.context = Context(shop, installation, schema, shop.clock.now())
        denied = denier(schema, installation.scopes)
        self.compiler = Compiler(schema.graphql, document, operation, {}, denied)
        self.schema = schema
        query_type = schema.graphql.query_type
        ((_, (self.root, *_)),) = self.compiler.collect([operation.selection_set], query_type, {}).items()
        if denied(query_type, self.root.name.value):
            raise BulkDenied(self.root.name.value)
        self.read = self._rows(self.root, query_type)

    def slices(self, size: int) -> Iterator[tuple[str, int, int]]:
        """Text of ``size`` roots at a time, with the numbers of roots and of all objects in it."""
        resource = ROOTS.get(self.root.name.value)
        if resource is None:
            return
        args = {a.name.value: getattr(a.value, "value", None) for a in self.root.arguments}
        look = Look(
            frozenset(self.schema.search_fields(resource.root)),
            not covers(self.installation.scopes, "read_all_orders"),
        )
        rows = self.shop.shelves.matching(resource, args.get("query") or "", look)
        for start in range(0, len(rows), size):
            made = resource.rows(self.shop.store, np.asarray(rows[start : start + size]))
            parents: list[str] = []
            children: list[str] = []
            for row in made:
                self.read(row, None, parents, parents if self.group else children)
            lines = parents + children
            yield "".join(lines), len(made), len(lines)

    def _rows(self, node: FieldNode, owner: Any) -> Any:
        """Function that writes a row of a connection and the rows below it."""
        kind = get_named_type(owner.fields[node.name.value].type)
        edge = get_named_type(kind.fields["edges"].type)
        target = get_named_type(edge.fields["node"].type)
        sets = [node.selection_set for node in self._inside(node, kind, edge) if node.selection_set]
        below: list[tuple[str, Any]] = []
        if is_abstract_type(target):
            read = self.compiler.selection(sets, target, ())
        else:
            fields = self.compiler.collect(sets, target, {})
            for key, (first, *_) in list(fields.items()):
                name = first.name.value
                if name in target.fields and _is_connection(target.fields[name].type):
                    below.append((name, self._rows(first, target)))
                    del fields[key]
            reads = [(key, self.compiler.field(nodes, target, (key,))) for key, nodes in fields.items()]

            def read(row: dict[str, Any], context: Context) -> dict[str, Any]:
                return {key: read(row, context) for key, read in reads}

        def write(row: dict[str, Any], parent: str | None, own: list[str], children: list[str]) -> None:
            shown = read(row, self.context)
            if parent is not None:
                shown["__parentId"] = parent
            own.append(orjson.dumps(shown).decode().replace("/", "\\/") + "\n")
            for name, inner in below:
                for child in row.get(name) or ():
                    inner(child, row["id"], children, children)

        return write

    def _inside(self, node: FieldNode, kind: Any, edge: Any) -> list[FieldNode]:
        sets = [node.selection_set] if node.selection_set else []
        edges = self.compiler.collect(sets, kind, {}).get("edges", [])
        inner = [part.selection_set for part in edges if part.selection_set]
        return self.compiler.collect(inner, edge, {}).get("node", [])


def _is_connection(kind: Any) -> bool:
    return get_named_type(kind).name.endswith("Connection")
