"""Any list of orders gives defined predictions or says what is missing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.clv.simulate import TRUTHFUL, history
from xsight_core.clv import (
    ACTIONS,
    REASONS,
    BetaGeoFitter,
    GammaGammaFitter,
    ModifiedBetaGeoFitter,
    Predictions,
    Shortage,
    choose,
    predict,
    purchase_summary,
    reason_words,
    value_totals,
    yearly_value,
)
from xsight_core.clv.reasons import reasons_and_action
from xsight_core.errors import InvalidInput


def defined(customer, day, spend, as_of):
    """Whatever the orders: a state, and no number that is none."""
    choice = choose(customer, day, spend, as_of)
    summary = purchase_summary(customer, day, spend, as_of)
    said = predict(choice, summary)
    assert isinstance(choice.card(), dict)
    if choice.state == "not_enough_data":
        assert said is choice.shortage
        assert choice.shortage.message
        assert isinstance(value_totals(choice, summary, {}), Shortage)
        return choice, said
    assert isinstance(said, Predictions)
    for name, values in vars(said).items():
        if isinstance(values, np.ndarray):
            assert np.isfinite(values).all(), name
    for name in ("p_alive", "p_alive_low", "p_alive_high", "churn_90", "p_order_365"):
        assert ((getattr(said, name) >= 0) & (getattr(said, name) <= 1)).all()
    assert (said.clv_minor is None) == isinstance(said.value, Shortage)
    assert said.reasons.min() >= -1
    assert said.reasons.max() < len(REASONS)
    assert said.action.max() < len(ACTIONS)
    assert all(reason_words(summary, said.reasons, i) for i in range(min(20, len(summary))))
    return choice, said


def noise(customers, orders, days, seed):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, customers, orders)
    return who, rng.integers(0, days, orders), rng.integers(-500, 5_000, orders)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 300), st.integers(0, 900), st.integers(1, 900), st.integers(0, 1_000))
def test_random_shops(customers, orders, days, seed):
    defined(*noise(customers, orders, days, seed), days)


ODD = {
    "no orders": ([], [], []),
    "one order": ([5], [10], [100]),
    "all on one day": (np.arange(50) % 20, np.full(50, 100), np.full(50, 100)),
    "nothing spent": (*noise(200, 900, 400, 1)[:2], np.zeros(900, int)),
    "all returned": (*noise(200, 900, 400, 1)[:2], np.full(900, -5)),
    "all alike": (
        np.arange(900) // 3,
        np.arange(900) % 300 + 7 * (np.arange(900) % 3),
        [700] * 900,
    ),
    "in the future": (np.arange(50), np.full(50, 9_000), np.full(50, 100)),
    "nobody came back": (np.arange(500), np.arange(500), np.full(500, 100)),
}


@pytest.mark.parametrize("orders", ODD.values(), ids=ODD)
def test_odd_shops(orders):
    customer, day, spend = (np.asarray(column, np.int64) for column in orders)
    choice, said = defined(customer, day, spend, 500)
    few = {"no orders", "one order", "all on one day", "in the future", "nobody came back"}
    name = next(k for k, v in ODD.items() if v is orders)
    assert (choice.state == "not_enough_data") == (name in few)
    if name in few:
        assert said.have["repeat_customers"] < said.need["repeat_customers"]
    elif name in {"nothing spent", "all returned", "all alike"}:
        assert said.clv_minor is None
        assert isinstance(
            yearly_value(choice, purchase_summary(customer, day, spend, 500)), Shortage
        )


def test_a_customer_with_five_thousand_orders():
    customer, day, spend = noise(300, 900, 700, 2)
    daily = np.arange(-4_300, 700)
    customer = np.r_[customer, np.full(5_000, 999)]
    day, spend = np.r_[day, daily] + 4_300, np.r_[spend, np.full(5_000, 100)]
    _, said = defined(customer, day, spend, 5_000)
    assert said.p_alive[-1] > 0.95
    assert 60 < said.expected_orders[-1, 1] < 91


def test_a_zone_that_changes_moves_days_and_little_else():
    customer, day = history(2_000, TRUTHFUL, days=500, seed=5)
    spend = np.full(len(day), 1_000) + customer
    moved = np.maximum(day - (np.arange(len(day)) % 3 == 0), 0)
    before, after = (
        predict(choose(customer, when, spend, 500), purchase_summary(customer, when, spend, 500))
        for when in (day, moved)
    )
    assert np.abs(before.churn_90 - after.churn_90).mean() < 0.02


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        (([1, 2], [3], [4, 5]), "orders"),
        (([1.5, 2], [3, 4], [4, 5]), "orders"),
        (([1, 2], [3, 4], [np.nan, 5]), "spend"),
    ],
)
def test_input_that_is_no_list_of_orders(columns, field):
    with pytest.raises(InvalidInput) as error:
        choose(*(np.array(column) for column in columns), 10)
    assert error.value.field == field


def test_groups_and_years_are_checked():
    customer, day = history(1_000, TRUTHFUL, days=500, seed=6)
    choice = choose(customer, day, customer + 5, 500)
    summary = purchase_summary(customer, day, customer + 5, 500)
    with pytest.raises(InvalidInput, match="each customer"):
        value_totals(choice, summary, {"segment": np.zeros(3, int)})
    with pytest.raises(InvalidInput, match="years"):
        yearly_value(choice, summary, 9)
    with pytest.raises(InvalidInput):
        ModifiedBetaGeoFitter.at(1, 2, 0, 1)
    with pytest.raises(InvalidInput):
        GammaGammaFitter.at(1, -1, 1)
    with pytest.raises(InvalidInput):
        GammaGammaFitter().fit(np.array([1.5, 2]), np.array([3.0, 4.0]))
    with pytest.raises(InvalidInput):
        BetaGeoFitter().fit(np.array([1]), np.array([1]), np.array([2]), np.array([-1.0]))


def test_empty_groups_are_zero():
    customer, day = history(1_000, TRUTHFUL, days=500, seed=6)
    choice = choose(customer, day, customer + 5, 500)
    summary = purchase_summary(customer, day, customer + 5, 500)
    found = value_totals(choice, summary, {"g": np.where(np.arange(1_000) < 500, 0, 2)})["g"]
    assert found.customers.tolist() == [500, 0, 500]
    assert (found.clv_minor[1] == 0).all()
    assert (found.expected_orders_high[1] == 0).all()


def test_reasons_are_the_customers_own():
    summary = purchase_summary(
        np.array([1, 1, 1, 2, 3, 3]), np.array([0, 20, 40, 190, 0, 190]), np.ones(6), 200
    )
    reasons, action = reasons_and_action(summary, np.array([0.9, 0.7, 0.2]), None)
    words = [reason_words(summary, reasons, i)[0] for i in range(3)]
    assert words == [
        "Last order 160 days ago; usually every 20.",
        "Bought once, 10 days ago.",
        "Last order 10 days ago; usually every 190, so not late.",
    ]
    assert [ACTIONS[i].key for i in action] == ["win_back", "second_order", "keep"]
