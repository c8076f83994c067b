"""Every kernel against plain pandas on random shops."""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from tests.support.cdnow import CELLS, fifths
from tests.unit.analytics.shops import Row, frame_of, orders_of, shops
from xsight_core.analytics import (
    METRICS,
    SEGMENTS,
    Grain,
    buyers,
    cohorts,
    daily,
    evaluate,
    rfm,
    top_customers,
    totals,
    window,
)

ALIAS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
SHOPS = int(os.environ.get("XSIGHT_SHOPS", "24"))  # the long form: benchmarks/chaos_numbers.py
many = settings(max_examples=SHOPS, deadline=None, derandomize=SHOPS < 100)
some = settings(many, max_examples=max(SHOPS // 3, 8))  # where one takes a tenth of a second


@many
@given(shops())
def test_daily(shop):
    rows, as_of = shop
    frame, got = frame_of(rows, as_of), daily(orders_of(rows), as_of)
    if frame.empty:
        assert len(got) == 0
        return
    index = range(int(frame["day"].min()), as_of + 1)
    assert (got.start, len(got)) == (index[0], len(index))
    sums = (
        frame.groupby("day")[["gross", "discounts", "returns", "net"]]
        .sum()
        .reindex(index, fill_value=0)
    )
    assert got.orders.tolist() == frame.groupby("day").size().reindex(index, fill_value=0).tolist()
    for name in ("gross", "discounts", "returns", "net"):
        assert getattr(got, f"{name}_minor").tolist() == sums[name].tolist()
    known = frame.dropna(subset="customer")
    first = known.groupby("customer")["day"].min()
    new = first.value_counts().reindex(index, fill_value=0)
    seen = known.groupby("day")["customer"].nunique().reindex(index, fill_value=0)
    assert got.new_customers.tolist() == new.tolist()
    assert got.returning_customers.tolist() == (seen - new).tolist()
    assert len(got.frame()) == len(index)


@many
@given(shops())
def test_rfm(shop):
    rows, as_of = shop
    known = frame_of(rows, as_of).dropna(subset="customer")
    who = buyers(orders_of(rows), as_of)
    result = rfm(who)
    people = known.groupby("customer").agg(
        last=("day", "max"), first=("day", "min"), n=("id", "size"), net=("net", "sum")
    )
    assert who.customer_id.tolist() == people.index.tolist()
    assert who.orders.tolist() == people["n"].tolist()
    assert who.net_minor.tolist() == people["net"].tolist()
    assert who.first_day.tolist() == people["first"].tolist()
    if people.empty:
        assert sum(s["customers"] for s in result.segments()) == 0
        return
    r, m = fifths(-(as_of - people["last"])), fifths(people["net"])
    f = people["n"].map(lambda n: 5 if n >= 6 else min(4, n))
    assert result.r.tolist() == r.tolist()
    assert result.f.tolist() == f.tolist()
    assert result.m.tolist() == m.tolist()
    keys = [
        next(k for k, cells in CELLS.items() if f"{a}{b}{c}" in cells.split())
        for a, b, c in zip(r, f, m, strict=True)
    ]
    assert [SEGMENTS[code].key for code in result.segment] == keys
    counts = pd.Series(keys).value_counts()
    assert {
        s["key"]: s["customers"] for s in result.segments() if s["customers"]
    } == counts.to_dict()
    assert sum(map(sum, result.grid())) == len(people)
    frame = result.frame()
    same = frame.groupby(["recency_days", "orders", "net_minor"])[["r", "f", "m"]].nunique()
    assert (same == 1).all(axis=None)  # equal customers, equal scores
    assert frame.loc[frame["orders"] == 1, "f"].eq(1).all()


@some
@given(shops(most=120))
@pytest.mark.parametrize("grain", ["week", "month", "quarter", "year"])
def test_cohorts(grain, shop):
    rows, as_of = shop
    known = frame_of(rows, as_of).dropna(subset="customer")
    got = cohorts(orders_of(rows), as_of, Grain(grain))
    if known.empty:
        assert got.frame().empty
        return
    period = known["date"].dt.to_period(ALIAS[grain])
    now = pd.Timestamp(as_of, unit="D").to_period(ALIAS[grain])
    ordinal = period.map(lambda p: p.ordinal)
    first = ordinal.groupby(known["customer"]).transform("min")
    table = pd.DataFrame(
        {
            "c": first - ordinal.min(),
            "k": ordinal - first,
            "who": known["customer"],
            "net": known["net"],
        }
    )
    n = now.ordinal - ordinal.min() + 1
    assert got.active.shape == (n, n)
    cells = table.groupby(["c", "k"]).agg(
        active=("who", "nunique"), orders=("who", "size"), revenue_minor=("net", "sum")
    )
    for name, values in cells.items():
        want = np.zeros((n, n), np.int64)
        want[tuple(np.array(cells.index.to_list()).T)] = values
        assert (getattr(got, name) == want).all()
    c, k = np.indices((n, n))
    assert (got.complete == (ordinal.min() + c + k < now.ordinal)).all()
    assert got.size.tolist() == got.active[:, 0].tolist()
    assert got.revenue_minor.sum() == known["net"].sum()
    shown = got.frame("ltv_minor")
    assert shown.notna().sum().sum() == (got.complete & (got.size > 0)[:, None]).sum()


@many
@given(shops())
def test_totals_and_top(shop):
    rows, as_of = shop
    frame, orders = frame_of(rows, as_of), orders_of(rows)
    who = buyers(orders, as_of)
    got = totals(orders, who)
    assert got.orders == len(frame)
    assert got.guest_orders == frame["customer"].isna().sum()
    assert got.revenue_minor == frame["net"].sum()
    assert got.buyers == frame["customer"].nunique()
    n = frame.groupby("customer").size()
    assert got.repeat_rate == (None if n.empty else (n > 1).mean())
    net = (
        frame.groupby("customer")["net"]
        .sum()
        .reset_index()
        .sort_values(["net", "customer"], ascending=[False, True])
    )
    assert who.customer_id[top_customers(who, 5)].tolist() == net["customer"].head(5).tolist()


@some
@given(shops())
@pytest.mark.parametrize("by", ["day", "week", "month", "quarter", "year", "channel", "country"])
def test_metrics(by, shop):
    rows, as_of = shop
    frame, orders = frame_of(rows, as_of), orders_of(rows)
    shuffled = orders_of(rows[::-1])
    for name, metric in METRICS.items():
        series = evaluate(name, orders, as_of, by)
        pd.testing.assert_series_equal(series, evaluate(name, shuffled, as_of, by))
        assert series.name == name
        assert metric.description
        if metric.additive and not frame.empty:
            assert series.sum() == window(name, orders, int(frame["day"].min()), as_of)
        if metric.unit in {"ratio", "days"}:
            assert not np.isinf(series.astype(float)).any()
    if by in ("week", "month", "quarter", "year") and not frame.empty:
        period = frame["date"].dt.to_period(ALIAS[by]).dt.start_time.dt.normalize()
        want = frame.groupby(period)["net"].sum()
        got = evaluate("net_sales", orders, as_of, by)
        assert got.loc[want.index].tolist() == want.tolist()
        people = frame.groupby(period)["customer"].nunique()
        assert (
            evaluate("customers", orders, as_of, by).loc[people.index].tolist() == people.tolist()
        )
    if by == "channel":
        want = frame.groupby("channel")["net"].sum()
        got = evaluate("net_sales", orders, as_of, by)
        assert got.tolist() == [want.get(code, 0) for code in (0, 1, -1)]


def test_the_past_does_not_know_the_future():
    rows = [Row(1, 1, 19_000), Row(2, 1, 19_100), Row(3, 2, 19_050), Row(4, None, 19_200)]
    early, late = orders_of(rows[:1] + rows[2:3]), orders_of(rows)
    for name in METRICS:
        pd.testing.assert_series_equal(
            evaluate(name, early, 19_060, "month"), evaluate(name, late, 19_060, "month")
        )
    pd.testing.assert_frame_equal(
        rfm(buyers(early, 19_060)).frame(), rfm(buyers(late, 19_060)).frame()
    )


@some
@given(shops())
def test_one_shop_seen_from_many_days_is_seen_as_by_a_stranger(shop):
    rows, as_of = shop
    known = orders_of(rows)
    for day in (as_of, as_of - 40, as_of - 3, as_of - 400, as_of + 10):
        seen = known.counted(day)
        plain = sorted(
            (row.customer, row.day, row.id, row.net)
            for row in rows
            if row.day <= day
            and row.customer is not None
            and not row.flags & int(known.rule.excluded)
        )
        place = seen.by_customer
        ids = seen.customer_id[seen.customer[place]].tolist()
        found = list(
            zip(
                ids,
                seen.ordered("day").tolist(),
                seen.order_id[place].tolist(),
                seen.ordered("net_minor").tolist(),
                strict=True,
            )
        )
        assert sorted(found) == plain
        assert [one[1:3] for one in found if one[0] == (ids or [0])[0]] == sorted(
            one[1:3] for one in found if one[0] == (ids or [0])[0]
        )
        assert len(seen.starts) == len({one[0] for one in plain})
