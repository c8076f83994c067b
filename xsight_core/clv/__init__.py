"""What customers will do: purchase and spend models. Pure: arrays in, arrays out."""

from xsight_core.clv.backtest import Evidence, backtest
from xsight_core.clv.purchases import BetaGeoFitter, ModifiedBetaGeoFitter
from xsight_core.clv.scores import (
    ChurnScores,
    Shortage,
    ValueScores,
    churn_scores,
    discounted_purchases,
    value_scores,
)
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import PurchaseSummary, purchase_summary

__all__ = [
    "BetaGeoFitter",
    "ChurnScores",
    "Evidence",
    "GammaGammaFitter",
    "ModifiedBetaGeoFitter",
    "PurchaseSummary",
    "Shortage",
    "ValueScores",
    "backtest",
    "churn_scores",
    "discounted_purchases",
    "purchase_summary",
    "value_scores",
]
