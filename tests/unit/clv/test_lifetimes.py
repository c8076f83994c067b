"""lifetimes as the oracle: same rows, same optimum, same scores where it is right."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest

from tests.unit.clv.cdnow import calibration, lines
from tests.unit.clv.oracle import lifetimes
from xsight_core.clv import (
    BetaGeoFitter,
    GammaGammaFitter,
    ModifiedBetaGeoFitter,
    choose,
    predict,
    purchase_summary,
)


@pytest.fixture(scope="module")
def summary():
    return calibration("CDNOW_sample.txt")


@pytest.mark.parametrize("model", [BetaGeoFitter, ModifiedBetaGeoFitter])
def test_same_optimum_and_scores(summary, model):
    rows = (summary.frequency, summary.recency, summary.T)
    ours = model().fit(*rows)
    theirs = getattr(lifetimes, model.__name__)()
    with warnings.catch_warnings():
        # autograd's log1p and hyp2f1 at the edges of its line search
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs.fit(*rows)
        for name, value in ours.params_.items():
            assert value == pytest.approx(float(theirs.params_[name]), rel=1e-3)
        adopted = model.at(**theirs.params_)
        assert adopted.params_ == dict(theirs.params_)
        theirs.params_ = pd.Series(ours.params_)  # the scores at one and the same point
        alive = np.asarray(theirs.conditional_probability_alive(*rows))
        expected = np.asarray(theirs.conditional_expected_number_of_purchases_up_to_time(90, *rows))
    np.testing.assert_allclose(ours.conditional_probability_alive(*rows), alive, rtol=1e-10)
    got = ours.conditional_expected_number_of_purchases_up_to_time(90, *rows)
    np.testing.assert_allclose(got, expected, rtol=1e-7)


def test_same_spend_and_lifetime_value(summary):
    rows = (summary.frequency, summary.recency, summary.T)
    repeat = (summary.frequency > 0) & (summary.monetary_value > 0)
    ours, theirs = GammaGammaFitter(), lifetimes.GammaGammaFitter()
    ours.fit(summary.frequency, summary.monetary_value / 100)
    purchases = lifetimes.ModifiedBetaGeoFitter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs.fit(summary.frequency[repeat], summary.monetary_value[repeat] / 100)
        for name, value in ours.params_.items():
            assert value == pytest.approx(float(theirs.params_[name]), rel=2e-3)
            theirs.params_[name] = value
        model = ModifiedBetaGeoFitter().fit(*rows)
        purchases.params_ = pd.Series(model.params_)
        purchases.predict = purchases.conditional_expected_number_of_purchases_up_to_time
        money = np.where(repeat, summary.monetary_value, 0) / 100
        want = theirs.customer_lifetime_value(
            purchases, *map(pd.Series, (*rows, money)), time=12, discount_rate=0.01, freq="D"
        )
    got = ours.customer_lifetime_value(model, *rows, money, time=12, discount_rate=0.01, freq="D")
    np.testing.assert_allclose(got, np.asarray(want), rtol=1e-6)


def test_weights_stand_for_equal_rows(summary):
    rows = np.column_stack([summary.frequency, summary.recency, summary.T])
    distinct, count = np.unique(rows, axis=0, return_counts=True)
    one = ModifiedBetaGeoFitter().fit(*rows.T)
    grouped = ModifiedBetaGeoFitter().fit(*distinct.T, weights=count)
    assert grouped.params_ == pytest.approx(one.params_, rel=1e-9)
    assert grouped.log_likelihood_ == pytest.approx(one.log_likelihood_)


def test_fast_enough_for_a_page():
    customer, day, cents = lines("CDNOW_master.txt")
    started = time.thread_time()
    end = int(day.max())
    choice = choose(customer, day, cents, end)
    predict(choice, purchase_summary(customer, day, cents, end))
    assert time.thread_time() - started < 5  # about 0.1 s
