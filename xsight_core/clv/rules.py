"""Rules of thumb a merchant could use without a model. A model that loses to one of them is not shown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xsight_core.clv.summary import Array
from xsight_core.clv.visits import Past, Visits

__all__ = ["RULES", "LookBack", "RuleForecast", "forecast_by_rule"]

_YEAR_DAYS = 365
_PRIOR_CUSTOMERS = 2.0  # a group's share leans on everybody's as if that many more had been in it


@dataclass(frozen=True, eq=False)
class RuleForecast:
    """For each known customer: P(no order in the horizon) and orders expected in it."""

    name: str
    silent: Array
    orders: Array


Grouping = Callable[[Past, Array, int], Array]
"""Puts each customer into a group, from the past, visits of the last year and the length of the horizon."""


def _everybody(past: Past, _year: Array, _horizon: int) -> Array:
    return np.zeros(len(past.visits), np.int64)


def _last_gap(past: Past, _year: Array, _horizon: int) -> Array:
    """Silent for up to once, twice, four times the days between the last two orders, or longer; bought once."""
    ratio = past.silence / np.maximum(past.gap, 1)
    return np.where(past.visits == 1, 0, 1 + np.digitize(ratio, [1, 2, 4], right=True))


def _past_year(_past: Past, year: Array, _horizon: int) -> Array:
    """Days with an order in the last year: 0, 1, 2, 3, 4–5, 6–9, 10 and more."""
    return np.digitize(year, [1, 2, 3, 4, 6, 10])


def _silence(days_per_horizon: float) -> Grouping:
    def group(past: Past, _year: Array, horizon: int) -> Array:
        return (past.silence > days_per_horizon * horizon).astype(np.int64)

    return group


RULES: dict[str, tuple[Grouping, ...]] = {
    "base rate": (_everybody,),
    "recency threshold": tuple(_silence(share) for share in (1 / 3, 2 / 3, 1, 2, 4)),
    "last gap": (_last_gap,),
    "repeat past year": (_past_year,),
}
"""Of several groupings under one name the one that would have been best a horizon earlier is used."""


@dataclass(frozen=True, eq=False)
class LookBack:
    """What rules learn from and what they forecast from: the past a horizon before the cutoff, and the one at it.

    ``year_`` counts visits of the last 365 days, ``orders`` those in the horizon between the two.
    """

    horizon: int
    then: Past
    now: Past
    year_then: Array
    year_now: Array
    orders: Array

    @classmethod
    def of(cls, visits: Visits, cutoff: int, horizon: int) -> "LookBack":
        """As of the cutoff."""
        earlier = cutoff - horizon
        then, now = visits.past(earlier), visits.past(cutoff)
        return cls(
            horizon,
            then,
            now,
            visits.count(earlier - _YEAR_DAYS, earlier)[then.known],
            visits.count(cutoff - _YEAR_DAYS, cutoff)[now.known],
            visits.count(earlier, cutoff)[then.known],
        )


def forecast_by_rule(name: str, back: LookBack) -> RuleForecast:
    """Customers are put into groups; what such a group did in the horizon before the cutoff, it is said to do again.

    "repeat past year" takes the number of orders literally: those of the last 365 days, in proportion.
    """
    horizon, orders = back.horizon, back.orders
    best: tuple[float, Array, Array] | None = None
    for grouping in RULES[name]:
        before = grouping(back.then, back.year_then, horizon)
        share, mean = _by_group(before, orders)
        error = float(((share[before] - (orders == 0)) ** 2).sum())
        if best is None or error < best[0]:
            group = np.minimum(grouping(back.now, back.year_now, horizon), len(share) - 1)
            best = (error, share[group], mean[group])
    if best is None:
        raise KeyError(name)
    _, silent, expected = best
    if name == "repeat past year":
        expected = back.year_now * (horizon / _YEAR_DAYS)
    return RuleForecast(name, silent, expected)


def _by_group(group: Array, orders: Array) -> tuple[Array, Array]:
    """Share without an order and mean orders, by group; nobody to learn from: even odds, no orders."""
    most = 10
    n = np.bincount(group, minlength=most)
    overall = float((orders == 0).mean()) if len(orders) else 0.5
    usual = float(orders.mean()) if len(orders) else 0.0
    silent = np.bincount(group, orders == 0, minlength=most)
    total = np.bincount(group, orders, minlength=most)
    weight = n + _PRIOR_CUSTOMERS
    return (
        (silent + _PRIOR_CUSTOMERS * overall) / weight,
        (total + _PRIOR_CUSTOMERS * usual) / weight,
    )
