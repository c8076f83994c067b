"""What groups of customers are worth together, segments and cohorts, and year by year."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xsight_core.clv.choice import Choice
from xsight_core.clv.native import kernels
from xsight_core.clv.outlook import (
    HORIZONS,
    Z_90,
    Schedule,
    around,
    discounted_steps,
    neighbours,
    outlook,
    spend_ahead,
    spend_neighbours,
    whole,
)
from xsight_core.clv.purchases import BetaGeoFitter
from xsight_core.clv.shortage import Shortage
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import Array, PurchaseSummary
from xsight_core.errors import InvalidInput

__all__ = ["Totals", "YearlyValue", "value_totals", "yearly_totals", "yearly_value"]

_MONTHS = 12
_YEAR_DAYS = 365.0
_MOST_YEARS = 5
_LEAST = 1e-300  # a group nobody is in


@dataclass(frozen=True, eq=False)
class Totals:
    """By group; columns of (groups, 4) are ``HORIZONS``. 90 % intervals of the expectation, from the parameters.

    ``clv_minor`` and its bounds are None where spend cannot be modelled.
    """

    customers: Array
    expected_orders: Array | None
    expected_orders_low: Array | None
    expected_orders_high: Array | None
    clv_minor: Array | None
    clv_minor_low: Array | None
    clv_minor_high: Array | None


@dataclass(frozen=True, eq=False)
class YearlyValue:
    """(n, years): discounted value of each coming year per customer, with 90 % intervals, in the unit of spend."""

    clv_minor: Array
    clv_minor_low: Array
    clv_minor_high: Array


def value_totals(
    choice: Choice, summary: PurchaseSummary, groups: Mapping[str, Array]
) -> dict[str, Totals] | Shortage:
    """Add up a summary's customers by each grouping.

    The parts of a total move together with the parameters, so its interval comes from the totals at the points around
    the estimate.

    Parameters
    ----------
    groups : dict of str to int array (n,)
        A customer's group, from 0 on.
    """
    model = choice.purchases
    if model is None:
        return choice.shortage or Shortage("churn", reason="There is no model of this shop.")
    for name, code in groups.items():
        if len(code) != len(summary) or (len(code) and int(code.min()) < 0):
            raise InvalidInput(name, "A group from 0 on is needed for each customer.")
    n = len(HORIZONS)
    at = around(model, summary)
    cells = {name: _Cells.of(code, at.which) for name, code in groups.items()}
    spend = None if isinstance(choice.spend, Shortage) else choice.spend
    history = summary.frequency, summary.monetary_value
    each = None if spend is None else spend.conditional_expected_average_profit(*history)
    orders: dict[str, list[Array]] = {name: [] for name in groups}
    value: dict[str, list[Array]] = {name: [] for name in groups}

    def add(to: dict[str, list[Array]], customers: Array, ahead: Array) -> None:
        for name, of in cells.items():
            to[name].append(of.totals(customers, ahead))

    for one, ahead in zip(at.models, at.ahead, strict=True):
        alive = one.conditional_probability_alive(at.x, at.t_x, at.T)
        add(orders, alive, ahead[:, :n])
        if each is not None:
            add(value, alive * each, ahead[:, n:])
    if spend is not None:
        alive = model.conditional_probability_alive(at.x, at.t_x, at.T)
        ups, downs = zip(*spend_neighbours(spend), strict=True)
        for one in (*ups, *downs):
            amount = one.conditional_expected_average_profit(*history)
            add(value, alive * amount, at.ahead[0][:, n:])
    return {
        name: Totals(np.bincount(code), *_interval(orders[name], 4), *_interval(value[name], 4, 3))
        for name, code in groups.items()
    }


def yearly_value(
    choice: Choice, summary: PurchaseSummary, years: int = 3
) -> YearlyValue | Shortage:
    """What each customer will spend in each of the next ``years`` (1 to 5), discounted to today.

    The further ahead, the more it rests on the model: nothing of it can be tried on a shorter past.
    """
    found = _models(choice, years)
    if isinstance(found, Shortage):
        return found
    model, spend = found
    ahead = outlook(model, summary, _yearly(years))
    amount, variance = spend_ahead(spend, summary)
    value = ahead.mean[:, :years] * amount[:, None]
    width = np.exp(Z_90 * np.sqrt(ahead.variance[:, :years] + variance[:, None]))
    return YearlyValue(value, value / width, value * width)


def yearly_totals(
    choice: Choice, summary: PurchaseSummary, years: int = 3
) -> YearlyValue | Shortage:
    """``yearly_value`` of all customers together, as (1, years).

    Customers' values move together with the parameters, so the interval of their sum is narrower than the sum of their
    bounds, and wider than if each erred alone: it comes from the sums at the points around the estimate.
    """
    found = _models(choice, years)
    if isinstance(found, Shortage):
        return found
    model, spend = found
    x, t_x, until = whole(summary.frequency, summary.recency, summary.T)
    first, which = kernels().pairs(x, until)
    schedule = _yearly(years)
    history = summary.frequency, summary.monetary_value
    each = spend.conditional_expected_average_profit(*history)

    def orders(around: BetaGeoFitter) -> Array:
        alive = around.conditional_probability_alive(x, t_x, until)
        return schedule.of(around, x[first], until[first])[which, :years] * alive[:, None]

    ahead = orders(model)
    ups, downs = zip(*spend_neighbours(spend), strict=True)
    amounts = (one.conditional_expected_average_profit(*history) for one in (*ups, *downs))
    sums = [
        each @ ahead,
        *(each @ orders(around) for around in neighbours(model)),
        *(amount @ ahead for amount in amounts),
    ]
    return YearlyValue(*_bounds([row[None, :] for row in sums], 4, 3))


def _models(choice: Choice, years: int) -> tuple[BetaGeoFitter, GammaGammaFitter] | Shortage:
    if not 1 <= years <= _MOST_YEARS:
        raise InvalidInput("years", f"1 to {_MOST_YEARS} years can be looked ahead.")
    if choice.purchases is None:
        return choice.shortage or Shortage("clv", reason="There is no model of this shop.")
    if isinstance(choice.spend, Shortage):
        return choice.spend
    return choice.purchases, choice.spend


def _yearly(years: int) -> Schedule:
    """Discounted orders of each coming year, in monthly steps."""
    ends = _YEAR_DAYS / _MONTHS * np.arange(1, _MONTHS * years + 1)
    ends[_MONTHS - 1 :: _MONTHS] = _YEAR_DAYS * np.arange(1, years + 1)
    each_year = [discounted_steps(ends, _YEAR_DAYS * k, _YEAR_DAYS * (k + 1)) for k in range(years)]
    return Schedule(ends, np.stack(each_year, axis=1))


@dataclass(frozen=True, eq=False)
class _Cells:
    """Customers of one group with equal (x, T): what lies ahead of them differs by a factor only."""

    of_customer: Array
    group: Array
    pair: Array

    @classmethod
    def of(cls, code: Array, which: Array) -> "_Cells":
        (code,) = whole(code)
        first, of_customer = kernels().pairs(code, which)
        return cls(of_customer, code[first], which[first])

    def totals(self, factor: Array, ahead: Array) -> Array:
        """Sum of each customer's factor times the quantities of the pair, (groups, quantities)."""
        size = np.bincount(self.of_customer, factor)
        columns = ahead[self.pair] * size[:, None]
        return np.stack([np.bincount(self.group, column) for column in columns.T], axis=1)


def _interval(totals: list[Array], *axes: int) -> tuple[Array | None, Array | None, Array | None]:
    """The totals with their bounds, where there are any."""
    return _bounds(totals, *axes) if totals else (None, None, None)


def _bounds(totals: list[Array], *axes: int) -> tuple[Array, Array, Array]:
    """The first of the totals with its bounds; then for each set of axes the totals up along them, then down."""
    logs = np.log(np.maximum(totals, _LEAST))
    variance, at = np.zeros(totals[0].shape), 1
    for n in axes:
        up, down = logs[at : at + n], logs[at + n : at + 2 * n]
        variance += (((up - down) / 2) ** 2).sum(axis=0)
        at += 2 * n
    width = np.exp(Z_90 * np.sqrt(variance))
    return totals[0], totals[0] / width, totals[0] * width
