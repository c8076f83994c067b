"""How often 90 % intervals hold the truth, over simulated shops."""

import numpy as np

from tests.unit.clv.simulate import simulate
from xsight_core.clv import (
    DEFAULT_PRIORS,
    GammaGammaFitter,
    ModifiedBetaGeoFitter,
    PurchaseSummary,
)
from xsight_core.clv.outlook import AHEAD, Z_90, outlook, spend_ahead
from xsight_core.clv.spend import DEFAULT_SPEND_PRIOR

PURCHASES, SPEND = (0.8, 30.0, 0.6, 2.5), (6.0, 4.0, 30.0)


def whole_days(customers: int, seed: int) -> PurchaseSummary:
    """A shop of MBG/NBD customers with Gamma-Gamma spend."""
    shop = simulate(customers, PURCHASES, 0.0, seed, modified=True)
    x, until = shop.frequency.astype(int), np.ceil(shop.T).astype(int)
    last = np.minimum(np.ceil(shop.recency).astype(int), until)
    rng = np.random.default_rng(seed + 1_000_000)
    p, q, v = SPEND
    rate = rng.gamma(q, 1 / v, customers)
    paid = rng.gamma(p * np.maximum(x, 1), 1 / (rate * np.maximum(x, 1)))
    return PurchaseSummary(np.arange(customers), x, last, until, np.where(x > 0, paid, 0.0))


def coverage(shops: int, customers: int) -> dict[str, float]:
    """Share of customers whose interval holds what the true parameters give."""
    held = np.zeros(4)
    for seed in range(shops):
        summary = whole_days(customers, seed)
        columns = (summary.frequency, summary.recency, summary.T)
        model = ModifiedBetaGeoFitter().fit(*columns, prior=DEFAULT_PRIORS["MBG/NBD"])
        spend = GammaGammaFitter().fit(
            summary.frequency, summary.monetary_value, prior=DEFAULT_SPEND_PRIOR
        )
        true = ModifiedBetaGeoFitter.at(*PURCHASES)
        said, alive = outlook(model, summary), true.conditional_probability_alive(*columns)
        truth = AHEAD.of(true, summary.frequency, summary.T) * alive[:, None]
        each, variance = spend_ahead(spend, summary)
        really = GammaGammaFitter.at(*SPEND).conditional_expected_average_profit(
            summary.frequency, summary.monetary_value
        )
        odds = [np.log(p / (1 - p)) for p in (said.p_alive, alive)]
        orders = np.log(said.mean / truth)
        misses = [
            ((odds[0] - odds[1]), said.odds_variance),
            (orders[:, 1], said.variance[:, 1]),
            (orders[:, 3], said.variance[:, 3]),
            (orders[:, 7] + np.log(each / really), said.variance[:, 7] + variance),
        ]
        held += [(np.abs(miss) < Z_90 * np.sqrt(spread)).mean() for miss, spread in misses]
    return dict(zip(("p_alive", "orders_90", "orders_365", "clv_365"), held / shops, strict=True))
