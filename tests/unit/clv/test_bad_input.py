"""A defined result or a typed error, never NaN, never an exception out of NumPy."""

import numpy as np
import pytest

from xsight_core.clv import (
    BetaGeoFitter,
    GammaGammaFitter,
    ModifiedBetaGeoFitter,
    Shortage,
    purchase_summary,
)
from xsight_core.clv.likelihood import Rows, log_likelihood
from xsight_core.clv.shortage import churn_shortage, fit_spend
from xsight_core.errors import InvalidInput, NotEnoughData


def summary_of(n, *, repeat, days=400, seed=1):
    """n customers, ``repeat`` of them with three more purchases."""
    rng = np.random.default_rng(seed)
    customer = np.r_[np.arange(n), np.repeat(np.arange(repeat), 3)]
    day = np.r_[rng.integers(0, days // 2, n), rng.integers(days // 2, days, 3 * repeat)]
    return purchase_summary(customer, day, np.full(len(customer), 1000), days)


@pytest.mark.parametrize("model", [BetaGeoFitter, ModifiedBetaGeoFitter])
def test_nobody_came_back(model):
    with pytest.raises(NotEnoughData, match="bought twice"):
        model().fit(np.zeros(50), np.zeros(50), np.arange(50))
    with pytest.raises(NotEnoughData):
        model().fit(np.zeros(0), np.zeros(0), np.zeros(0))


@pytest.mark.parametrize(
    ("x", "t_x", "until", "field"),
    [
        ([1], [5], [4], "recency"),
        ([0], [5], [6], "frequency"),
        ([1.5], [5], [6], "frequency"),
        ([-1], [0], [6], "T"),
        ([1], [np.nan], [6], "T"),
        ([1], [1], [np.inf], "T"),
    ],
)
def test_rows_no_history_can_give(x, t_x, until, field):
    with pytest.raises(InvalidInput) as error:
        BetaGeoFitter().fit(np.array(x), np.array(t_x), np.array(until))
    assert error.value.field == field


def test_spend_that_cannot_be_modelled():
    with pytest.raises(NotEnoughData):
        GammaGammaFitter().fit(np.array([1, 2]), np.array([0.0, -3.0]))
    with pytest.raises(NotEnoughData):
        GammaGammaFitter().fit(np.array([1, 2, 3]), np.array([5.0, 5.0, 5.0]))
    with pytest.raises(InvalidInput):
        GammaGammaFitter().fit(np.array([1, 2]), np.array([1.0, np.nan]))


def test_too_little_is_said_with_what_is_missing():
    few = churn_shortage(summary_of(100, repeat=12))
    assert (few.have["repeat_customers"], few.need["repeat_customers"]) == (12, 30)
    assert "30 repeat customers (so far 12)" in few.message
    short = churn_shortage(summary_of(300, repeat=100, days=60))
    assert "history days" in short.message
    assert churn_shortage(summary_of(300, repeat=100)) is None
    value = fit_spend(summary_of(300, repeat=100, days=120))
    assert isinstance(value, Shortage)
    assert "180 history days" in value.message


def test_a_customer_with_five_thousand_orders():
    summary = summary_of(300, repeat=100)
    x = np.r_[summary.frequency, 5000]
    t_x, until = np.r_[summary.recency, 5400], np.r_[summary.T, 5401]
    model = ModifiedBetaGeoFitter().fit(x, t_x, until)
    expected = model.conditional_expected_number_of_purchases_up_to_time(365, x, t_x, until)
    assert np.isfinite(expected).all()
    assert 200 < expected[-1] < 365


def test_everybody_bought_on_one_day():
    summary = purchase_summary(np.repeat(np.arange(50), 2), np.full(100, 7), np.full(100, 10), 7)
    assert summary.frequency.tolist() == [0] * 50
    assert churn_shortage(summary).have == {"repeat_customers": 0, "history_days": 0}


@pytest.mark.parametrize("modified", [False, True])
def test_derivatives(modified):
    """Gradient and Hessian against central differences."""
    rng = np.random.default_rng(4)
    x = rng.integers(0, 8, 200)
    until = rng.integers(50, 400, 200)
    t_x = np.where(x > 0, rng.integers(1, 50, 200), 0)
    rows = Rows.of(x, t_x, until)
    theta = np.array([-4.0, -0.4, -0.7, 0.9])
    _, gradient, hessian = log_likelihood(theta, rows, modified=modified)
    for i, step in enumerate(np.eye(4) * 1e-5):
        up, down = (
            log_likelihood(theta + sign * step, rows, modified=modified) for sign in (1, -1)
        )
        assert (up[0] - down[0]) / 2e-5 == pytest.approx(gradient[i], rel=1e-6, abs=1e-5)
        np.testing.assert_allclose((up[1] - down[1]) / 2e-5, hessian[i], rtol=1e-5, atol=1e-4)
