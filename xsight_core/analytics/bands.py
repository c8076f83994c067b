# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""How far a cohort's numbers would vary: bootstrap bands."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.cohorts import Cohorts, cohorts
from xsight_core.analytics.columns import Int
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.periods import Grain, period
from xsight_core.errors import InvalidInput

__all__ = ["Bands", "bands"]

_GROUPS = 1000
_BANDED = ("retention", "ltv_minor", "aov_minor")


@dataclass(frozen=True, eq=False)
class Bands:
    """``low`` and ``high`` bounds of a measure of ``cohorts``, where it is ``shown``; NaN elsewhere."""

    cohorts: Cohorts
    values: str
    level: float
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def bands(
    orders: Orders,
    as_of: int,
    grain: Grain = Grain.MONTH,
    values: str = "retention",
    *,
    level: float = 0.9,
    draws: int = 500,
    seed: int = 0,
) -> Bands:
    """Percentile bootstrap over customers (Efron 1979), the same numbers for the same seed.

    In each draw a cohort's customers are drawn with replacement and its measure is taken again; the band holds the
    middle ``level`` of the draws. Cohorts of more than 1,000 customers are dealt into 1,000 groups at random, and
    groups are drawn. A cohort of one customer has no band: its bounds are its value.

    Parameters
    ----------
    values : ``"retention"``, ``"ltv_minor"`` or ``"aov_minor"``
    level : between 0 and 1
    """
    if values not in _BANDED:
        raise InvalidInput("values", f"Bands are drawn for {', '.join(_BANDED)}, not {values!r}.")
    if not 0 < level < 1:
        raise InvalidInput("level", "The level of a band lies between 0 and 1, e.g. 0.9.")
    orders = orders.counted(as_of)
    whole = cohorts(orders, as_of, grain)
    _, shown = whole.measure(values)
    low, high = (np.full(shown.shape, np.nan) for _ in range(2))
    rng = np.random.default_rng(seed)
    for row in np.flatnonzero(whole.size).tolist():
        people, active, count, money = _groups(orders, whole, row, rng)
        n = len(people)
        weights: Any = rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
        drawn = _measure(
            values, *(np.asarray(weights @ part) for part in (people, active, count, money))
        )
        tail = (1 - level) / 2
        bounds = np.quantile(np.where(shown[row], drawn, 0), [tail, 1 - tail], axis=0)
        low[row], high[row] = bounds
    return Bands(whole, values, level, np.where(shown, low, np.nan), np.where(shown, high, np.nan))


def _measure(values: str, people: Any, active: Any, count: Any, revenue: Any) -> Any:
    """The measure of each draw."""
    if values == "retention":
        return active / people
    if values == "ltv_minor":
        return revenue.cumsum(axis=1) / people
    return np.divide(revenue, count, where=count > 0, out=np.zeros(revenue.shape))


def _groups(
    orders: Orders, whole: Cohorts, row: int, rng: np.random.Generator
) -> tuple[Int, Int, Int, Int]:
    """Customers, active ones, orders and revenue per group of customers (rows) and age (columns)."""
    n = len(whole.size)
    index = orders.by_customer
    periods = period(orders.day[index], whole.grain) - whole.first
    mine = np.flatnonzero(periods[orders.starts] == row)
    number = np.full(len(orders.starts), -1, np.int64)
    groups = min(len(mine), _GROUPS)
    number[mine] = rng.permutation(len(mine)) % groups
    group = number[orders.buyer]
    picked = np.flatnonzero(group >= 0)
    buyer, age = orders.buyer[picked].astype(np.int64), periods[picked] - row
    cell = group[picked] * n + age
    visits = np.unique(buyer * n + age)
    active = np.bincount(number[visits // n] * n + visits % n, minlength=groups * n)
    people = np.bincount(number[mine], minlength=groups)[:, None]
    count = np.bincount(cell, minlength=groups * n)
    money = np.bincount(cell, weights=orders.net_minor[index[picked]], minlength=groups * n)
    shape = (groups, n)
    return people, active.reshape(shape), count.reshape(shape), money.reshape(shape)
