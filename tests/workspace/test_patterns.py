"""Products, waits, forecasts, anomalies, cohorts, groups and values in a notebook, against pandas on its own frames."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pandas as pd
import psycopg
import pytest

import xsight_core as xs
from tests.support.market import add_market, market
from tests.workspace.servers import mint
from xsight_core.errors import InvalidInput, NotEnoughData
from xsight_core.services.insights import compute_insights
from xsight_core.tenancy import Tenancy

NOW = datetime.now(UTC)
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def shop(database, tenant, tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    add_market(database.admin_url, tenant.id, market(3, now=NOW, zone=ZONE), zone=ZONE)

    async def compute() -> None:
        tenancy = Tenancy(database.app_url)
        await compute_insights(tenancy, tenant.id, folder, now=NOW)
        await tenancy.close()

    asyncio.run(compute())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XSIGHT_LEDGER_DIR", str(folder / "ledger" / str(tenant.id)))
        yield xs.connect(mint(database, tenant, folder, pii=False))


def test_products_that_go_together_or_come_next(shop):
    lines = shop.order_lines()
    lines = lines[lines["product_id"].notna() & ~lines["gift_card"]]
    baskets = lines.groupby("order_id")["product_id"].agg(lambda ids: frozenset(map(int, ids)))
    pairs = pd.Series([pair for basket in baskets for pair in combinations(sorted(basket), 2)])
    want = {frozenset(pair): n for pair, n in pairs.value_counts().items() if n >= 5}
    got = shop.bought_together()
    assert {
        frozenset(row[:2]): row[2] for row in got[["first", "second", "together"]].to_numpy()
    } == want
    assert set(got.loc[got["first"] == 501, "first_title"]) <= {"Trowel"}
    assert (got["lift_low"] <= got["lift"]).all()
    orders = shop.orders().dropna(subset="customer_id").sort_values(["day", "order_id"])
    following = orders.groupby("customer_id")["order_id"].shift(-1).dropna().astype("int64")
    steps = pd.DataFrame({"one": orders.loc[following.index, "order_id"], "two": following})
    none = frozenset()
    seen = [
        (a, b)
        for one, two in steps.itertuples(index=False)
        for a in baskets.get(one, none)
        for b in baskets.get(two, none)
    ]
    counts = pd.Series(seen).value_counts()
    after = shop.next_product(at_least=1).set_index(["first", "second"])["together"]
    assert after.to_dict() == counts.to_dict()
    with pytest.raises(InvalidInput, match="no product 1"):
        shop.next_product(1)


def test_the_wait(shop):
    found = shop.repurchase(nth=1)
    orders = shop.orders().dropna(subset="customer_id")
    days = orders.groupby("customer_id")["day"].agg(lambda days: sorted(set(days)))
    assert found.repeats == sum(len(mine) > 1 for mine in days)
    assert found.frame()["waiting"].is_monotonic_decreasing
    with pytest.raises(NotEnoughData, match="purchase 999"):
        shop.repurchase(nth=999)


def test_forecast_and_anomalies_say_what_they_rest_on(shop):
    ahead = shop.forecast(28)
    assert ahead.index[0].date() == shop.as_of
    assert ahead["net"].sum() == pytest.approx(ahead.attrs["total"])
    assert ahead.attrs["evidence"]["stretches"] == 6
    assert (ahead["low"] < ahead["net"]).all()
    odd = shop.anomalies(last=200, threshold=2.5)
    day = odd["day"].iloc[0]
    assert odd["net"].iloc[0] == pytest.approx(shop.metric("net_sales")[day])
    assert set(odd["kind"]) <= {"factor", "channel", "country", "product"}
    assert shop.anomalies(threshold=1000).empty
    for wrong in ({"last": 0}, {"threshold": 0.0}, {"threshold": float("nan")}):
        with pytest.raises(InvalidInput):
            shop.anomalies(**wrong)
    with pytest.raises(NotEnoughData):
        shop.forecast(366, as_of=shop.as_of - timedelta(days=400))


def test_metrics_of_a_range(shop):
    since, until = shop.as_of - timedelta(days=120), shop.as_of - timedelta(days=20)
    orders = shop.orders()
    mine = orders[orders["day"].between(pd.Timestamp(since), pd.Timestamp(until))]
    for by in ("channel", "month", "discount"):
        series = shop.metric("net_sales", by, since=since, until=until)
        assert (
            series.sum() == pytest.approx(mine["net"].sum()) == pytest.approx(series.attrs["total"])
        )
    assert shop.metric("aov", "month", since=since, until=until).attrs["total"] == pytest.approx(
        mine["net"].mean()
    )
    refunds = shop.metric("returns", since=since, until=until, returns_on="refund_date")
    assert refunds.attrs["total"] != shop.metric("returns", since=since, until=until).attrs["total"]
    beside = shop.compare("orders", since, until, "previous_year_weekdays")
    assert (beside["now"], beside["since"] - beside["before_since"]) == (
        len(mine),
        timedelta(days=364),
    )
    with pytest.raises(InvalidInput, match="previous_year"):
        shop.compare("orders", since, until, "yesterday")
    with pytest.raises(InvalidInput, match="refund"):
        shop.metric("aov", returns_on="refund_date")


def test_cohorts_of_some(shop):
    orders = shop.orders().dropna(subset="customer_id").sort_values(["day", "order_id"])
    first = orders.drop_duplicates("customer_id")
    web = first.loc[first["channel"] == "web", "customer_id"].astype("int64")
    by_channel = shop.cohorts("ltv", came={"channel": "web"})
    pd.testing.assert_frame_equal(by_channel, shop.cohorts("ltv", customers=web.tolist()))
    month = first.loc[first["channel"] == "web", "day"].dt.strftime("%Y-%m").value_counts()
    size = shop.cohorts("active", customers=web.tolist())[0].dropna().astype(int)
    over = month.drop(shop.as_of.strftime("%Y-%m"), errors="ignore")
    assert size[size > 0].to_dict() == over.to_dict()
    low, high = shop.cohort_bands("retention", "quarter")
    value = shop.cohorts("retention", "quarter")
    assert (low.isna() == value.isna()).all(axis=None)
    assert ((low <= value) & (value <= high) | value.isna()).all(axis=None)
    assert shop.cohorts("returns").sum().sum() > 0
    with pytest.raises(InvalidInput, match="web"):
        shop.cohorts(came={"channel": "moon"})
    with pytest.raises(InvalidInput):
        shop.cohorts("weather")


def test_segments_through_time_and_beside_shopifys(shop, database, tenant):
    history = shop.rfm_history(3)
    assert len(history) == 4
    for day, row in history.iterrows():
        assert row.to_dict() == shop.segments(as_of=day.date())["customers"].to_dict()
    with pytest.raises(InvalidInput):
        shop.rfm_history(0)
    groups = shop.shopify_groups()
    assert (len(groups), groups.attrs["share"]) == (len(shop.rfm()), None)
    with psycopg.connect(database.admin_url) as admin:
        admin.cursor().executemany(
            "INSERT INTO xsight.customer_traits (tenant_id, customer_id, rfm_group) VALUES (%s, %s, %s)",
            [(tenant.id, int(who), group) for who, group in groups["ours"].iloc[::2].items()],
        )
    again = shop.shopify_groups()
    assert (again.attrs["customers"], again.attrs["share"]) == (len(groups.iloc[::2]), 1.0)
    assert (again["shopify"].iloc[::2] == again["ours"].iloc[::2]).all()


def test_value_of_segments_cohorts_and_years(shop):
    model = shop.model()
    each = model.predictions()
    by_segment, by_year = model.totals("segment"), model.totals("year", days=90)
    want = each.groupby("segment")["clv_365"].sum()
    np.testing.assert_allclose(by_segment["clv"], want.reindex(by_segment.index))
    assert by_segment["customers"].sum() == by_year["customers"].sum() == len(each)
    assert by_year["expected_orders"].sum() == pytest.approx(each["expected_orders_90"].sum())
    year = shop.scores()["first_order_on"].dt.strftime("%Y")
    assert by_year["customers"].to_dict() == year.value_counts().sort_index().to_dict()
    assert (by_segment["clv_low"] < by_segment["clv"]).all()
    years = model.value(3)
    assert years.loc[1, "value"] == pytest.approx(each["clv_365"].sum(), rel=1e-4)
    # surer than if all erred to one side at once
    assert (
        each["clv_365_low"].sum()
        <= years.loc[1, "low"]
        < years.loc[1, "value"]
        < years.loc[1, "high"]
    )
    assert years.loc[1, "high"] <= each["clv_365_high"].sum()
    for wrong in ({"by": "weather"}, {"days": 7}):
        with pytest.raises(InvalidInput):
            model.totals(**wrong)
