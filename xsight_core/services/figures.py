"""Everything that is computed from a shop's orders as of one day, together."""

from dataclasses import dataclass

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
    ChurnScores,
    Evidence,
    PurchaseSummary,
    Shortage,
    ValueScores,
    backtest,
    churn_scores,
    purchase_summary,
    value_scores,
)

__all__ = ["Figures", "figures"]


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
    purchases: PurchaseSummary
    churn: ChurnScores | Shortage
    value: ValueScores | Shortage
    evidence: Evidence | Shortage


def figures(orders: Orders, as_of: int, thresholds: Thresholds = DEFAULT_THRESHOLDS) -> Figures:
    """Compute all of it from the orders that count, up to and including the shop's day ``as_of``."""
    counted = orders.counted(as_of)
    who = buyers(counted, as_of)
    index = counted.by_customer
    history = counted.customer[index], counted.day[index], counted.net_minor[index]
    summary = purchase_summary(*history, as_of)
    churn = churn_scores(summary)
    return Figures(
        as_of=as_of,
        orders=counted,
        buyers=who,
        totals=totals(counted, who),
        daily=daily(counted, as_of),
        rfm=rfm(who, thresholds),
        cohorts=cohorts(counted, as_of),
        purchases=summary,
        churn=churn,
        value=value_scores(summary, churn),
        evidence=backtest(*history, as_of),
    )
