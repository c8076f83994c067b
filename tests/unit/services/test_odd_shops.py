"""Every analysis of odd shops: a defined result or a typed reason with a remedy, never NaN, no error of NumPy's."""

import json
import math
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.unit.analytics.shops import Row, orders_of, shop_with_lines
from xsight_core.analytics import CUTS, DIMENSIONS, MEASURES, METRICS, Flag, Grain, Orders, day_of
from xsight_core.clv import DEFAULT_PRIORS
from xsight_core.errors import InvalidInput, NotEnoughData
from xsight_core.services import analyses, measures, patterns
from xsight_core.services.cohort_analyses import CohortWish, cohort_analysis, cohort_cuts

AS_OF = 19_600
TODAY = day_of(AS_OF)
MONTH_AGO = TODAY - timedelta(days=30)

SHOPS = {
    "no orders": [],
    "one order": [Row(1, 1, 19_000)],
    "all on one day": [Row(i, i % 7 + 1, 19_000) for i in range(1, 60)],
    "all today": [Row(i, i % 7 + 1, AS_OF) for i in range(1, 60)],
    "negative spend": [Row(i, i % 40 + 1, 19_000 + 3 * i, 100, 0, 500) for i in range(1, 190)],
    "zero spend": [Row(i, i % 40 + 1, 19_000 + 3 * i, 0) for i in range(1, 190)],
    "one price": [Row(i, i % 40 + 1, 19_000 + 3 * i, 500) for i in range(1, 190)],
    "future dates": [Row(i, i % 5 + 1, AS_OF + i) for i in range(1, 60)],
    "two currencies": [
        Row(i, i % 40 + 1, 19_000 + 3 * i, 900, flags=Flag.FOREIGN if i % 3 else Flag(0))
        for i in range(1, 190)
    ],
    "guests": [Row(i, None, 19_000 + i) for i in range(1, 300)],
    "nothing counts": [Row(i, 1, 19_000 + i, flags=Flag.TEST) for i in range(1, 60)],
    "5,000 orders of one": [Row(i, 1, 19_000 + i // 9) for i in range(5_000)],
    "5,000 of one among others": [
        *(Row(i, 1, 18_500 + i // 5) for i in range(5_000)),
        *(Row(10_000 + i, 2 + i % 90, 18_500 + 4 * i, 700 + i) for i in range(270)),
    ],
    "money beyond floats": [Row(i, i % 3 + 1, 19_000 + i, 2**53 + i) for i in range(1, 60)],
}


@dataclass
class Ledger:
    orders: Orders


@dataclass
class Look:
    ledger: Ledger
    as_of: int = AS_OF
    view: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(priors=DEFAULT_PRIORS))


QUESTIONS = {
    "rfm": analyses.rfm_analysis,
    "migration": lambda look: analyses.migration_analysis(look, AS_OF - 90),
    "history": lambda look: analyses.history_analysis(look, 3),
    "groups": lambda look: analyses.group_analysis(look, {1: "LOYAL", 2: "?"}),
    "churn": analyses.churn_analysis,
    "clv": analyses.value_analysis,
    "clv by cohort": lambda look: analyses.value_by_cohort(look, Grain.QUARTER),
    "clv by year": lambda look: analyses.yearly_value_analysis(look, 5),
    "together": lambda look: patterns.together_analysis(look, product=None, at_least=1, limit=9),
    "next": lambda look: patterns.next_analysis(look, product=None, at_least=1, limit=9),
    "repurchase": lambda look: patterns.repurchase_analysis(look, nth=None, span=7),
    "forecast": lambda look: patterns.forecast_analysis(look, days=28),
    "anomalies": lambda look: patterns.anomaly_analysis(look, last=60, threshold=1.0),
    "products": lambda look: measures.product_analysis(look, since=None, until=None, limit=9),
    "customers": lambda look: measures.customer_analysis(look, since=MONTH_AGO, until=None, limit=9),
    **{
        f"cohorts {name}": lambda look, name=name: cohort_analysis(look, CohortWish(values=name))
        for name in MEASURES
    },
    "bands": lambda look: cohort_analysis(look, CohortWish(Grain.YEAR, "retention", bands=True)),
    "nobody": lambda look: cohort_analysis(look, CohortWish(customer_ids=[])),
    **{
        f"cut by {by}": lambda look, by=by: cohort_cuts(look, CohortWish(Grain.YEAR), by, 5)
        for by in CUTS
    },
}  # fmt: skip


def answer(ask, look):
    try:
        return ask(look)
    except NotEnoughData as reason:
        return reason


def numbers(value):
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers(part)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("shop", SHOPS)
def test_every_question(shop) -> None:
    look = Look(Ledger(orders_of(SHOPS[shop])))
    for name, ask in QUESTIONS.items():
        said = answer(ask, look)
        if isinstance(said, NotEnoughData):
            assert said.have < said.need, name
            assert said.remedy.endswith("."), name
            continue
        json.dumps(said, allow_nan=False)  # plain JSON
        assert all(math.isfinite(number) for number in numbers(said)), name


@pytest.mark.parametrize("shop", SHOPS)
def test_every_metric(shop) -> None:
    look = Look(Ledger(orders_of(SHOPS[shop])))
    for name, metric in METRICS.items():
        for by in ("week", *(d for d in DIMENSIONS if d != "product" or metric.by_product)):
            said = measures.metric_analysis(
                look, name, by, since=MONTH_AGO, until=TODAY, compare="previous_year"
            )
            json.dumps(said, allow_nan=False)
            for part in (said, said["comparison"]):
                parts = [point["value"] or 0 for point in part["points"]]
                if metric.additive and by != "product":  # these orders have no lines
                    assert sum(parts) == pytest.approx(part["total"]), (name, by)


@pytest.mark.parametrize(
    "by", ["day", "month", "quarter", "channel", "country", "discount", "product"]
)
def test_parts_of_a_range_add_up_to_the_range(by) -> None:
    """Whatever the range cuts through: weeks, refunds that come later, customers who were there before."""
    look = Look(Ledger(orders_of(*shop_with_lines(5, 300))), as_of=19_330)
    for first, last in ((19_013, 19_200), (18_900, 19_330), (19_100, 19_100)):
        for name, metric in METRICS.items():
            if not metric.additive or (by == "product" and not metric.by_product):
                continue
            said = measures.metric_analysis(
                look, name, by, since=day_of(first), until=day_of(last), compare="previous_period"
            )
            for part in (said, said["comparison"]):
                assert sum(p["value"] for p in part["points"]) == part["total"], name


@pytest.mark.parametrize(
    ("field", "ask"),
    [
        ("values", lambda look: CohortWish(values="weather")),
        ("values", lambda look: CohortWish(bands=True)),
        ("grain", lambda look: CohortWish(Grain.DAY)),
        ("by", lambda look: cohort_cuts(look, CohortWish(), "weather", 5)),
        ("product", lambda look: patterns.next_analysis(look, product=1, at_least=1, limit=1)),
        ("days", lambda look: patterns.forecast_analysis(look, days=0)),
        ("threshold", lambda look: patterns.anomaly_analysis(look, last=1, threshold=math.nan)),
        ("last", lambda look: patterns.anomaly_analysis(look, last=0, threshold=1)),
        ("since", lambda look: analyses.migration_analysis(look, AS_OF)),
    ],
)
def test_questions_that_cannot_be_asked(field, ask) -> None:
    rows = [Row(i, i % 60 + 1, 18_900 + 3 * (i % 200), 500 + 7 * i) for i in range(1, 400)]
    with pytest.raises(InvalidInput) as refused:
        ask(Look(Ledger(orders_of(rows))))
    assert refused.value.field == field
