"""What the body of a deed says: rows of objects, cents, and which currencies."""

from decimal import Decimal
from typing import Any

from shopify_sim.coins import Coin
from shopify_sim.faces import row_of
from shopify_sim.store import Store

__all__ = ["Body", "cents_of", "coin_of", "row_in"]

Body = dict[str, Any]


def row_in(body: Body, key: str, kind: str, *, optional: bool = False) -> int:
    """Row of a global id (or a row number) in the body."""
    value = body.get(key)
    if value is None and optional:
        return -1
    row = row_of(value, kind) if isinstance(value, str) else value
    if not isinstance(row, int):
        raise ValueError(f"{key}: give the global id of a {kind}")  # noqa: TRY004
    return row


def cents_of(amount: Any) -> int:
    """Hundredths of an amount in words."""
    return int((Decimal(str(amount)) * 100).to_integral_value())


def coin_of(store: Store, body: Body) -> int:
    """Coin of a new order: the shop's currency, shown in ``presentment``: {currency, rate} where that is given."""
    shown = body.get("presentment") or {}
    currency, rate = shown.get("currency", store.currency), Decimal(str(shown.get("rate", 1)))
    return store.mint(Coin(store.currency, currency, rate))
