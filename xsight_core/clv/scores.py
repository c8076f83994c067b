"""Every customer's chance to stay and what is expected of them, or why that cannot be said."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xsight_core.clv.outlook import ANNUAL_DISCOUNT
from xsight_core.clv.purchases import BetaGeoFitter, ModifiedBetaGeoFitter
from xsight_core.clv.shortage import (
    CHURN_DAYS,
    CLV_DAYS,
    NEED,
    Shortage,
    churn_shortage,
    fit_spend,
)
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import Array, PurchaseSummary

__all__ = [
    "CHURN_DAYS",
    "CLV_DAYS",
    "NEED",
    "ChurnScores",
    "Shortage",
    "ValueScores",
    "churn_scores",
    "discounted_purchases",
    "value_scores",
]

_YEAR_DAYS = 365.0


@dataclass(frozen=True, eq=False)
class ChurnScores:
    """One entry per customer of the summary.

    Attributes
    ----------
    model : BetaGeoFitter
        The purchase model that was fitted, unit = day.
    p_alive : float
        P(active at the end of observation).
    churn_90 : float
        P(no order in the next 90 days): the one meaning of "churn" here.
    expected_orders_90, expected_orders_365 : float
        Expected days with an order in the next 90 and 365 days.
    """

    model: BetaGeoFitter
    p_alive: Array
    churn_90: Array
    expected_orders_90: Array
    expected_orders_365: Array

    def card(self) -> dict[str, Any]:
        """The model, to show beside its numbers."""
        return {
            "name": self.model.name,
            "unit": "day",
            "parameters": self.model.params_,
            "log_likelihood": self.model.log_likelihood_,
            "converged": self.model.converged_,
        }


@dataclass(frozen=True, eq=False)
class ValueScores:
    """``clv_365``: expected discounted spend of the next 365 days per customer, in spend's unit."""

    model: GammaGammaFitter
    clv_365: Array

    def card(self) -> dict[str, Any]:
        """The model, to show beside its numbers."""
        return {
            "name": self.model.name,
            "parameters": self.model.params_,
            "log_likelihood": self.model.log_likelihood_,
            "log_correlation": self.model.log_correlation_,
            "annual_discount": ANNUAL_DISCOUNT,
            "converged": self.model.converged_,
        }


def churn_scores(
    summary: PurchaseSummary, model: BetaGeoFitter | None = None
) -> ChurnScores | Shortage:
    """Fit the purchase model to a shop and score its customers.

    Parameters
    ----------
    summary : PurchaseSummary
        With days as the unit of time.
    model : BetaGeoFitter, optional
        What to fit; MBG/NBD by default, because BG/NBD calls every one-time buyer alive for
        certain.
    """
    missing = churn_shortage(summary)
    if missing:
        return missing
    columns = (summary.frequency, summary.recency, summary.T)
    model = (model or ModifiedBetaGeoFitter()).fit(*columns)
    horizons = np.array([CHURN_DAYS, CLV_DAYS], float)
    expected = model.conditional_expected_number_of_purchases_up_to_time(horizons, *columns)
    if not np.isfinite(expected).all():
        return Shortage("churn", reason="The purchase model does not fit this shop's history.")
    return ChurnScores(
        model=model,
        p_alive=model.conditional_probability_alive(*columns),
        churn_90=model.probability_of_no_purchase(CHURN_DAYS, *columns),
        expected_orders_90=expected[:, 0],
        expected_orders_365=expected[:, 1],
    )


def value_scores(summary: PurchaseSummary, churn: ChurnScores | Shortage) -> ValueScores | Shortage:
    """Fit the spend model and value every customer: discounted purchases times expected spend.

    It rests on spend per purchase being independent of how often a customer buys; the card carries
    the correlation of both.
    """
    spend = fit_spend(summary)
    if isinstance(spend, Shortage):
        return spend
    if isinstance(churn, Shortage):
        return Shortage("clv", churn.have, NEED["clv"], churn.reason)
    x, m = summary.frequency, summary.monetary_value
    purchases = discounted_purchases(churn.model, summary)
    return ValueScores(spend, purchases * spend.conditional_expected_average_profit(x, m))


def discounted_purchases(
    model: BetaGeoFitter,
    summary: PurchaseSummary,
    *,
    days: float = CLV_DAYS,
    annual_discount: float = ANNUAL_DISCOUNT,
    steps: int = 12,
) -> Array:
    """Expected purchases in the next ``days``, each discounted to today from the end of its step.

    With E(t) the expected purchases up to t and v_i = (1 + annual)^(-t_i/365) at the ``steps``
    equally spaced t_i::

        Σ_i v_i (E(t_i) - E(t_{i-1}))

    The finite-horizon form of Fader, Hardie & Lee (2005), "RFM and CLV: using iso-value curves for
    customer base analysis".
    """
    ends = days * np.arange(1, steps + 1) / steps
    value = (1 + annual_discount) ** (-ends / _YEAR_DAYS)
    weights = value - np.r_[value[1:], 0]
    return model.weighted_purchases(ends, weights, summary.frequency, summary.recency, summary.T)
