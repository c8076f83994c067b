"""Which model is used, when it is not shown, and what is said instead."""

import json
from importlib import import_module

import numpy as np
import pytest

from tests.unit.clv.cdnow import lines
from tests.unit.clv.simulate import TRUTHFUL, history
from xsight_core.clv import (
    DEFAULT_PRIORS,
    BetaGeoFitter,
    Choice,
    Holdout,
    ModifiedBetaGeoFitter,
    Shortage,
    Visits,
    choose,
    holdout,
    predict,
    purchase_summary,
)
from xsight_core.clv.rules import RULES, LookBack, forecast_by_rule


@pytest.fixture(scope="module")
def cdnow():
    customer, day, cents = lines("CDNOW_master.txt")
    return customer, day, cents, int(day.max())


@pytest.fixture(scope="module")
def chosen(cdnow) -> Choice:
    return choose(*cdnow)


def test_the_champion_has_the_lowest_squared_error_and_beats_the_rules(chosen):
    evidence = chosen.evidence
    assert isinstance(evidence, Holdout)
    by_kind = {
        kind: [c.brier for c in evidence.candidates if c.kind == kind] for kind in ("model", "rule")
    }
    assert {c.name for c in evidence.candidates} == {"MBG/NBD", "BG/NBD", *RULES}
    assert min(by_kind["model"]) == next(
        c.brier for c in evidence.candidates if c.name == chosen.champion
    )
    assert evidence.skill == pytest.approx(1 - min(by_kind["model"]) / min(by_kind["rule"]))
    assert (chosen.state, chosen.shown, chosen.value_shown) == ("ok", True, True)
    assert chosen.warnings == []


def test_figures_of_a_model_against_a_plain_computation(cdnow, chosen):
    customer, day, cents, end = cdnow
    then = purchase_summary(customer, day, cents, end - 90)
    rows = (then.frequency, then.recency, then.T)
    pairs = {(w, d) for w, d in zip(customer.tolist(), day.tolist(), strict=True) if d > end - 90}
    seen = {}
    for who, _ in pairs:
        seen[who] = seen.get(who, 0) + 1
    actual = np.array([seen.get(who, 0) for who in then.customer.tolist()])
    model = BetaGeoFitter().fit(*rows)  # the prior weighs nothing against 23,570 customers
    found = next(c for c in chosen.evidence.candidates if c.name == "BG/NBD")
    silent = model.probability_of_no_purchase(90, *rows)
    orders = model.conditional_expected_number_of_purchases_up_to_time(90, *rows)
    assert found.brier == pytest.approx(((silent - (actual == 0)) ** 2).mean(), rel=1e-4)
    assert found.mae == pytest.approx(np.abs(orders - actual).mean(), rel=1e-3)
    assert found.orders_predicted == pytest.approx(orders.sum(), rel=1e-3)
    assert chosen.evidence.orders == actual.sum()
    assert chosen.evidence.silent == (actual == 0).mean()
    money = {}
    for who, when, cent in zip(*(c.tolist() for c in (customer, day, cents)), strict=True):
        money[who] = money.get(who, 0) + cent * (when > end - 90)
    assert chosen.evidence.spend == pytest.approx(sum(money.values()))


@pytest.mark.parametrize("name", list(RULES))
def test_rules_against_a_plain_computation(name):
    customer, day = history(400, TRUTHFUL, days=500, seed=31)
    visits = Visits.of(customer, day, np.ones(len(day)))
    days = {w: sorted(set(day[customer == w].tolist())) for w in np.unique(customer).tolist()}

    def groups(cutoff, limit):
        out = {}
        for who, when in days.items():
            past = [d for d in when if d <= cutoff]
            if not past:
                continue
            silence, year = cutoff - past[-1], sum(d > cutoff - 365 for d in past)
            gap = past[-1] - past[-2] if len(past) > 1 else None
            out[who] = {
                "base rate": 0,
                "recency threshold": int(silence > limit),
                "last gap": 0 if gap is None else 1 + sum(silence / gap > k for k in (1, 2, 4)),
                "repeat past year": sum(year >= k for k in (1, 2, 3, 4, 6, 10)),
            }[name]
        return out

    def came(cutoff):
        return {w: sum(cutoff < d <= cutoff + 90 for d in when) for w, when in days.items()}

    best = None
    for limit in (30, 60, 90, 180, 360) if name == "recency threshold" else (0,):
        before, orders = groups(320, limit), came(320)
        overall = np.mean([orders[w] == 0 for w in before])
        share = {}
        for g in set(before.values()) | {0, 1, 2, 3, 4, 5, 6}:
            inside = [orders[w] == 0 for w in before if before[w] == g]
            share[g] = (sum(inside) + 2 * overall) / (len(inside) + 2)
        error = sum((share[before[w]] - (orders[w] == 0)) ** 2 for w in before)
        if best is None or error < best[0] - 1e-12:
            now = groups(410, limit)
            best = error, [share[now[w]] for w in sorted(now)]
    found = forecast_by_rule(name, LookBack.of(visits, 410, 90))
    np.testing.assert_allclose(found.silent, best[1])


def test_a_shop_that_closed_is_reported_and_not_shown():
    customer, day = history(3_000, TRUTHFUL, days=600, seed=9)
    keep = day <= 510
    choice = choose(customer[keep], day[keep], np.full(keep.sum(), 900), 600)
    assert (choice.state, choice.shown, choice.value_shown) == (
        "no_better_than_a_rule",
        False,
        False,
    )
    assert choice.evidence.skill <= 0
    assert choice.card()["evidence"]["candidates"]


def test_customers_like_clockwork_are_no_case_for_the_models():
    """Everybody orders every 100 days: the rule of the last gap knows who comes, a Poisson process does not."""
    start = np.repeat(np.arange(600) % 100, 6)
    customer, day = np.repeat(np.arange(600), 6), start + np.tile(np.arange(6) * 100, 600)
    leaves = customer % 3 == 0
    keep = ~(leaves & (day > 250))
    choice = choose(customer[keep], day[keep], np.full(keep.sum(), 500), 595)
    assert choice.state == "no_better_than_a_rule"


def test_a_past_too_short_to_try_is_unproven():
    customer, day = history(2_000, TRUTHFUL, days=120, seed=3)
    choice = choose(customer, day, np.ones(len(day), int), 120)
    assert (choice.state, choice.shown) == ("unproven", True)
    assert isinstance(choice.evidence, Shortage)
    assert "history days" in choice.evidence.message
    assert len(predict(choice, purchase_summary(customer, day, np.ones(len(day)), 120)))


def test_once_only_buyers_are_never_alive_for_certain_whoever_is_champion(cdnow, monkeypatch):
    customer, day, cents, end = cdnow
    module = import_module("xsight_core.clv.holdout")
    monkeypatch.setattr(module, "MODELS", (BetaGeoFitter,))
    choice = choose(customer, day, cents, end)
    assert choice.champion == "BG/NBD"
    summary = purchase_summary(customer, day, cents, end)
    said = predict(choice, summary)
    once = summary.frequency == 0
    assert said.p_alive.max() < 1
    assert said.p_alive[once].mean() < 0.5
    assert (said.p_alive_high < 1).all()
    assert said.churn_90[once].min() > 0.5


def test_an_earlier_card_changes_nothing_but_the_time(cdnow, chosen):
    card = json.loads(json.dumps(chosen.card()))
    again = choose(*cdnow, warm=card["warm"])
    assert again.purchases.params_ == pytest.approx(chosen.purchases.params_, rel=1e-6)
    assert again.evidence.skill == pytest.approx(chosen.evidence.skill, rel=1e-6)
    assert again.state == card["state"]


def test_order_and_names_of_customers_do_not_matter(cdnow):
    customer, day, cents, end = cdnow
    some = customer < 4_000
    customer, day, cents = customer[some], day[some], cents[some]
    first = choose(customer, day, cents, end)
    shuffle = np.random.default_rng(0).permutation(len(day))
    second = choose(customer[shuffle] + 10_000, day[shuffle], cents[shuffle], end)
    assert second.purchases.params_ == pytest.approx(first.purchases.params_, rel=1e-9)
    assert second.evidence.skill == pytest.approx(first.evidence.skill, rel=1e-9)


def test_the_prior_weighs_nothing_against_many_and_a_lot_against_few(cdnow, chosen):
    summary = purchase_summary(*cdnow)
    alone = ModifiedBetaGeoFitter().fit(summary.frequency, summary.recency, summary.T)
    for name, value in alone.params_.items():
        assert chosen.lasting.params_[name] == pytest.approx(value, rel=0.02)
    r, alpha, a, b = TRUTHFUL
    errors = {"alone": [], "prior": []}
    for seed in range(12):
        customer, day = history(250, TRUTHFUL, days=300, seed=seed)
        few = purchase_summary(customer, day, np.ones(len(day)), 300)
        rows = (few.frequency, few.recency, few.T)
        truth = ModifiedBetaGeoFitter.at(r, alpha, a, b)
        want = truth.conditional_expected_number_of_purchases_up_to_time(90, *rows)
        for name, prior in (("alone", None), ("prior", DEFAULT_PRIORS["MBG/NBD"])):
            model = ModifiedBetaGeoFitter().fit(*rows, prior=prior)
            got = model.conditional_expected_number_of_purchases_up_to_time(90, *rows)
            errors[name].append(np.sqrt(((got - want) ** 2).mean()))
    assert np.mean(errors["prior"]) < np.mean(errors["alone"])


def test_spend_that_rises_with_orders_is_warned_of():
    customer, day = history(4_000, TRUTHFUL, days=600, seed=17)
    count = np.bincount(customer)
    spend = (300 * count[customer] * np.random.default_rng(1).gamma(5, 0.2, len(day))).astype(int)
    choice = choose(customer, day, spend, 600)
    assert any("spend more per order" in said for said in choice.warnings)


def test_returns_are_netted_and_the_visit_stays():
    customer, day = history(4_000, TRUTHFUL, days=600, seed=18)
    spend = np.random.default_rng(3).gamma(5, 400, len(day)).astype(int)
    back = spend.copy()
    back[::4] = 0
    whole, netted = (choose(customer, day, money, 600) for money in (spend, back))
    assert whole.purchases.params_ == netted.purchases.params_
    summary = [purchase_summary(customer, day, money, 600) for money in (spend, back)]
    worth = [
        predict(c, s).clv_minor[:, 3].sum() for c, s in zip((whole, netted), summary, strict=True)
    ]
    assert worth[1] / worth[0] == pytest.approx(0.75, abs=0.06)


def test_a_holdout_of_another_length():
    customer, day = history(4_000, TRUTHFUL, days=700, seed=19)
    found = holdout(Visits.of(customer, day, np.ones(len(day))), 700, 180)
    assert (found.horizon_days, found.cutoff) == (180, 520)
    assert found.beats_rules
