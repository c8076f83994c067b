"""JSONL rows straight from the columns.

Each kind of row becomes one ``%`` template that holds everything that does not vary; its holes are
filled with ``zip`` over columns. What has no recipe goes through the projector, row by row: every valid
query works, and the usual ones are fast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import orjson
from graphql import FieldNode, get_named_type, get_nullable_type, is_leaf_type, is_list_type

from shopify_sim.projection import REFERENCES, RESOLVERS, Context
from shopify_sim.projector import Compiler
from shopify_sim.recipes import (
    Amount,
    Bag,
    Const,
    Gid,
    Plain,
    Recipe,
    Ref,
    Rows,
    Shared,
    Text,
    rows_of,
)

__all__ = ["BulkDenied", "Template", "escape", "to_json"]


class BulkDenied(Exception):
    """The token may not read what the query asks."""


Hole = Callable[[Any], Sequence[Any]]  # batch -> what fills the hole, row by row
RAW = ("Int", "Float", "Boolean")
HAS_COINS = ("Order", "LineItem")
CURRENCY = {"shopMoney": "shop_currency", "presentmentMoney": "presentment_currency"}
ARGUMENTS = {"discountedTotalSet": ("originalTotalSet", "withCodeDiscounts")}


def to_json(value: Any) -> str:
    """JSON as Shopify writes it into files: slashes escaped."""
    return orjson.dumps(value).decode().replace("/", "\\/")


def escape(text: str) -> str:
    """Text for use in a template."""
    return text.replace("%", "%%")


@dataclass
class Template:
    """Rows of one kind. ``recipes`` say where its fields come from."""

    kind: str
    recipes: dict[str, Recipe]
    compiler: Compiler
    context: Context
    parts: list[str] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)  # fields that go through the projector

    def add(self, key: str, nodes: list[FieldNode]) -> None:
        """Add a field under its response key."""
        denial = self.compiler.denied(self.compiler.schema.type_map[self.kind], nodes[0].name.value)
        if denial is not None:
            raise BulkDenied(str(denial))
        self.parts.append(f'"{key}":{self._text(nodes)}')

    def lines(self, batch: Any, parent: tuple[str, Sequence[Any]] | None = None) -> list[str]:
        """JSONL lines of a batch; ``parent`` is the kind and the numbers of the parents."""
        text = "{" + ",".join(self.parts)
        columns = [hole(batch) for hole in self.holes]
        if parent is not None:
            text += (
                "," if self.parts else ""
            ) + f'"__parentId":"gid:\\/\\/shopify\\/{parent[0]}\\/%s"'
            columns.append(parent[1])
        text += "}\n"
        if not columns:
            return [text % ()] * len(batch.rows)
        return [text % row for row in zip(*columns, strict=True)]

    def _text(self, nodes: list[FieldNode]) -> str:
        """Template of a field's value; adds the holes it needs."""
        name = self._by_argument(nodes[0])
        if name == "__typename":
            return f'"{self.kind}"'
        recipe = self.recipes.get(name)
        owned = (self.kind, name)
        resolved = owned in RESOLVERS and owned not in REFERENCES and name not in ARGUMENTS
        if recipe is None or resolved:
            return self._slow(nodes)
        if isinstance(recipe, Bag):
            empty = recipe.is_empty(self.context.shop.store)
            if empty and recipe.none:
                return "null"
            return self._bag(nodes, None if empty else recipe.column)
        if isinstance(recipe, Const | Shared):
            (value,) = recipe.values(_One(self.context.shop.store))
            return escape(to_json(self._read(nodes)({name: value}, self.context)))
        return self._varying(nodes, recipe, name)

    def _varying(self, nodes: list[FieldNode], recipe: Recipe, name: str) -> str:
        if isinstance(recipe, Amount):
            return self._amount(nodes, recipe.column, "shopMoney")
        if isinstance(recipe, Ref):
            return self._reference(nodes, recipe.kind, recipe.column)
        if isinstance(recipe, Rows) or (isinstance(recipe, Plain) and not recipe.safe):
            return self._distinct(nodes, recipe, name)
        if not isinstance(recipe, Plain | Gid | Text):
            raise TypeError(f"{name}: no template for {type(recipe).__name__}")
        self.holes.append(attrgetter(recipe.column))
        if isinstance(recipe, Gid):
            return f'"gid:\\/\\/shopify\\/{recipe.kind}\\/%s"'
        if isinstance(recipe, Text):
            return f'"{recipe.pattern}"'
        return "%s" if get_named_type(self._type(name)).name in RAW else '"%s"'

    def _type(self, name: str) -> Any:
        owner: Any = self.compiler.schema.type_map[self.kind]
        return owner.fields[name].type

    def _by_argument(self, node: FieldNode) -> str:
        """Name of the recipe: an argument may ask for another one."""
        name = node.name.value
        if name in ARGUMENTS:
            other, argument = ARGUMENTS[name]
            given = {a.name.value: getattr(a.value, "value", False) for a in node.arguments}
            return name if given.get(argument) else other
        return name

    def _fields(self, nodes: list[FieldNode], kind: Any) -> dict[str, list[FieldNode]]:
        sets = [node.selection_set for node in nodes if node.selection_set]
        return self.compiler.collect(sets, kind, {})

    def _bag(self, nodes: list[FieldNode], column: str | None) -> str:
        kind = self.compiler.schema.type_map["MoneyBag"]
        parts = [
            f'"{key}":"MoneyBag"'
            if inner[0].name.value == "__typename"
            else f'"{key}":{self._amount(inner, column, inner[0].name.value)}'
            for key, inner in self._fields(nodes, kind).items()
        ]
        return "{" + ",".join(parts) + "}"

    def _amount(self, nodes: list[FieldNode], column: str | None, face: str) -> str:
        kind = self.compiler.schema.type_map["MoneyV2"]
        coins = self.context.shop.store.coins
        plain = len(coins) == 1 or self.kind not in HAS_COINS
        parts: list[str] = []
        for key, inner in self._fields(nodes, kind).items():
            name = inner[0].name.value
            shown = {"amount": "0.0", "currencyCode": self.context.shop.store.currency}.get(
                name, "MoneyV2"
            )
            if name == "amount" and column is not None:
                self.holes.append(_money(column, plain=plain or face == "shopMoney"))
                shown = "%s"
            elif name == "currencyCode" and not plain:
                self.holes.append(attrgetter(CURRENCY[face]))
                shown = "%s"
            parts.append(f'"{key}":"{shown}"')
        return "{" + ",".join(parts) + "}"

    def _reference(self, nodes: list[FieldNode], kind: str, column: str) -> str:
        target = self.compiler.schema.type_map[kind]
        fields = self._fields(nodes, target)
        if not {inner[0].name.value for inner in fields.values()} <= {"id", "__typename"}:
            return self._slow(nodes)
        shown = {"id": f"gid:\\/\\/shopify\\/{kind}\\/%s", "__typename": kind}
        text = ",".join(f'"{key}":"{shown[n[0].name.value]}"' for key, n in fields.items())
        count = text.count("%s")
        text = "{" + text + "}"
        self.holes.append(
            lambda batch: [
                "null" if number is None else text % ((number,) * count)
                for number in getattr(batch, column)
            ]
        )
        return "%s"

    def _read(self, nodes: list[FieldNode]) -> Any:
        owner = self.compiler.schema.type_map[self.kind]
        return self.compiler.field(nodes, owner, (nodes[0].name.value,))

    def _distinct(self, nodes: list[FieldNode], recipe: Recipe, name: str) -> str:
        """Values of any kind, each different one shown once a batch."""
        read, declared = self._read(nodes), self._type(name)
        plain = is_leaf_type(get_named_type(declared)) and not is_list_type(
            get_nullable_type(declared)
        )

        def fill(batch: Any) -> list[str]:
            column = recipe.values(batch)
            keys = column if plain else list(map(id, column))  # the column keeps the values alive
            shown = {
                key: to_json(read({name: value}, self.context))
                for key, value in dict(zip(keys, column, strict=True)).items()
            }
            return [shown[key] for key in keys]

        self.holes.append(fill)
        return "%s"

    def _slow(self, nodes: list[FieldNode]) -> str:
        self.slow.append(nodes[0].name.value)
        read = self._read(nodes)

        def fill(batch: Any) -> list[str]:
            rows = rows_of(self.kind, self.recipes, batch)
            return [to_json(read(row, self.context)) for row in rows]

        self.holes.append(fill)
        return "%s"


def _money(column: str, *, plain: bool) -> Hole:
    """Column of amounts as text."""
    if plain:
        return lambda batch: batch.money(column)
    return lambda batch: batch.presented(column)


@dataclass
class _One:
    """A batch of one row, for recipes that do not look at it."""

    store: Any
    rows: tuple[int] = (0,)
