"""Everything that is computed from a shop's orders as of one day, together."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from xsight_core.analytics import (
    Buyers,
    Cohorts,
    Daily,
    Orders,
    Rfm,
    Thresholds,
    Totals,
    buyers,
    cohorts,
    daily,
    rfm,
    totals,
)
from xsight_core.analytics.rfm import DEFAULT_THRESHOLDS
from xsight_core.clv import (
    DEFAULT_PRIORS,
    Choice,
    Predictions,
    Prior,
    PurchaseSummary,
    Shortage,
    choose,
    predict,
    purchase_summary,
    value_totals,
)
from xsight_core.clv import Totals as ValueTotals

__all__ = ["Figures", "Forecast", "figures", "forecast"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is expected of a shop's customers as of a day, and how far to trust it.

    ``predictions`` is None where there are none to show: too little data, or a model that lost to a rule of thumb.
    ``whole`` adds them up over all customers, ``by_segment`` over each segment.
    """

    summary: PurchaseSummary
    choice: Choice
    predictions: Predictions | None
    whole: ValueTotals | None
    by_segment: ValueTotals | None


@dataclass(frozen=True, eq=False)
class Figures:
    """A shop's numbers as of a day. Arrays per customer stand in the order of ``buyers``."""

    as_of: int
    orders: Orders
    buyers: Buyers
    totals: Totals
    daily: Daily
    rfm: Rfm
    cohorts: Cohorts
    forecast: Forecast


def figures(
    orders: Orders,
    as_of: int,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    *,
    priors: Mapping[str, Prior] = DEFAULT_PRIORS,
) -> Figures:
    """Compute all of it from the orders that count, up to and including the shop's day ``as_of``.

    The models climb from their own start, never from an earlier run's end: the same rows give the same numbers, to the
    last digit, whatever was computed before.
    """
    counted = orders.counted(as_of)
    who = buyers(counted, as_of)
    scored = rfm(who, thresholds)
    with ThreadPoolExecutor(1) as beside:
        ahead = beside.submit(forecast, counted, as_of, scored, priors=priors)
        return Figures(
            as_of=as_of,
            orders=counted,
            buyers=who,
            totals=totals(counted, who),
            daily=daily(counted, as_of),
            rfm=scored,
            cohorts=cohorts(counted, as_of),
            forecast=ahead.result(),
        )


def forecast(
    orders: Orders,
    as_of: int,
    scored: Rfm,
    *,
    priors: Mapping[str, Prior] = DEFAULT_PRIORS,
) -> Forecast:
    """Choose a model on the shop's own past and score its customers, whose segments ``scored`` holds."""
    counted = orders.counted(as_of)
    history = counted.ordered("customer"), counted.ordered("day"), counted.ordered("net_minor")
    summary = purchase_summary(*history, as_of)
    choice = choose(*history, as_of, priors=priors)
    if not choice.shown:
        return Forecast(summary, choice, None, None, None)
    predictions = predict(choice, summary)
    groups = {"whole": np.zeros(len(summary), np.int64), "segment": scored.segment.astype(np.int64)}
    sums = value_totals(choice, summary, groups)
    if isinstance(predictions, Shortage) or isinstance(sums, Shortage):
        return Forecast(summary, choice, None, None, None)
    return Forecast(summary, choice, predictions, sums["whole"], sums["segment"])
