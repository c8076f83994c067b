"""Intervals hold what they promise."""

import numpy as np
import pytest

from tests.unit.clv.coverage import coverage
from tests.unit.clv.simulate import TRUTHFUL, history
from xsight_core.clv import HORIZONS, choose, predict, purchase_summary, value_totals, yearly_value


def test_nine_in_ten():
    found = coverage(shops=80, customers=600)
    assert all(0.87 < share < 0.93 for share in found.values()), found


@pytest.fixture(scope="module")
def shop():
    customer, day = history(6_000, TRUTHFUL, days=700, seed=12)
    rng = np.random.default_rng(1)
    level = rng.gamma(4, 1_000, 6_000)
    spend = np.rint(level[customer] * rng.gamma(6, 1 / 6, len(day))).astype(int)
    seen = day <= 610
    choice = choose(customer[seen], day[seen], spend[seen], 610)
    summary = purchase_summary(customer, day, spend, 610)
    return customer, day, choice, summary, predict(choice, summary)


def test_bounds_lie_around_what_they_bound(shop):
    *_, said = shop
    for name in ("p_alive", "expected_orders", "clv_minor"):
        middle, low, high = (getattr(said, name + end) for end in ("", "_low", "_high"))
        assert (low <= middle).all()
        assert (middle <= high).all()
        assert (low > 0).all()
        assert np.isfinite(high).all()
    assert (np.diff(said.expected_orders, axis=1) > 0).all()
    assert said.expected_orders.shape == (len(said), len(HORIZONS))


def test_next_orders_come_when_said(shop):
    customer, day, choice, summary, said = shop
    later = day > 610
    first = {}
    for who, when in zip(customer[later].tolist(), day[later].tolist(), strict=True):
        first.setdefault(who, when)
    # the record ends 90 days on: the share of those said to come by then, and of them who came in the range
    here = np.array([first.get(who, 0) for who in summary.customer.tolist()])
    came = here > 0
    assert came.mean() == pytest.approx(1 - said.churn_90.mean(), abs=0.015)
    assert (said.next_order_day_low <= said.next_order_day).all()
    assert (said.next_order_day <= said.next_order_day_high).all()
    assert (said.next_order_day > choice.as_of).all()
    assert (said.next_order_day_high <= choice.as_of + 365).all()
    soon = said.next_order_day_high <= 700  # their whole range can be seen
    assert soon.sum() > 200
    assert (here[soon & came] <= said.next_order_day_high[soon & came]).mean() > 0.9


def test_next_order_quantiles_are_those_of_the_waiting_time():
    rng = np.random.default_rng(4)
    customer, day = history(3_000, TRUTHFUL, days=500, seed=13)
    choice = choose(customer, day, np.ones(len(day), int), 500)
    summary = purchase_summary(customer, day, np.ones(len(day)), 500)
    said = predict(choice, summary)
    r, alpha = choice.purchases.params_["r"], choice.purchases.params_["alpha"]
    rates = rng.gamma(r + summary.frequency, 1 / (alpha + summary.T), (400, len(summary)))
    wait = rng.exponential(1 / rates)
    within = wait <= 365
    held = (wait > said.next_order_day_low - 501) & (wait <= said.next_order_day_high - 500)
    assert (held & within).sum() / within.sum() == pytest.approx(0.9, abs=0.02)
    assert choice.champion == "MBG/NBD"
    assert (within.mean(axis=0) * said.p_alive).mean() == pytest.approx(
        said.p_order_365.mean(), rel=0.02
    )


def test_totals_are_the_sum_of_their_parts(shop):
    _, _, choice, summary, said = shop
    group = np.arange(len(summary)) % 3
    found = value_totals(choice, summary, {"third": group, "all": np.zeros(len(summary), int)})
    for g in range(3):
        here = group == g
        assert found["third"].customers[g] == here.sum()
        np.testing.assert_allclose(
            found["third"].expected_orders[g], said.expected_orders[here].sum(axis=0), rtol=1e-9
        )
        np.testing.assert_allclose(
            found["third"].clv_minor[g], said.clv_minor[here].sum(axis=0), rtol=1e-9
        )
    whole = found["all"]
    assert (whole.clv_minor_low < whole.clv_minor).all()
    # parts move together, but not more than in step
    assert (whole.clv_minor_high[0] <= said.clv_minor_high.sum(axis=0) * 1.001).all()


def test_years_add_up(shop):
    _, _, choice, summary, said = shop
    years = yearly_value(choice, summary, 3)
    assert years.clv_minor.shape == (len(summary), 3)
    np.testing.assert_allclose(years.clv_minor[:, 0], said.clv_minor[:, 3], rtol=0.005)
    assert (years.clv_minor[:, 0] > years.clv_minor[:, 1]).all()
    assert (years.clv_minor_low < years.clv_minor_high).all()
