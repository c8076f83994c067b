"""JSONL of a bulk query: roots in the order of ids, children after their parent with ``__parentId`` last."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    OperationDefinitionNode,
    StringValueNode,
    get_named_type,
    is_abstract_type,
    parse,
)

from shopify_sim.access import denier
from shopify_sim.bulk.templates import BulkDenied, Template, to_json
from shopify_sim.columns import CustomerBatch, LineBatch, OrderBatch
from shopify_sim.connections import CUSTOMERS, ORDERS, PRODUCTS, Look
from shopify_sim.faces import gid
from shopify_sim.fields import CUSTOMER, LINE, ORDER
from shopify_sim.installation import covers
from shopify_sim.metafields import metafield_rows
from shopify_sim.projection import Context
from shopify_sim.projector import Compiler
from shopify_sim.schema import AdminSchema

if TYPE_CHECKING:
    from shopify_sim.installation import Installation
    from shopify_sim.shop import Shop

__all__ = ["BulkDenied", "BulkWriter"]

ROOTS = {resource.root: resource for resource in (ORDERS, CUSTOMERS, PRODUCTS)}
COLUMNS = {"orders": (ORDER, OrderBatch), "customers": (CUSTOMER, CustomerBatch)}


@dataclass
class Level:
    """One connection: the fields of its nodes and the connections below."""

    name: str
    kind: Any
    fields: dict[str, list[FieldNode]]
    below: list["Level"]
    read: Any  # projector's reader of a node
    keys: tuple[str, ...] = ()  # of metafields


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
        """Compile the query."""
        self.shop, self.group, self.schema = shop, group, schema
        document: DocumentNode = parse(query)
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        self.context = Context(shop, installation, schema, shop.clock.now())
        denied = denier(schema, installation.scopes)
        self.compiler = Compiler(schema.graphql, document, operation, {}, denied)
        top = self.compiler.collect([operation.selection_set], schema.graphql.query_type, {})
        self.root = next(iter(top.values()))[0]
        self.denied = denied(schema.graphql.query_type, self.root.name.value) is not None
        self.level = self._level(self.root, schema.graphql.query_type)
        self.all_orders = covers(installation.scopes, "read_all_orders")

    def slices(self, size: int) -> Iterator[tuple[str, int, int]]:
        """Text of ``size`` roots at a time, with the numbers of roots and of all objects in it."""
        if self.denied:
            raise BulkDenied(self.root.name.value)
        resource = ROOTS.get(self.level.name)
        if resource is None:
            return
        arguments = {a.name.value: getattr(a.value, "value", None) for a in self.root.arguments}
        look = Look(frozenset(self.schema.search_fields(resource.root)), not self.all_orders)
        rows = self.shop.shelves.matching(resource, arguments.get("query") or "", look)
        write = self._by_columns() or self._by_rows(resource)
        for start in range(0, len(rows), size):
            chosen = rows[start : start + size]
            roots, children = write(chosen)
            if self.context.errors:
                raise BulkDenied(self.context.errors[0]["message"])
            count = len(roots) + sum(map(len, children))
            yield "".join(self._arranged(roots, children)), len(chosen), count

    def _arranged(self, roots: list[str], children: list[list[str]]) -> Iterator[str]:
        """Grouped: children right behind their parent; else behind all parents of the slice."""
        if not self.group:
            yield from roots
            for own in children:
                yield from own
            return
        for root, own in zip(roots, children, strict=True):
            yield root
            yield from own

    def _level(self, node: FieldNode, owner: Any) -> Level:
        connection = get_named_type(owner.fields[node.name.value].type)
        edge = get_named_type(connection.fields["edges"].type)
        kind = get_named_type(edge.fields["node"].type)
        sets = [node.selection_set] if node.selection_set else []
        edges = self.compiler.collect(sets, connection, {}).get("edges", [])
        inner = [part.selection_set for part in edges if part.selection_set]
        nodes = self.compiler.collect(inner, edge, {}).get("node", [])
        sets = [part.selection_set for part in nodes if part.selection_set]
        name = node.name.value
        if is_abstract_type(kind):
            return Level(name, kind, {}, [], self.compiler.selection(sets, kind, ()))
        fields = self.compiler.collect(sets, kind, {})
        below = [key for key, (first, *_) in fields.items() if _is_connection(kind, first)]
        levels = [self._level(fields.pop(key)[0], kind) for key in below]
        readers = [(key, self.compiler.field(own, kind, (key,))) for key, own in fields.items()]
        read = lambda row, context: {key: get(row, context) for key, get in readers}  # noqa: E731
        return Level(name, kind, fields, levels, read, _keys(node))

    # -- from the columns --------------------------------------------------------------------------

    def _by_columns(self) -> Any:
        """Writer of a slice from columns, or None when the query asks for more than they have."""
        level = self.level
        known = all(
            inner.name in ("lineItems", "discountApplications", "metafields") and not inner.below
            for inner in level.below
        )
        if level.name not in COLUMNS or not known:
            return None
        recipes, batch_of = COLUMNS[level.name]
        template = self._template(level, recipes)
        lines = {i.name: self._template(i, LINE) for i in level.below if i.name == "lineItems"}

        def write(rows: Any) -> tuple[list[str], list[list[str]]]:
            batch = batch_of(self.shop.store, rows)
            children: list[list[str]] = [[] for _ in rows]
            for inner in level.below:
                if inner.name == "metafields":
                    self._metafields(inner, rows, children)
                elif inner.name == "lineItems":
                    _share(children, batch.line_counts, self._line_texts(lines[inner.name], batch))
                else:
                    self._discounts(inner, batch, children)
            return template.lines(batch), children

        return write

    def _metafields(self, level: Level, rows: Any, children: list[list[str]]) -> None:
        store = self.shop.store
        if not store.metafields:
            return
        for row, own in zip(rows.tolist(), children, strict=True):
            owner = gid(self.level.kind.name, row)
            for field in metafield_rows(store, owner, level.keys):
                shown = level.read(field, self.context)
                own.append(to_json({**shown, "__parentId": owner}) + "\n")

    def _template(self, level: Level, recipes: Any) -> Template:
        template = Template(level.kind.name, recipes, self.compiler, self.context)
        for key, nodes in level.fields.items():
            template.add(key, nodes)
        return template

    @staticmethod
    def _line_texts(template: Template, batch: OrderBatch) -> list[str]:
        lines = LineBatch(batch.store, batch.line_rows)
        return template.lines(lines, ("Order", lines.order_ids))

    def _discounts(self, level: Level, batch: OrderBatch, children: list[list[str]]) -> None:
        shown: dict[int, str] = {}
        for number, discounts, own in zip(batch.ids, batch.discounts, children, strict=True):
            for discount in discounts:
                text = shown.get(id(discount))
                if text is None:
                    text = to_json(level.read(discount, self.context))[:-1]
                    shown[id(discount)] = text
                own.append(f'{text},"__parentId":"gid:\\/\\/shopify\\/Order\\/{number}"}}\n')

    # -- from rows ---------------------------------------------------------------------------------

    def _by_rows(self, resource: Any) -> Any:
        def write(rows: Any) -> tuple[list[str], list[list[str]]]:
            made = resource.rows(self.shop.store, rows)
            roots = [to_json(self.level.read(row, self.context)) + "\n" for row in made]
            return roots, [list(self._below(self.level, row)) for row in made]

        return write

    def _below(self, level: Level, row: dict[str, Any]) -> Iterator[str]:
        for inner in level.below:
            owned = metafield_rows(self.shop.store, row["id"], inner.keys)
            for child in owned if inner.name == "metafields" else row.get(inner.name) or ():
                shown = inner.read(child, self.context)
                yield to_json({**shown, "__parentId": row["id"]}) + "\n"
                yield from self._below(inner, child)


def _keys(node: FieldNode) -> tuple[str, ...]:
    """The literal list in ``metafields(keys: […])``."""
    found = [part.value for part in node.arguments if part.name.value == "keys"]
    values = getattr(found[0], "values", ()) if found else ()
    return tuple(value.value for value in values if isinstance(value, StringValueNode))


def _share(children: list[list[str]], counts: list[int], texts: list[str]) -> None:
    at = 0
    for own, count in zip(children, counts, strict=True):
        own.extend(texts[at : at + count])
        at += count


def _is_connection(kind: Any, node: FieldNode) -> bool:
    field = kind.fields.get(node.name.value)
    return field is not None and get_named_type(field.type).name.endswith("Connection")
