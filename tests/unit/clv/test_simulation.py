"""Shops made of the model itself: parameters come back, and probabilities are frequencies."""

import numpy as np
import pytest

from tests.unit.clv.simulate import simulate
from xsight_core.clv import BetaGeoFitter, ModifiedBetaGeoFitter

TRUTH = (0.6, 40.0, 0.8, 2.0)
MODELS = [(BetaGeoFitter, False), (ModifiedBetaGeoFitter, True)]


def at_truth(model):
    fitted = model()
    fitted.params_ = dict(zip(("r", "alpha", "a", "b"), TRUTH, strict=True))
    return fitted


@pytest.mark.parametrize(("model", "modified"), MODELS)
def test_scores_are_what_happens(model, modified):
    shop = simulate(150_000, TRUTH, 90.0, 3, modified=modified)
    rows = (shop.frequency, shop.recency, shop.T)
    fitted = at_truth(model)
    churn = fitted.probability_of_no_purchase(90, *rows)
    alive = fitted.conditional_probability_alive(*rows)
    expected = fitted.conditional_expected_number_of_purchases_up_to_time(90, *rows)
    silent = shop.later == 0
    groups = np.minimum(shop.frequency, 4) * 10 + np.minimum((churn * 10).astype(int), 9)
    for group in np.unique(groups):
        here = groups == group
        n = int(here.sum())
        if n < 400:
            continue
        for predicted, seen in ((churn, silent), (alive, shop.alive)):
            p = predicted[here].mean()
            assert abs(p - seen[here].mean()) < 5 * np.sqrt(max(p * (1 - p), 1e-4) / n) + 1e-9
        spread = shop.later[here].std() / np.sqrt(n)
        assert abs(expected[here].mean() - shop.later[here].mean()) < 5 * spread + 1e-3


@pytest.mark.parametrize(("model", "modified"), MODELS)
@pytest.mark.parametrize("n", [500, 2_000, 10_000, 30_000])
def test_parameters_come_back(model, modified, n):
    shop = simulate(n, TRUTH, 0.0, n, modified=modified)
    fitted = model().fit(shop.frequency, shop.recency, shop.T)
    assert fitted.converged_
    r, alpha, a, b = TRUTH
    theta = np.array([np.log(r / alpha), np.log(r), np.log(a / b), np.log(a + b)])
    errors = (fitted.theta_ - theta) / np.sqrt(np.diag(fitted.covariance_))
    assert (np.abs(errors) < 4).all()  # within its own error bars


def test_churn_is_one_minus_the_chance_to_be_there_and_buy():
    model = at_truth(ModifiedBetaGeoFitter)
    x, t_x, until = np.array([0, 3, 40]), np.array([0, 100, 380]), np.array([60, 120, 400])
    churn = model.probability_of_no_purchase(90, x, t_x, until)
    assert ((churn > 0) & (churn < 1)).all()
    alive = model.conditional_probability_alive(x, t_x, until)
    np.testing.assert_allclose(model.probability_of_no_purchase(0.0, x, t_x, until), 1.0)
    np.testing.assert_allclose(
        model.probability_of_no_purchase(1e12, x, t_x, until), 1 - alive, atol=1e-4
    )
