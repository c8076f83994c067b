"""What a shop needs before its customers are scored, and how it is told what is missing."""

from dataclasses import dataclass, field

import numpy as np

from xsight_core.clv.spend import DEFAULT_SPEND_PRIOR, GammaGammaFitter
from xsight_core.clv.summary import Array, PurchaseSummary

__all__ = ["CHURN_DAYS", "CLV_DAYS", "NEED", "Shortage", "churn_shortage", "fit_spend"]

CHURN_DAYS = 90
CLV_DAYS = 365
_ALIKE = 1e-9

NEED = {
    "churn": {"repeat_customers": 30, "history_days": 90},
    "clv": {"repeat_customers": 30, "history_days": 180},
}
"""Fewer repeat customers leave the likelihood nearly flat, and a future as long as several pasts is a guess."""


@dataclass(frozen=True)
class Shortage:
    """Why there is no prediction: what the shop has and what it takes, or what does not fit."""

    metric: str
    have: dict[str, int] = field(default_factory=dict[str, int])
    need: dict[str, int] = field(default_factory=dict[str, int])
    reason: str = ""

    @property
    def message(self) -> str:
        """What to tell the merchant.

        >>> Shortage("churn", {"history_days": 12}, {"history_days": 90}).message
        'Not enough data yet: needs 90 history days (so far 12).'
        """
        short = [name for name, least in self.need.items() if self.have.get(name, 0) < least]
        gaps = [f"{self.need[n]} {n.replace('_', ' ')} (so far {self.have[n]})" for n in short]
        return self.reason or f"Not enough data yet: needs {' and '.join(gaps)}."


def churn_shortage(summary: PurchaseSummary) -> Shortage | None:
    """What is missing for the purchase models."""
    return _short("churn", summary, summary.frequency > 0)


def fit_spend(summary: PurchaseSummary) -> GammaGammaFitter | Shortage:
    """The spend model of a shop, on customers with repeats and positive spend, or why there is none."""
    x, m = summary.frequency, summary.monetary_value
    fits = (x > 0) & (m > 0)
    missing = _short("clv", summary, fits)
    if missing:
        return missing
    spent = m[fits]
    if np.ptp(spent) <= _ALIKE * spent.max():
        reason = "Every purchase has the same value: multiply expected orders by it."
        return Shortage("clv", reason=reason)
    spend = GammaGammaFitter().fit(x, m, prior=DEFAULT_SPEND_PRIOR)
    if not (spend.params_["q"] > 1 and np.isfinite(spend.covariance_).all()):
        reason = "Spend differs so much between customers that it has no mean to rely on."
        return Shortage("clv", reason=reason)
    return spend


def _short(metric: str, summary: PurchaseSummary, repeat: Array) -> Shortage | None:
    have = {
        "repeat_customers": int(np.count_nonzero(repeat)),
        "history_days": int(summary.T.max(initial=0)),
    }
    need = NEED[metric]
    if any(have[name] < least for name, least in need.items()):
        return Shortage(metric, have, need)
    return None
