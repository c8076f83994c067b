"""What all batches share."""

from functools import cached_property
from typing import Any

import numpy as np

from shopify_sim.faces import ID0, STEP, money
from shopify_sim.people import PLACES
from shopify_sim.store import Store
from shopify_sim.tables import Column, Table

__all__ = ["ADDRESSES", "Batch", "spans"]


def spans(first: Column, last: Column) -> Column:
    """Concatenation of the ranges first..last."""
    lengths = last - first
    total = int(lengths.sum())
    starts = np.repeat(first - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return starts + np.arange(total)


class _Shown(dict[int, str]):
    """Cents as text; a shop has few different amounts."""

    def __missing__(self, cents: int) -> str:
        text = self[cents] = money(cents)
        return text


_SHOWN = _Shown()


class Batch:
    """Some rows of a table."""

    def __init__(self, store: Store, table: Table, rows: Column) -> None:
        """Columns are made when first asked for."""
        self.store, self.table, self.rows = store, table, rows
        self._money: dict[str, list[str]] = {}

    def of(self, name: str) -> Column:
        """Stored column of these rows."""
        return self.table[name][self.rows]

    def dates(self, name: str) -> list[str | None]:
        """DateTimes, None where there is none."""
        us = self.of(name)
        shown = np.datetime_as_string((us // 1_000_000).astype("M8[s]"), timezone="UTC").tolist()
        if us.all():
            return shown
        return [text if at else None for text, at in zip(shown, us.tolist(), strict=True)]

    def money(self, column: str) -> list[str]:
        """Amounts of a column of cents, as text."""
        if column not in self._money:
            self._money[column] = [_SHOWN[cents] for cents in getattr(self, column)]
        return self._money[column]

    @cached_property
    def coins(self) -> list[int]:
        """Coin of every row; tables that have money in several currencies say more."""
        return [0] * len(self.rows)

    def bags(self, column: str) -> list[dict[str, Any]]:
        """MoneyBags of a column of cents."""
        found = [coin.bag for coin in self.store.coins]
        if len(found) == 1:
            return [found[0](cents) for cents in getattr(self, column)]
        pairs = zip(getattr(self, column), self.coins, strict=True)
        return [found[coin](cents) for cents, coin in pairs]

    def presented(self, column: str) -> list[str]:
        """Amounts of a column of cents as the buyer saw them, as text."""
        coins = self.store.coins
        pairs = zip(getattr(self, column), self.coins, strict=True)
        return [_SHOWN[coins[coin].presented(cents)] for cents, coin in pairs]

    @cached_property
    def shop_currency(self) -> list[str]:
        return [self.store.coins[coin].shop for coin in self.coins]

    @cached_property
    def presentment_currency(self) -> list[str]:
        return [self.store.coins[coin].presentment for coin in self.coins]

    @cached_property
    def ids(self) -> list[int]:
        return (ID0 + STEP * self.rows).tolist()

    @cached_property
    def created(self) -> list[str | None]:
        return self.dates("created")

    @cached_property
    def updated(self) -> list[str | None]:
        return self.dates("updated")


ADDRESSES: list[dict[str, Any]] = [
    {
        "city": place.city,
        "zip": place.zip,
        "province": place.province,
        "provinceCode": place.province_code,
        "country": place.country,
        "countryCodeV2": place.country_code,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }
    for place in PLACES
]
