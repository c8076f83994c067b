"""Columns of order lines."""

from functools import cached_property
from typing import Any

import numpy as np

from shopify_sim.columns.batch import Batch
from shopify_sim.columns.orders import discount_row
from shopify_sim.faces import ID0, STEP
from shopify_sim.store import Store
from shopify_sim.tables import Column

__all__ = ["LineBatch"]


class LineBatch(Batch):
    """Order lines."""

    def __init__(self, store: Store, rows: Column) -> None:
        """Lines by row number."""
        super().__init__(store, store.lines, rows)

    @cached_property
    def ids(self) -> list[int]:
        return (ID0 + STEP * self.of("number")).tolist()

    @cached_property
    def order_ids(self) -> list[int]:
        return (ID0 + STEP * self.of("order")).tolist()

    @cached_property
    def coins(self) -> list[int]:
        return self.store.orders["coin"][self.of("order")].tolist()

    @cached_property
    def gift_card(self) -> list[bool]:
        return self.of("gift_card").tolist()

    @cached_property
    def taxes(self) -> list[list[dict[str, Any]]]:
        cents, none = self.of("tax").tolist(), []
        return [
            [self._tax(*pair)] if pair[0] else none for pair in zip(cents, self.coins, strict=True)
        ]

    def _tax(self, cents: int, coin: int) -> dict[str, Any]:
        return {"title": "VAT", "rate": None, "priceSet": self.store.bag(cents, coin)}

    @cached_property
    def _variants(self) -> list[Any]:
        variants = self.store.catalogue.variants
        return [variants[variant] for variant in self.of("variant").tolist()]

    @cached_property
    def title(self) -> list[str]:
        titles = self.store.catalogue.titles
        return [titles[variant.product] for variant in self._variants]

    @cached_property
    def variant_title(self) -> list[str | None]:
        return [None if v.title == "Default Title" else v.title for v in self._variants]

    @cached_property
    def sku(self) -> list[str]:
        return [variant.sku for variant in self._variants]

    @cached_property
    def product(self) -> list[int | None]:
        gone = self.store.catalogue.gone
        return [None if v.product in gone else ID0 + STEP * v.product for v in self._variants]

    @cached_property
    def variant(self) -> list[int | None]:
        keys = (ID0 + STEP * self.of("variant").astype(np.int64)).tolist()
        if not self.store.catalogue.gone:
            return keys
        return [None if p is None else key for p, key in zip(self.product, keys, strict=True)]

    @cached_property
    def quantity(self) -> list[int]:
        return self.of("quantity").tolist()

    @cached_property
    def current(self) -> list[int]:
        return self.of("current").tolist()

    @cached_property
    def unit(self) -> list[int]:
        return self.of("unit").tolist()

    @cached_property
    def gross(self) -> list[int]:
        return (self.of("unit") * self.of("quantity")).tolist()

    @cached_property
    def discount(self) -> list[int]:
        return self.of("discount").tolist()

    @cached_property
    def net(self) -> list[int]:
        return (self.of("unit") * self.of("quantity") - self.of("discount")).tolist()

    @cached_property
    def unit_net(self) -> list[int]:
        net = self.of("unit") * self.of("quantity") - self.of("discount")
        return (net // self.of("quantity")).tolist()

    @cached_property
    def allocations(self) -> list[list[dict[str, Any]]]:
        places = self.of("application").tolist()
        percents = self.store.orders["percent"][self.of("order")].tolist()
        keys = list(zip(self.discount, self.coins, places, percents, strict=True))
        memo = {key: [self._allocation(*key)] if key[0] else [] for key in set(keys)}
        return [memo[key] for key in keys]

    def _allocation(self, cents: int, coin: int, place: int, percent: int) -> dict[str, Any]:
        applied = discount_row(percent) | {"index": place}
        return {"allocatedAmountSet": self.store.bag(cents, coin), "discountApplication": applied}
