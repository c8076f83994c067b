"""What pages are painted from, against the arrays it is made of and for shops however odd."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.ui import models_sample
from tests.unit.analytics.shops import orders_of
from tests.unit.services.test_odd_shops import AS_OF, SHOPS
from xsight_core.analytics import rfm
from xsight_core.analytics.buyers import buyers
from xsight_core.services.figures import figures
from xsight_core.services.outlook_parts import at_risk_part, spread_part
from xsight_core.services.rfm_parts import bounds_part
from xsight_ui.pages import PAGES

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def found():
    return figures(models_sample.orders(), models_sample.AS_OF)


def test_the_bounds_are_those_of_the_scores():
    who = buyers(models_sample.orders(), models_sample.AS_OF)
    scored, bounds = rfm(who), bounds_part(who)
    for days, orders, net, r, f, m in zip(
        who.recency_days, who.orders, who.net_minor, scored.r, scored.f, scored.m, strict=True
    ):
        assert r == 5 - sum(days >= edge for edge in bounds["recency_days"])
        assert f == 1 + sum(orders >= edge for edge in bounds["frequency"])
        assert m == 1 + sum(net >= edge for edge in bounds["monetary_minor"])


def test_at_risk_are_those_who_came_back_and_probably_will_not_with_the_most_to_lose(found):
    part, predicted = at_risk_part(found), found.forecast.predictions
    value = predicted.clv_minor[:, -1]
    risky = [
        (-value[i], int(found.buyers.customer_id[i]))
        for i in range(len(value))
        if predicted.churn_90[i] >= 0.5 and found.forecast.summary.frequency[i] > 0
    ]
    assert part["total"] == len(risky)
    assert [one["id"] for one in part["customers"]] == [key for _, key in sorted(risky)[:50]]
    assert all(one["reasons"] and one["action"] for one in part["customers"])


def test_every_customer_is_in_one_band(found):
    spread, value = spread_part(found, 2), found.forecast.predictions.clv_minor[:, -1]
    assert sum(spread["p_alive"]) == sum(spread["clv"]["customers"]) == len(value)
    edges = [*spread["clv"]["edges_minor"], np.inf]
    for low, high, count in zip(edges, edges[1:], spread["clv"]["customers"], strict=False):
        assert count == np.count_nonzero((np.rint(value) >= low) & (np.rint(value) < high))
    assert sum(spread["clv"]["tenths"]) == pytest.approx(1)
    assert spread["clv"]["tenths"][0] == max(spread["clv"]["tenths"])


@pytest.mark.parametrize("name", SHOPS)
def test_any_shop_gives_documents_and_pages_that_are_json(name):
    bodies = models_sample.documents_of(orders_of(SHOPS[name]), AS_OF, {1: "LOYAL"})
    for key, body in bodies.items():
        assert json.loads(json.dumps(body, allow_nan=False)) == body
        if key in PAGES:
            spec = PAGES[key].spec(body, NOW)
            assert json.loads(json.dumps(spec, allow_nan=False)) == spec
