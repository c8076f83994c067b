"""Recipes: how a column shows in a GraphQL field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shopify_sim.store import Store

__all__ = [
    "Amount",
    "Bag",
    "Const",
    "Gid",
    "Plain",
    "Recipe",
    "Ref",
    "Rows",
    "Shared",
    "Text",
    "Zero",
    "rows_of",
    "values",
]


@dataclass(frozen=True)
class Plain:
    """A column as it is. ``safe``: text that needs no escaping, or numbers."""

    column: str
    safe: bool = False


@dataclass(frozen=True)
class Gid:
    """Global id of a column of numbers."""

    kind: str
    column: str


@dataclass(frozen=True)
class Text:
    """A number in a pattern, e.g. "#%s"."""

    pattern: str
    column: str


@dataclass(frozen=True)
class Bag:
    """MoneyBag of a column of cents."""

    column: str


@dataclass(frozen=True)
class Amount:
    """MoneyV2 of a column of cents."""

    column: str


@dataclass(frozen=True)
class Ref:
    """Another object, of which the row holds only the id; None where there is none."""

    kind: str
    column: str


@dataclass(frozen=True)
class Const:
    """The same for every row."""

    value: Any


@dataclass(frozen=True)
class Shared:
    """The same for every row of a shop."""

    of: Callable[[Store], Any]


@dataclass(frozen=True)
class Zero:
    """MoneyBag of nothing."""


@dataclass(frozen=True)
class Rows:
    """Values made for the whole batch by a function."""

    make: Callable[[Any], list[Any]]


Recipe = Plain | Gid | Text | Bag | Amount | Ref | Const | Shared | Zero | Rows


def values(recipe: Recipe, batch: Any) -> list[Any]:
    """Python values of a recipe, one per row."""
    store: Store = batch.store
    match recipe:
        case Plain(column):
            return getattr(batch, column)
        case Gid(kind, column):
            prefix = f"gid://shopify/{kind}/"
            return [key if key is None else f"{prefix}{key}" for key in getattr(batch, column)]
        case Text(pattern, column):
            return [pattern % value for value in getattr(batch, column)]
        case Bag(column):
            return [store.bag(cents) for cents in getattr(batch, column)]
        case Amount(column):
            return [store.amount(cents) for cents in getattr(batch, column)]
        case Ref(kind, column):
            prefix = f"gid://shopify/{kind}/"
            return [
                key and {"__typename": kind, "id": f"{prefix}{key}"}
                for key in getattr(batch, column)
            ]
        case Const(value):
            return [value] * len(batch.rows)
        case Shared(of):
            return [of(store)] * len(batch.rows)
        case Zero():
            return [store.bag(0)] * len(batch.rows)
        case Rows(make):
            return make(batch)


def rows_of(kind: str, recipes: dict[str, Recipe], batch: Any) -> list[dict[str, Any]]:
    """Row dicts of a batch, for the projector."""
    names = ("__typename", *recipes)
    columns = [values(recipe, batch) for recipe in recipes.values()]
    return [dict(zip(names, (kind, *row), strict=True)) for row in zip(*columns, strict=True)]
