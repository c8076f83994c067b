"""Recipes: how a column shows in a GraphQL field. ``values`` of a batch gives what the rows hold."""

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
    "rows_of",
]


@dataclass(frozen=True)
class Plain:
    """A column as it is. ``safe``: text that needs no escaping, or numbers."""

    column: str
    safe: bool = False

    def values(self, batch: Any) -> list[Any]:
        return getattr(batch, self.column)


@dataclass(frozen=True)
class Gid:
    """Global id of a column of numbers."""

    kind: str
    column: str

    def values(self, batch: Any) -> list[Any]:
        return [f"gid://shopify/{self.kind}/{key}" for key in getattr(batch, self.column)]


@dataclass(frozen=True)
class Text:
    """A number in a pattern, e.g. "#%s"."""

    pattern: str
    column: str

    def values(self, batch: Any) -> list[Any]:
        return [self.pattern % value for value in getattr(batch, self.column)]


@dataclass(frozen=True)
class Bag:
    """MoneyBag of a column of cents.

    ``needs``: a column of orders; while it is empty the bags are too, or there are none (``none``).
    """

    column: str
    needs: str | None = None
    none: bool = False

    def values(self, batch: Any) -> list[Any]:
        if self.none and self.is_empty(batch.store):
            return [None] * len(batch.rows)
        return batch.bags(self.column)

    def is_empty(self, store: Store) -> bool:
        return self.needs is not None and not store.orders[self.needs].any()


@dataclass(frozen=True)
class Amount:
    """MoneyV2 of a column of cents."""

    column: str

    def values(self, batch: Any) -> list[Any]:
        return [batch.store.amount(cents) for cents in getattr(batch, self.column)]


@dataclass(frozen=True)
class Ref:
    """Another object, of which the row holds only the id; None where there is none."""

    kind: str
    column: str

    def values(self, batch: Any) -> list[Any]:
        prefix, numbers = f"gid://shopify/{self.kind}/", getattr(batch, self.column)
        return [n and {"__typename": self.kind, "id": f"{prefix}{n}"} for n in numbers]


@dataclass(frozen=True)
class Const:
    """The same for every row."""

    value: Any

    def values(self, batch: Any) -> list[Any]:
        return [self.value] * len(batch.rows)


@dataclass(frozen=True)
class Shared:
    """The same for every row of a shop."""

    of: Callable[[Store], Any]

    def values(self, batch: Any) -> list[Any]:
        return [self.of(batch.store)] * len(batch.rows)


@dataclass(frozen=True)
class Rows:
    """Values made for the whole batch by a function."""

    make: Callable[[Any], list[Any]]

    def values(self, batch: Any) -> list[Any]:
        return self.make(batch)


Recipe = Plain | Gid | Text | Bag | Amount | Ref | Const | Shared | Rows


def rows_of(kind: str, recipes: dict[str, Recipe], batch: Any) -> list[dict[str, Any]]:
    """Row dicts of a batch, for the projector."""
    names = ("__typename", *recipes)
    columns = [recipe.values(batch) for recipe in recipes.values()]
    return [dict(zip(names, (kind, *row), strict=True)) for row in zip(*columns, strict=True)]
