"""In which currencies an order is: the shop's at its time, and the buyer's at a fixed rate."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cached_property
from typing import Any

from shopify_sim.faces import money

__all__ = ["Coin"]


@dataclass(frozen=True)
class Coin:
    """``rate``: what the buyer pays in ``presentment`` for one unit of ``shop``. Hundredths everywhere, yen too."""

    shop: str
    presentment: str
    rate: Decimal = Decimal(1)

    def presented(self, cents: int) -> int:
        """What the buyer sees, to the cent."""
        if self.rate == 1:
            return cents
        return int((cents * self.rate).to_integral_value(ROUND_HALF_EVEN))

    @cached_property
    def _bags(self) -> dict[int, dict[str, Any]]:
        return {}

    def bag(self, cents: int) -> dict[str, Any]:
        """MoneyBag; one object per amount, so that equal ones are known by identity."""
        bag = self._bags.get(cents)
        if bag is None:
            own = {"amount": money(cents), "currencyCode": self.shop}
            theirs = {"amount": money(self.presented(cents)), "currencyCode": self.presentment}
            bag = self._bags[cents] = {"shopMoney": own, "presentmentMoney": theirs}
        return bag
