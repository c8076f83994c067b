"""What customers will do: purchase and spend models. Pure: arrays in, arrays out.

``choose`` tries the models on a shop's own past and fits the best; ``predict`` scores its customers.
"""

from xsight_core.clv.calibration import Calibration
from xsight_core.clv.choice import Choice, choose
from xsight_core.clv.holdout import Holdout, holdout
from xsight_core.clv.outlook import HORIZONS
from xsight_core.clv.pooling import Digest, pool
from xsight_core.clv.predictions import Predictions, predict
from xsight_core.clv.prior import DEFAULT_PRIORS, Prior
from xsight_core.clv.purchases import BetaGeoFitter, ModifiedBetaGeoFitter
from xsight_core.clv.reasons import ACTIONS, REASONS, reason_words
from xsight_core.clv.shortage import Shortage
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import PurchaseSummary, purchase_summary
from xsight_core.clv.totals import (
    Totals,
    YearlyValue,
    value_totals,
    yearly_totals,
    yearly_value,
)
from xsight_core.clv.visits import Visits

__all__ = [
    "ACTIONS",
    "DEFAULT_PRIORS",
    "HORIZONS",
    "REASONS",
    "BetaGeoFitter",
    "Calibration",
    "Choice",
    "Digest",
    "GammaGammaFitter",
    "Holdout",
    "ModifiedBetaGeoFitter",
    "Predictions",
    "Prior",
    "PurchaseSummary",
    "Shortage",
    "Totals",
    "Visits",
    "YearlyValue",
    "choose",
    "holdout",
    "pool",
    "predict",
    "purchase_summary",
    "reason_words",
    "value_totals",
    "yearly_totals",
    "yearly_value",
]
