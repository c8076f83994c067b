"""Customers whose parameters are known: BG/NBD purchases and Gamma-Gamma spend, in whole days."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Customers", "simulate"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Customers:
    """The literature's columns; money in major units."""

    frequency: Array
    recency: Array
    T: Array
    monetary_value: Array

    def __len__(self) -> int:
        return len(self.frequency)


def simulate(
    customers: int,
    *,
    seed: int,
    purchases: tuple[float, float, float, float] = (0.55, 45.0, 0.7, 2.2),
    spend: tuple[float, float, float] = (6.25, 3.74, 45.0),
    longest: int = 730,
) -> Customers:
    """Purchase after purchase; several on one day are one, as in a summary of orders."""
    (r, alpha, a, b), (p, q, v) = purchases, spend
    rng = np.random.default_rng(seed)
    until = rng.integers(1, longest + 1, customers)
    rate, leave = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    clock, last = np.zeros(customers), np.zeros(customers, np.int64)
    x = np.zeros(customers, np.int64)
    active = np.flatnonzero(rate > 0)
    while len(active):
        clock[active] += rng.exponential(1 / rate[active])
        active = active[clock[active] <= until[active]]
        day = clock[active].astype(np.int64)
        new = day > last[active]
        x[active] += new
        last[active] = np.where(new, day, last[active])
        active = active[rng.random(len(active)) >= leave[active]]
    each = rng.gamma(q, 1 / v, customers)
    paid = rng.gamma(p * np.maximum(x, 1), 1 / (each * np.maximum(x, 1)))
    return Customers(x, last, until, np.where(x > 0, paid, 0.0))
