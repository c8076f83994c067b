"""Each metric of the registry, by its own record; and the ones that need lines and refunds, told another way."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.unit.analytics.shops import Row, catalogue, frame_of, orders_of, shop_with_lines
from xsight_core.analytics import (
    DIMENSIONS,
    METRICS,
    Flag,
    Grain,
    compare,
    day_number,
    evaluate,
    top_customers_between,
    top_products,
    window,
)
from xsight_core.analytics.metrics.document import markdown
from xsight_core.errors import InvalidInput

WAYS = [*Grain, *DIMENSIONS]
each = pytest.mark.parametrize("name", METRICS)


def ways(name):
    return [by for by in WAYS if by != "product" or METRICS[name].by_product]


@each
def test_of_nothing(name):
    for by in ways(name):
        series = evaluate(name, orders_of([]), 19_000, by)
        assert series.dropna().sum() == 0
    assert not window(name, orders_of([]), 18_000, 19_000)


@each
def test_of_one_order(name):
    orders = orders_of([Row(1, 7, 19_000, 900, 100, 0, units=2, taxes=40, shipping=20)])
    whole = {
        "gross_sales": 900, "discounts": 100, "net_sales": 800, "net_sales_on_refund_date": 800, "taxes": 40,
        "shipping": 20, "aov": 800, "discount_rate": 1 / 9, "return_rate": 0, "refund_rate": 0, "orders": 1,
        "orders_with": 1, "units": 2, "units_per_order": 2, "days_between_orders": None, "customers": 1,
        "new_customers": 1, "repeat_rate": 0, "orders_per_customer": 1,
    }  # fmt: skip
    assert window(name, orders, 19_000, 19_000) == whole.get(name, 0)
    assert len(evaluate(name, orders, 19_000, "day")) == 1


@each
def test_order_of_rows_and_names_of_customers_do_not_matter(name):
    rows, lines, refunds = shop_with_lines(3)
    orders, mixed = (
        orders_of(rows, lines, refunds),
        orders_of(rows[::-1], lines[::-1], refunds[::-1]),
    )
    for by in ways(name):
        pd.testing.assert_series_equal(
            evaluate(name, orders, 19_400, by), evaluate(name, mixed, 19_400, by)
        )


@each
def test_slices_add_up_where_they_say_so(name):
    rows, lines, refunds = shop_with_lines(4)
    orders = orders_of(rows, lines, refunds)
    if METRICS[name].additive:
        whole = window(name, orders, 18_000, 19_400)
        for by in ways(name):
            assert evaluate(name, orders, 19_400, by).sum() == whole, by


@each
def test_a_record_for_all_faces(name):
    metric = METRICS[name]
    assert name == metric.name == name.lower()
    assert metric.description.endswith((".", ":", "the")) or metric.definition
    assert "tenant" not in metric.definition
    assert f"`{name}`" in markdown()


def test_docs_are_current():
    page = Path(__file__).parents[3] / "docs" / "metrics.md"
    assert page.read_text(encoding="utf-8") == markdown(), (
        "write it anew: python -m xsight_core.analytics.metrics.document > docs/metrics.md"
    )


@pytest.mark.parametrize("seed", range(4))
def test_sales_by_product_and_by_refund_date(seed):
    rows, lines, refunds = shop_with_lines(seed)
    orders, as_of = orders_of(rows, lines, refunds), 19_350
    kept = frame_of(rows, as_of).set_index("id")
    table = pd.DataFrame(lines, columns=["order", "product", "units", "gross", "net", "gift"])
    table = table[table["order"].isin(kept.index) & ~table["gift"]].fillna({"product": 0})
    by = table.groupby("product")
    for name, column in {"gross_sales": "gross", "units": "units"}.items():
        got = evaluate(name, orders, as_of, "product")
        assert got[got != 0].to_dict() == by[column].sum()[lambda s: s != 0].to_dict()
    got = evaluate("orders_with", orders, as_of, "product")
    assert got[got != 0].to_dict() == by["order"].nunique().to_dict()
    back = pd.DataFrame(refunds, columns=["order", "day", "product", "units", "minor", "paid"])
    back = back[back["order"].isin(kept.index)]
    rest = kept["returns"] - back.groupby("order")["minor"].sum().reindex(kept.index, fill_value=0)
    by_day = pd.concat([back.groupby("day")["minor"].sum(), rest.groupby(kept["day"]).sum()])
    by_day = by_day.groupby(level=0).sum()
    got = evaluate("returns_on_refund_date", orders, as_of, "day")
    days = got.index.to_numpy().astype("M8[D]").astype(int)
    assert got.tolist() == by_day.reindex(days, fill_value=0).tolist()
    paid = back[back["day"] <= as_of]["paid"].sum()
    assert evaluate("refunds_paid", orders, as_of, "month").sum() == paid


def test_both_dates_give_back_the_same_in_the_end():
    rows = [Row(1, 1, 19_000, 500, 0, 500), Row(2, 1, 19_001, 900, 0, 200)]
    orders = orders_of(rows, [], [(1, 19_040, 5, 1, 500, 540)])
    by_order = evaluate("returns", orders, 19_100, "day")
    by_refund = evaluate("returns_on_refund_date", orders, 19_100, "day")
    assert by_order.sum() == by_refund.sum() == 700
    assert by_refund[by_refund != 0].tolist() == [200, 500]  # the edit on its order's day
    before = evaluate("returns_on_refund_date", orders, 19_039, "day")
    assert before.sum() == 200  # what was not yet refunded had not come back


def test_days_between_orders_counts_a_day_once():
    rows = [
        Row(1, 1, 19_000),
        Row(2, 1, 19_000),
        Row(3, 1, 19_010),
        Row(4, 1, 19_040),
        Row(5, 2, 19_005),
    ]
    assert window("days_between_orders", orders_of(rows), 19_000, 19_100) == 20
    assert window("days_between_orders", orders_of(rows), 19_020, 19_100) == 30


def test_new_is_new_once_whatever_is_looked_at():
    rows = [Row(1, 1, 19_000), Row(2, 1, 19_400), Row(3, 2, 19_401)]
    assert window("new_customers", orders_of(rows), 19_390, 19_410) == 1
    assert window("returning_customers", orders_of(rows), 19_390, 19_410) == 1


def test_comparisons():
    def day(text):
        return day_number(pd.Timestamp(text).date())

    rows = [
        Row(1, 1, day("2024-02-29"), 100), Row(2, 1, day("2024-03-02"), 300), Row(3, 1, day("2023-02-28"), 50),
        Row(4, 1, day("2024-02-26"), 40),
    ]  # fmt: skip
    orders, span = orders_of(rows), (day("2024-02-28"), day("2024-03-03"))
    got = compare("net_sales", orders, *span)
    assert (got.now, got.before, got.change) == (400, 40, 9)
    assert (got.before_since, got.before_until) == (day("2024-02-23"), day("2024-02-27"))
    got = compare("net_sales", orders, *span, "previous_year")
    assert (got.before_since, got.before_until, got.before) == (
        day("2023-02-28"),
        day("2023-03-03"),
        50,
    )
    got = compare("net_sales", orders, *span, "previous_year_weekdays")
    assert got.before_since % 7 == got.since % 7
    nothing = compare("aov", orders, day("2020-01-01"), day("2020-01-31"))
    assert (nothing.now, nothing.before, nothing.change) == (None, None, None)
    with pytest.raises(InvalidInput, match="previous_year"):
        compare("net_sales", orders, *span, "yesterday")
    with pytest.raises(InvalidInput, match="before the first"):
        window("net_sales", orders, 10, 9)


@pytest.mark.parametrize(("field", "call"), [
    ("name", lambda o: evaluate("gmv", o, 1)),
    ("by", lambda o: evaluate("orders", o, 1, "hour")),
    ("by", lambda o: evaluate("taxes", o, 1, "product")),
    ("name", lambda o: window("gmv", o, 1, 2)),
])  # fmt: skip
def test_what_there_is_not(field, call):
    with pytest.raises(InvalidInput) as error:
        call(orders_of([]))
    assert error.value.field == field


def test_best_customers_and_products():
    rows, lines, refunds = shop_with_lines(8)
    orders = orders_of(rows, lines, refunds)
    frame = frame_of(rows, 19_300)
    frame = frame[frame["day"] >= 19_050]
    net = frame.dropna(subset="customer").groupby("customer")["net"].sum().reset_index()
    best = net.sort_values(["net", "customer"], ascending=[False, True]).head(5)
    got = top_customers_between(orders, 19_050, 19_300, 5)
    assert (got.ids.tolist(), got.net_minor.tolist()) == (
        best["customer"].tolist(),
        best["net"].tolist(),
    )
    np.testing.assert_allclose(got.share, best["net"] / frame["net"].sum())
    products = top_products(orders, 19_050, 19_300, 3)
    assert sorted(products.net_minor.tolist(), reverse=True) == products.net_minor.tolist()
    assert len(products.frame("product_id")) == 3
    part = orders.counted(19_300)
    part = part.take(part.day >= 19_050)
    every = evaluate("net_sales", part, 19_300, "product").drop(0)
    assert products.net_minor[0] == every.max()


def test_foreign_money_and_channels_can_be_left_out():
    rows = [
        Row(1, 1, 19_000, 100),
        Row(2, 1, 19_000, 700, flags=Flag.FOREIGN),
        Row(3, 1, 19_000, 30, channel=1),
    ]
    orders = orders_of(rows)
    assert window("net_sales", orders, 19_000, 19_000) == 130  # dollars are not added to euros
    rule = type(orders.rule)(without_channels=("web",))
    assert window("net_sales", orders.under(rule), 19_000, 19_000) == 100
    assert rule.version == orders.rule.version + "-channel:web"
    assert catalogue().name(0) == "#5"


@pytest.mark.parametrize(
    "where", [{"channel": "web"}, {"country": "DE"}, {"channel": "pos", "country": "US"}]
)
def test_a_channel_and_a_country_are_asked_for_together(where):
    """Held against pandas: only the orders of both, while who is new is judged by every order."""
    rng = np.random.default_rng(11)
    rows = [
        Row(n, int(rng.integers(0, 60)), 19_000 + int(rng.integers(0, 50)), 900 + n, 100, 0)
        for n in range(1, 400)
    ]
    rows = [
        replace(row, channel=int(rng.integers(-1, 2)), country=int(rng.integers(-1, 2)))
        for row in rows
    ]
    orders, last = orders_of(rows), 19_049
    frame = pd.DataFrame([vars(row) for row in rows]).sort_values(["day", "id"])
    frame["first"] = ~frame["customer"].duplicated()
    names = {"channel": ("pos", "web"), "country": ("DE", "US")}
    for key, word in where.items():
        frame = frame[frame[key] == names[key].index(word)]
    days = frame.groupby("day")
    told = {
        "orders": days.size(),
        "net_sales": days["gross"].sum() - days["discounts"].sum(),
        "new_customers": days["first"].sum(),
        "returning_customers": days["customer"].nunique() - days["first"].sum(),
    }
    for name, expected in told.items():
        whole = expected.reindex(range(19_000, 19_050), fill_value=0)
        series = evaluate(name, orders, last, **where)
        assert series.tolist() == whole.tolist(), name
        assert series.index[0] == pd.Timestamp("1970-01-01") + pd.Timedelta(days=19_000)
        if name != "returning_customers":  # who returns on two days is one customer of the range
            assert window(name, orders, 19_010, last, **where) == whole.loc[19_010:].sum()
    recent = frame[frame["day"] >= 19_010]
    assert window("customers", orders, 19_010, last, **where) == recent["customer"].nunique()
    by_channel = evaluate("net_sales", orders, last, "channel", since=19_010, **where)
    assert by_channel.sum() == (recent["gross"] - recent["discounts"]).sum()
    assert window("orders", orders, 19_000, last, channel="fax") == 0


@pytest.mark.parametrize("name", [name for name in METRICS if METRICS[name].by_product])
def test_products_of_a_channel_are_those_of_its_orders(name):
    rows, lines, refunds = shop_with_lines(3)
    rows = [replace(row, channel=row.id % 2) for row in rows]
    web = {row.id for row in rows if row.channel == 1}
    kept = (
        [row for row in rows if row.id in web],
        *([p for p in part if p[0] in web] for part in (lines, refunds)),
    )
    last = max(row.day for row in rows) + 40
    found = evaluate(name, orders_of(rows, lines, refunds), last, "product", channel="web")
    expected = evaluate(name, orders_of(*kept), last, "product")
    pd.testing.assert_series_equal(found, expected, check_dtype=False)
