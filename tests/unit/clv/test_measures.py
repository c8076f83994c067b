"""Measures against pandas and by hand."""

import numpy as np
import pandas as pd
import pytest

from xsight_core.clv.measures import measure, measure_spend, rank_correlation


@pytest.mark.parametrize("seed", range(4))
def test_rank_correlation_is_pandas(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.poisson(1, 200), rng.poisson(1, 200) + rng.random(200).round(1)
    want = pd.Series(a).rank().corr(pd.Series(b).rank())
    assert rank_correlation(a, b) == pytest.approx(want)
    assert rank_correlation(np.ones(5), np.arange(5)) == 0.0


def test_by_hand():
    seen = np.array([0, 0, 2, 1, 0, 0, 0, 0, 0, 7])
    orders = np.array([0.1, 0.1, 1.0, 1.0, 0.1, 0.1, 0.1, 0.1, 0.1, 3.0])
    silent = np.where(orders > 0.5, 0.25, 0.875)
    found = measure("x", "model", silent, orders, seen)
    assert found.mae == pytest.approx((7 * 0.1 + 1 + 0 + 4) / 10)
    assert found.top_decile_lift == pytest.approx(7.0)
    assert found.brier == pytest.approx((7 * 0.125**2 + 3 * 0.25**2) / 10)
    assert found.orders_predicted == pytest.approx(5.7)
    assert found.ece == pytest.approx((7 * 0.125 + 3 * 0.25) / 10)


def test_equal_forecasts_share_the_top_tenth():
    seen = np.r_[np.full(10, 5), np.zeros(90)]
    same = measure_spend("x", "rule", np.ones(100), seen)
    assert same.top_decile_lift == pytest.approx(1.0)
    order = np.random.default_rng(1).permutation(100)
    forecast = np.repeat([3.0, 2.0], [5, 95])
    one = measure_spend("x", "rule", forecast, seen)
    other = measure_spend("x", "rule", forecast[order], seen[order])
    assert one.top_decile_lift == pytest.approx(other.top_decile_lift)
    assert measure_spend("x", "rule", forecast, np.zeros(100)).top_decile_lift == 0.0
