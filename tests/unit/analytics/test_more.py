"""RFM through time, Shopify's groups, cohorts of any customers, bands, affinity, latency, forecast, anomalies."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.unit.analytics.shops import Row, orders_of, shop_with_lines
from xsight_core.analytics import (
    MEASURES,
    SEGMENTS,
    SHOPIFY_GROUPS,
    Grain,
    agreement,
    bands,
    buyers,
    cohorts,
    cohorts_by,
    day_number,
    evaluate,
    first_of,
    month_ends,
    rfm,
    rfm_history,
    rfm_migration,
    shopify_groups,
)
from xsight_core.analytics.affinity import bought_together, next_product
from xsight_core.analytics.anomalies import anomalies, explain
from xsight_core.analytics.forecast import forecast_revenue
from xsight_core.analytics.repurchase import repurchase_latency
from xsight_core.errors import InvalidInput, NotEnoughData


@pytest.fixture(scope="module")
def shop():
    return orders_of(*shop_with_lines(11, 400))


def test_history_and_migration_are_the_scores_of_those_days(shop):
    days = [19_050, 19_150, 19_400]
    history = rfm_history(shop, days)
    for day, row in zip(days, history.to_numpy(), strict=True):
        assert row.tolist() == [s["customers"] for s in rfm(buyers(shop, day)).segments()]
    moves = rfm_migration(shop, 19_150, 19_400)
    assert moves.sum(axis=0).tolist() == history.iloc[2].tolist()
    assert moves.drop("not_yet").sum(axis=1).tolist() == history.iloc[1].tolist()
    frames = [rfm(buyers(shop, day)).frame()["segment"].astype(str) for day in (19_150, 19_400)]
    want = pd.crosstab(frames[0].reindex(frames[1].index).fillna("not_yet"), frames[1])
    for (before, after), n in (
        want.melt(ignore_index=False).set_index("segment", append=True)["value"].items()
    ):
        assert moves.loc[before, after] == n
    with pytest.raises(InvalidInput):
        rfm_migration(shop, 19_400, 19_150)
    ends = month_ends(day_number(date(2024, 1, 15)), day_number(date(2024, 3, 10)))
    assert ends == [
        day_number(date(2024, 1, 31)),
        day_number(date(2024, 2, 29)),
        day_number(date(2024, 3, 10)),
    ]


def test_shopifys_groups_cover_every_cell_of_buyers(shop):
    scored = rfm(buyers(shop, 19_400))
    codes = shopify_groups(scored)
    assert set(codes.tolist()) <= set(range(len(SHOPIFY_GROUPS) - 1))
    same = agreement(codes, codes)
    assert (same.share, same.kappa, same.customers) == (1, 1, len(codes))
    mixed = np.r_[codes[:-3], -1, (codes[-2:] + 1) % 10]
    other = agreement(codes, mixed)
    assert other.customers == len(codes) - 1
    assert other.table.to_numpy().sum() == len(codes) - 1
    assert 0 < other.share < 1
    assert agreement(np.array([-1]), np.array([2])).share is None


def test_cohorts_of_chosen_customers_are_a_shop_of_their_own(shop):
    chosen = shop.customer_id[::3]
    mask = np.isin(shop.customer_id, chosen)[np.maximum(shop.customer, 0)] & (shop.customer >= 0)
    want = cohorts(shop.take(mask), 19_400, Grain.WEEK)
    got = cohorts(shop, 19_400, Grain.WEEK, chosen)
    for name in ("active", "orders", "revenue_minor", "returns_minor", "size"):
        assert (getattr(got, name) == getattr(want, name)).all()
    assert cohorts(shop, 19_400, Grain.MONTH, np.array([424242])).frame().empty


@pytest.mark.parametrize("by", ["product", "channel", "discount", "country"])
def test_cohorts_by_how_customers_came(shop, by):
    parts = cohorts_by(shop, 19_400, by)
    who, code, names = first_of(shop, 19_400, by)
    assert sum(part.size.sum() for part in parts.values()) == len(who)
    whole = cohorts(shop, 19_400)
    assert sum(part.revenue_minor.sum() for part in parts.values()) == whole.revenue_minor.sum()
    counted = shop.counted(19_400)
    first = {}
    for i in range(len(counted)):
        first.setdefault(
            int(counted.customer_id[counted.customer[i]]) if counted.customer[i] >= 0 else 0, i
        )
    for customer, value in zip(who.tolist(), [names[c] for c in code], strict=True):
        i = first[customer]
        if by == "product":
            at = counted.lines.order == i
            lines = sorted(
                (-int(g), int(counted.products.product_id[p]))
                for g, p in zip(
                    counted.lines.gross_minor[at], counted.lines.product[at], strict=True
                )
                if p >= 0
            )
            assert value == (lines[0][1] if lines else None)
        elif by == "channel":
            assert value == (
                None if counted.channel[i] < 0 else counted.channels[counted.channel[i]]
            )
    with pytest.raises(InvalidInput):
        cohorts_by(shop, 19_400, "weather")


@pytest.mark.parametrize("values", MEASURES)
def test_no_measure_of_a_cohort_is_made_up(shop, values):
    result = cohorts(shop, 19_260)
    matrix, shown = result.measure(values)
    assert np.isfinite(matrix).all()
    assert not shown[~result.complete].any()
    assert result.frame(values).notna().to_numpy().tolist() == shown.tolist()
    aov, orders = result.measure("aov_minor")[0], result.orders
    np.testing.assert_allclose((aov * orders)[shown], (result.revenue_minor * (aov != 0))[shown])


def test_bands_hold_their_value_and_repeat(shop):
    first, again = (bands(shop, 19_400, values="ltv_minor", draws=200, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.low, again.low)
    value, shown = first.cohorts.measure("ltv_minor")
    big = shown & (first.cohorts.size[:, None] > 3)
    assert ((first.low <= value) & (value <= first.high))[big].mean() > 0.9
    assert np.isnan(first.low[~shown]).all()
    rng = np.random.default_rng(1)
    rows = [Row(2 * i, i, 19_000 + i % 20) for i in range(1, 401)]
    rows += [Row(2 * i + 1, i, 19_045) for i in range(1, 401) if rng.random() < 0.3]
    got = bands(orders_of(rows), 19_100, draws=2000)
    p = got.cohorts.measure("retention")[0][0, 1]
    width = 2 * 1.645 * np.sqrt(p * (1 - p) / 400)  # what the binomial says
    assert got.high[0, 1] - got.low[0, 1] == pytest.approx(width, rel=0.15)
    with pytest.raises(InvalidInput):
        bands(shop, 19_400, level=1.0)


def test_lift_is_counted_as_by_hand():
    rows = [Row(i, i % 40 + 1, 19_000 + i // 40 * 10) for i in range(1, 201)]
    lines = []
    for i in range(1, 201):
        lines.append((i, 5 if i % 2 else 6, 1, 100, 100, False))
        if i % 4 == 1:
            lines.append((i, 7, 1, 100, 100, False))
    orders = orders_of(rows, lines, [])
    got = bought_together(orders, 19_500)
    assert len(got) == 1
    assert (got.first[0], got.second[0], got.together[0], got.total) in {
        (5, 7, 50, 200),
        (7, 5, 50, 200),
    }
    assert got.lift[0] == pytest.approx(50 * 200 / (100 * 50)) == pytest.approx(2)
    assert got.lift_low[0] < 2 < got.lift_high[0]
    after = next_product(orders, 19_500, at_least=1).frame().set_index(["first", "second"])
    assert (after["confidence"] <= 1).all()
    assert after.loc[(5, 5), "together"] == 80  # 40 customers, five orders of one parity each
    with pytest.raises(NotEnoughData):
        bought_together(orders_of(rows), 19_500)


def test_latency_counts_those_who_wait():
    rows = [
        Row(1, 1, 19_000),
        Row(2, 1, 19_010),
        Row(3, 2, 19_000),
        Row(4, 3, 19_000),
        Row(5, 3, 19_020),
    ]
    got = repurchase_latency(orders_of(rows), 19_030, nth=1)
    assert (got.purchases, got.repeats) == (3, 2)
    assert got.waiting[9] == pytest.approx(2 / 3)
    assert got.waiting[19] == pytest.approx(1 / 3)
    assert (got.quantile(0.5), got.quantile(0.9)) == (20, None)
    assert got.hazard[9] == pytest.approx(1 / 3)
    assert ((got.low <= got.waiting) & (got.waiting <= got.high)).all()
    assert np.isfinite(got.frame().to_numpy(float)).all()
    rng = np.random.default_rng(3)  # known waiting: exponential, watched for a while only
    rows = []
    for who in range(1, 1501):
        start, wait = int(rng.integers(0, 200)), 1 + int(rng.exponential(60))
        rows.append(Row(2 * who, who, 19_000 + start))
        if start + wait <= 250:
            rows.append(Row(2 * who + 1, who, 19_000 + start + wait))
    got = repurchase_latency(orders_of(rows), 19_250, nth=1)
    assert got.quantile(0.5) == pytest.approx(1 + 60 * np.log(2), abs=4)
    assert got.hazard_by(10)["chance"].head(10).mean() == pytest.approx(
        1 - np.exp(-1 / 6), abs=0.02
    )
    for bad in (orders_of([]), orders_of([Row(1, 1, 19_000)])):
        with pytest.raises(NotEnoughData):
            repurchase_latency(bad, 19_100)


def test_forecast_beats_last_week_where_there_is_noise_and_says_so_where_not():
    rng = np.random.default_rng(5)
    week = np.array([5, 6, 7, 8, 12, 20, 15])
    rows = [
        Row(10 * d, None, 19_000 + d, int(1000 * week[d % 7] * rng.uniform(0.5, 1.5)))
        for d in range(300)
    ]
    got = forecast_revenue(orders_of(rows), 19_300, 28)
    assert got.evidence.beats_naive
    assert (got.method, len(got.daily), got.evidence.stretches) == ("seasonal", 28, 5)
    truth = 4000 * week.sum()
    assert got.total == pytest.approx(truth, rel=0.1)
    assert got.total_low < truth < got.total_high
    steady = [Row(10 * d, None, 19_000 + d, 100 * (1 + d % 7)) for d in range(300)]
    got = forecast_revenue(orders_of(steady), 19_300, 14)
    assert (got.method, got.evidence.beats_naive) == ("last_week", False)
    assert got.frame()["net_minor"].tolist() == [100 * (1 + d % 7) for d in range(300, 314)]
    for rows in ([], steady[:60]):
        with pytest.raises(NotEnoughData):
            forecast_revenue(orders_of(rows), 19_060)
    with pytest.raises(InvalidInput):
        forecast_revenue(orders_of(steady), 19_300, 0)


def test_a_day_out_of_line_and_why():
    rows = []
    for d in range(120):
        rows += [Row(1000 * d + i, None, 19_000 + d, 1000 + d % 7, channel=0) for i in range(5)]
    rows += [
        Row(10**6 + i, i, 19_110, 3000, channel=1) for i in range(1, 20)
    ]  # new customers, by web
    orders = orders_of(rows)
    (found,) = anomalies(orders, 19_120)
    assert (found.day, found.z > 3.5) == (19_110, True)
    first = {
        kind: next(c for c in found.causes if c.kind == kind) for kind in ("factor", "channel")
    }
    assert first["factor"].name.startswith("new customers")
    assert first["channel"].name == "web"
    why = explain(orders, 19_110, [19_110 - 7 * k for k in range(1, 9)])
    for kind in ("factor", "channel", "country", "product"):
        assert sum(c.minor for c in why if c.kind == kind) == pytest.approx(19 * 3000)
    assert anomalies(orders, 19_105) == []
    with pytest.raises(NotEnoughData):
        anomalies(orders_of(rows[:10]), 19_010)


ODD = {
    "nothing": [],
    "one": [Row(1, 1, 19_000)],
    "one day": [Row(i, i % 3 + 1, 19_000) for i in range(1, 9)],
    "negative": [Row(1, 1, 19_000, 100, 0, 500), Row(2, 1, 19_090, 0)],
    "future": [Row(1, 1, 19_000), Row(2, 2, 30_000)],
    "five thousand": [Row(i, 1, 19_000 + i // 10) for i in range(5000)],
}


def enough(function, orders, as_of) -> bool:
    """Finite numbers, or a reason that holds."""
    try:
        result = function(orders, as_of)
    except NotEnoughData as reason:
        return reason.have < reason.need
    return isinstance(result, list) or bool(np.isfinite(result.frame().to_numpy(float)).all())


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD.keys())
def test_odd_shops_get_a_number_or_a_reason(rows):
    orders, as_of = orders_of(rows), 19_600
    assert np.isfinite(
        rfm(buyers(orders, as_of)).frame().drop(columns="segment").to_numpy(float)
    ).all()
    assert rfm_history(orders, [18_000, as_of]).shape == (2, len(SEGMENTS))
    for name in MEASURES:
        assert np.isfinite(cohorts(orders, as_of).measure(name)[0]).all()
    assert evaluate("orders", orders, as_of, "week").sum() == len(orders.counted(as_of))
    bands(orders, as_of, draws=20)
    for function in (forecast_revenue, repurchase_latency, anomalies, next_product):
        assert enough(function, orders, as_of)
