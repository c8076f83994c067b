"""Mistakes that systems of this kind have made, one test each."""

from datetime import date

import numpy as np
import pytest

from tests.support.cdnow import CELLS
from tests.unit.analytics.shops import Row, orders_of
from xsight_core.analytics import (
    DEFAULT_RULE,
    SEGMENTS,
    Flag,
    Grain,
    OrderRule,
    Thresholds,
    buyers,
    cohorts,
    daily,
    day_number,
    day_of,
    rfm,
    scores,
    totals,
)
from xsight_core.analytics.periods import label, period, start
from xsight_core.errors import InvalidInput


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


def test_an_order_thirteen_months_later_is_in_month_thirteen():
    orders = orders_of([Row(1, 1, day("2024-01-15")), Row(2, 1, day("2025-02-15"))])
    got = cohorts(orders, day("2025-03-10"))
    assert got.labels[0] == "2024-01"
    assert np.flatnonzero(got.active[0]).tolist() == [0, 13]
    assert got.cells(got.active)[0] == [1, *[0] * 12, 1, None]


def test_a_month_that_is_not_over_is_no_number():
    orders = orders_of([Row(1, 1, day("2025-01-31")), Row(2, 1, day("2025-02-28"))])
    last = cohorts(orders, day("2025-02-28"))
    assert last.cells(last.active) == [[1, None], [None, None]]
    over = cohorts(orders, day("2025-03-01"))
    assert over.cells(over.active)[0] == [1, 1, None]


def test_one_time_buyers_never_score_five_for_frequency():
    orders = orders_of([Row(i, i, 19_000 + i) for i in range(1, 200)])
    assert set(rfm(buyers(orders, 19_500)).f.tolist()) == {1}
    by_fifths = rfm(buyers(orders, 19_500), Thresholds(frequency=None))
    assert set(by_fifths.f.tolist()) == {3}  # all alike: the middle, not the top


def test_equal_customers_score_alike_in_any_order():
    values = np.array([5, 5, 5, 5, 5, 5, 5, 9, 1, 5])
    assert scores(values).tolist() == [3, 3, 3, 3, 3, 3, 3, 5, 1, 3]
    rng = np.random.default_rng(1)
    mixed = rng.permutation(len(values))
    assert scores(values[mixed]).tolist() == scores(values)[mixed].tolist()


def test_fifths_of_different_values_are_fifths():
    assert np.bincount(scores(np.arange(1000)))[1:].tolist() == [200] * 5


def test_segments_cover_each_cell_once():
    cells = [cell for segment in SEGMENTS for cell in segment.cells]
    assert len(cells) == len(set(cells)) == 125
    assert len(SEGMENTS) == len({segment.key for segment in SEGMENTS}) == 11
    assert {segment.key: segment.cells for segment in SEGMENTS} == {
        k: frozenset(v.split()) for k, v in CELLS.items()
    }
    assert all(segment.name and segment.action for segment in SEGMENTS)


def test_fixed_thresholds():
    rows = [Row(n * 10 + k, n, 19_000 + n * 30) for n in range(1, 8) for k in range(n)]
    got = rfm(
        buyers(orders_of(rows), 19_240),
        Thresholds(recency_days=(30, 60, 120, 180), monetary_minor=(2000, 3000, 5000, 9000)),
    )
    assert got.buyers.recency_days.tolist() == [210, 180, 150, 120, 90, 60, 30]
    assert got.r.tolist() == [1, 1, 2, 2, 3, 3, 4]
    assert got.f.tolist() == [1, 2, 3, 4, 4, 5, 5]
    assert got.m.tolist() == [1, 2, 3, 3, 4, 4, 4]
    with pytest.raises(InvalidInput, match="rising"):
        Thresholds(frequency=(2, 2, 3, 4))
    with pytest.raises(InvalidInput) as error:
        Thresholds(monetary_minor=(1, 2))
    assert error.value.field == "monetary_minor"


def test_the_rule_says_which_orders_count():
    flags = [Flag(0), Flag.TEST, Flag.CANCELLED, Flag.DELETED, Flag.ZERO, Flag.ZERO | Flag.TEST]
    orders = orders_of([Row(i, 1, 19_000, flags=flag) for i, flag in enumerate(flags)])
    assert orders.counted(19_000).order_id.tolist() == [0, 4]
    assert orders.counted(18_999).order_id.tolist() == []
    assert DEFAULT_RULE.version != OrderRule(DEFAULT_RULE.excluded | Flag.ZERO).version


def test_guests_are_in_revenue_and_in_no_customer_metric():
    orders = orders_of([Row(1, None, 19_000, gross=700), Row(2, 5, 19_001, gross=300)])
    who = buyers(orders, 19_001)
    got = totals(orders, who)
    assert (got.revenue_minor, got.orders, got.guest_orders, got.buyers) == (1000, 2, 1, 1)
    assert daily(orders, 19_001).new_customers.tolist() == [0, 1]
    assert cohorts(orders, 19_001).size.sum() == 1


def test_money_is_exact_beyond_floats():
    big = 2**53 + 1
    orders = orders_of(
        [Row(1, 1, 19_000, gross=big), Row(2, 1, 19_000, gross=2), Row(3, 2, 19_000, gross=1)]
    )
    assert totals(orders, buyers(orders, 19_000)).revenue_minor == big + 3
    assert daily(orders, 19_000).net_minor.tolist() == [big + 3]
    assert cohorts(orders, 19_000).revenue_minor.sum() == big + 3
    assert rfm(buyers(orders, 19_000)).buyers.net_minor.tolist() == [big + 2, 1]


def test_average_order_value_rounds_to_the_minor_unit():
    orders = orders_of(
        [Row(1, 1, 19_000, gross=100), Row(2, 1, 19_000, gross=100), Row(3, 1, 19_000, gross=101)]
    )
    assert totals(orders, buyers(orders, 19_000)).aov_minor == 100
    nothing = orders_of([])
    assert totals(nothing, buyers(nothing, 19_000)).aov_minor == 0
    assert totals(nothing, buyers(nothing, 19_000)).repeat_rate is None


@pytest.mark.parametrize("grain", list(Grain))
def test_periods_are_the_calendars(grain):
    for number in range(day("2019-12-20"), day("2024-03-10")):
        (code,) = period(np.array([number]), grain)
        first, following = start(code, grain), start(code + 1, grain)
        assert first <= number < following
        (again,) = period(np.array([first]), grain)
        assert again == code
        today = day_of(number)
        if grain is Grain.WEEK:
            year, week, _ = today.isocalendar()
            assert label(code, grain) == f"{year}-W{week:02d}"
        if grain is Grain.MONTH:
            assert label(code, grain) == f"{today:%Y-%m}"


def test_leap_day_and_years_end():
    assert label(period(np.array([day("2024-02-29")]), Grain.MONTH)[0], Grain.MONTH) == "2024-02"
    assert label(period(np.array([day("2024-12-30")]), Grain.WEEK)[0], Grain.WEEK) == "2025-W01"
    assert (
        label(period(np.array([day("2024-12-31")]), Grain.QUARTER)[0], Grain.QUARTER) == "2024-Q4"
    )
