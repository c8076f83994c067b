"""Evidence on shops whose truth is known."""

import numpy as np
import pytest

from tests.unit.clv.cdnow import lines
from tests.unit.clv.simulate import TRUTHFUL, history
from xsight_core.clv import Evidence, ModifiedBetaGeoFitter, Shortage, backtest, purchase_summary


def test_a_shop_that_follows_the_model_is_forecast_well():
    customer, day = history(8_000, TRUTHFUL, days=600, seed=8)
    found = backtest(customer, day, np.ones(len(day)), 600)
    assert isinstance(found, Evidence)
    assert found.card()["beats_baseline"]
    assert found.predicted == pytest.approx(found.observed, abs=0.02)
    assert found.calibration_error < 0.03
    assert found.orders_predicted == pytest.approx(found.orders_observed, rel=0.1)
    assert found.top_decile_lift > 2
    assert sum(n for _, _, n in found.curve) == found.customers


def test_a_shop_that_closed_is_reported_as_a_failure():
    customer, day = history(3_000, TRUTHFUL, days=600, seed=9)
    before = day <= 510
    found = backtest(customer[before], day[before], np.ones(before.sum()), 600)
    assert isinstance(found, Evidence)
    assert (found.observed, found.orders_observed, found.top_decile_lift) == (1.0, 0, 0.0)
    assert found.predicted < 0.95
    assert found.calibration_error == pytest.approx(1 - found.predicted)


def test_figures_against_a_plain_computation():
    customer, day, spend = lines("CDNOW_master.txt")
    order = np.lexsort((day, customer))
    customer, day, spend = customer[order], day[order], spend[order]
    end = int(day.max())
    found = backtest(customer, day, spend, end)
    then = purchase_summary(customer, day, spend, end - 90)
    rows = (then.frequency, then.recency, then.T)
    model = ModifiedBetaGeoFitter().fit(*rows)
    forecast = model.probability_of_no_purchase(90, *rows)
    came = set(customer[day > end - 90].tolist())
    silent = np.array([who not in came for who in then.customer.tolist()], float)
    assert found.brier == pytest.approx(((forecast - silent) ** 2).mean())
    assert found.observed == silent.mean()
    assert found.baselines["recency"] < found.baselines["base_rate"]
    assert found.skill == pytest.approx(1 - found.brier / found.baselines["recency"])
    assert found.skill > 0.1
    assert found.calibration_error < 0.02


def test_too_short_a_past_is_said():
    customer, day = history(500, TRUTHFUL, days=120, seed=3)
    found = backtest(customer, day, np.ones(len(day)), 120)
    assert isinstance(found, Shortage)
    none = np.zeros(0, np.int64)
    assert isinstance(backtest(none, none, none, 100), Shortage)
