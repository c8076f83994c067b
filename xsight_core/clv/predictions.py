"""Every customer's chance to stay, what is expected of them, why, and what to do about it."""

from dataclasses import dataclass

import numpy as np

from xsight_core.clv.choice import Choice
from xsight_core.clv.native import kernels
from xsight_core.clv.outlook import HORIZONS, Z_90, outlook, spend_ahead, whole
from xsight_core.clv.purchases import BetaGeoFitter
from xsight_core.clv.reasons import reasons_and_action
from xsight_core.clv.shortage import CHURN_DAYS, CLV_DAYS, Shortage
from xsight_core.clv.spend import GammaGammaFitter
from xsight_core.clv.summary import Array, PurchaseSummary

__all__ = ["Predictions", "predict"]

_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, eq=False)
class Predictions:
    """One entry per customer of the summary; never NaN.

    Columns of (n, 4) are ``HORIZONS``. ``_low`` and ``_high`` are 90 % intervals of what is said, from the covariance
    of the parameters; what one customer really does varies more.

    Attributes
    ----------
    p_alive : (n,)
        P(still a customer). Always MBG/NBD's: BG/NBD calls everyone who bought once alive for certain.
    churn_90 : (n,)
        P(no order in the next 90 days), calibrated on this shop's past where that helped.
    expected_orders : (n, 4)
        Expected days with an order.
    clv_minor : (n, 4) or None
        Expected spend net of returns, discounted to today by 10 % a year, in the unit of spend; None: see ``value``.
    value : Shortage or None
        Why there is no ``clv_minor``.
    p_order_365 : (n,)
        P(an order within a year).
    next_order_day, next_order_day_low, next_order_day_high : int (n,)
        Given that one comes within a year: median and 90 % range of its day.
    reasons : int8 (n, 3)
        Positions in ``REASONS``, most telling first, -1: none.
    action : int8 (n,)
        Position in ``ACTIONS``.
    """

    p_alive: Array
    p_alive_low: Array
    p_alive_high: Array
    churn_90: Array
    expected_orders: Array
    expected_orders_low: Array
    expected_orders_high: Array
    clv_minor: Array | None
    clv_minor_low: Array | None
    clv_minor_high: Array | None
    value: Shortage | None
    p_order_365: Array
    next_order_day: Array
    next_order_day_low: Array
    next_order_day_high: Array
    reasons: Array
    action: Array

    def __len__(self) -> int:
        return len(self.p_alive)


def predict(
    choice: Choice, summary: PurchaseSummary, *, as_of: int | None = None
) -> Predictions | Shortage:
    """Score the customers of a summary with a shop's champion.

    Parameters
    ----------
    choice : Choice
    summary : PurchaseSummary
        As of the day of the choice, or of another one given as ``as_of``.
    """
    model, lasting = choice.purchases, choice.lasting
    if model is None or lasting is None:
        return choice.shortage or Shortage("churn", reason="There is no model of this shop.")
    columns = (summary.frequency, summary.recency, summary.T)
    ahead = outlook(model, summary)
    alive = ahead if model is lasting else outlook(lasting, summary)
    churn = model.probability_of_no_purchase(CHURN_DAYS, *columns)
    if choice.calibration is not None:
        churn = choice.calibration(churn)
    n = len(HORIZONS)
    orders, width = ahead.mean[:, :n], np.exp(Z_90 * np.sqrt(ahead.variance[:, :n]))
    each: Array | None = None
    clv = low = high = None
    if isinstance(choice.spend, GammaGammaFitter):
        each, each_variance = spend_ahead(choice.spend, summary)
        clv = ahead.mean[:, n:] * each[:, None]
        spread = np.exp(Z_90 * np.sqrt(ahead.variance[:, n:] + each_variance[:, None]))
        low, high = clv / spread, clv * spread
    p_order, days = _next_order(model, summary)
    today = choice.as_of if as_of is None else as_of
    reasons, action = reasons_and_action(summary, churn, each)
    return Predictions(
        p_alive=alive.p_alive,
        p_alive_low=_shifted(alive.p_alive, -Z_90 * np.sqrt(alive.odds_variance)),
        p_alive_high=_shifted(alive.p_alive, Z_90 * np.sqrt(alive.odds_variance)),
        churn_90=churn,
        expected_orders=orders,
        expected_orders_low=orders / width,
        expected_orders_high=orders * width,
        clv_minor=clv,
        clv_minor_low=low,
        clv_minor_high=high,
        value=choice.spend if isinstance(choice.spend, Shortage) else None,
        p_order_365=p_order * ahead.p_alive,
        next_order_day_low=today + days[:, 0],
        next_order_day=today + days[:, 1],
        next_order_day_high=today + days[:, 2],
        reasons=reasons,
        action=action,
    )


def _shifted(p: Array, log_odds: Array) -> Array:
    """A probability with its log-odds moved."""
    with np.errstate(over="ignore"):
        return p / (p + (1 - p) * np.exp(-log_odds))


def _next_order(model: BetaGeoFitter, summary: PurchaseSummary) -> tuple[Array, Array]:
    """P(an order within a year | active), and 5 %, 50 %, 95 % points of its day given that there is one.

    The rate of an active customer is Gamma(r+x, α+T), so the wait W has P(W > t) = ((α+T)/(α+T+t))^(r+x); of the part
    within a year the share u is over at t = (α+T) ((1 - u P(W <= 365))^(-1/(r+x)) - 1).
    """
    x, until = whole(summary.frequency, summary.T)
    first, which = kernels().pairs(x, until)
    s, rate = model.params_["r"] + x[first], model.params_["alpha"] + until[first]
    within = -np.expm1(-s * np.log1p(CLV_DAYS / rate))
    passed = np.outer(within, _QUANTILES)
    days = rate[:, None] * np.expm1(-np.log1p(-passed) / s[:, None])
    return within[which], np.clip(np.ceil(days), 1, CLV_DAYS).astype(np.int64)[which]
