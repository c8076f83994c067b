"""Segments through time, Shopify's groups, and what cohorts are worth, over REST, told another way."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg
import pytest

from tests.api.analytics.conftest import ZONE
from tests.api.analytics.questions import refusal, result
from tests.support.cdnow import CELLS, fifths
from xsight_core.analytics import SHOPIFY_GROUPS

TODAY = datetime.now(ZoneInfo(ZONE)).date()
EPOCH = date(1970, 1, 1)


def scored(store, day: date) -> pd.DataFrame:
    """Customers with their segment as of a day: orders of later days are not known."""
    rows = store.sql(
        "SELECT customer_id, max(day), count(*), sum(net_minor)::bigint FROM orders WHERE NOT test "
        "AND cancelled_at IS NULL AND deleted_at IS NULL AND customer_id IS NOT NULL AND day <= %(day)s GROUP BY 1",
        day=(day - EPOCH).days,
    )
    people = pd.DataFrame(rows, columns=["who", "last", "n", "net"]).set_index("who")
    r, m = fifths(people["last"]), fifths(people["net"])
    f = people["n"].map(lambda n: 5 if n >= 6 else min(4, n))
    cell = r.astype(str) + f.astype(str) + m.astype(str)
    by_cell = {c: key for key, cells in CELLS.items() for c in cells.split()}
    return people.assign(segment=cell.map(by_cell), r=r, f=fifths(people["n"]), m=m)


async def test_segments_at_the_ends_of_months(store, ann) -> None:
    got = await result(ann, "rfm/history", months=3)
    days = [date.fromisoformat(point["as_of"]) for point in got["days"]]
    first = TODAY.replace(day=1)
    ends = [first - timedelta(days=1)]
    for _ in range(2):
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    assert days == [*reversed(ends), TODAY]
    keys = [segment["key"] for segment in got["segments"]]
    for point, day in zip(got["days"], days, strict=True):
        want = scored(store, day)["segment"].value_counts()
        assert point["customers"] == [int(want.get(key, 0)) for key in keys]
    assert await refusal(ann, "rfm/history", months=0) == "months"


async def test_who_moved_where(store, ann) -> None:
    since = TODAY - timedelta(days=120)
    got = await result(ann, "rfm/migration", since=since.isoformat())
    keys = [segment["key"] for segment in got["segments"]]
    now, before = scored(store, TODAY)["segment"], scored(store, since)["segment"]
    want = pd.crosstab(before.reindex(now.index).fillna("not yet"), now)
    want = want.reindex(index=[*keys, "not yet"], columns=keys, fill_value=0)
    assert got["matrix"] == want.to_numpy().tolist()


async def test_shopifys_groups_beside_ours(store, ann) -> None:
    none = await result(ann, "rfm/shopify")
    assert none["agreement"] is None
    assert {group["by_shopify"] for group in none["groups"]} == {None}
    assert [group["key"] for group in none["groups"]] == list(SHOPIFY_GROUPS)
    people = scored(store, TODAY)
    assert sum(group["customers"] for group in none["groups"]) == len(people)
    assert sum(group["revenue_minor"] for group in none["groups"]) == people["net"].sum()
    champions = (people["r"] == 5) & (people["f"] + people["m"] >= 8)
    assert none["groups"][0]["customers"] == champions.sum()
    theirs = {int(who): "CHAMPIONS" for who in people.index[champions][:10]} | {
        int(who): "DORMANT" for who in people.index[champions][10:16]
    }
    with psycopg.connect(store.database.admin_url) as admin:
        for who, group in {**theirs, 5: "PROSPECTS", 6: "SOMETHING_NEW"}.items():
            admin.execute(
                "INSERT INTO xsight.customers (tenant_id, id, ordinal, created_at, updated_at) "
                "SELECT %s, %s, 900000 + %s, now(), now() WHERE %s < 10",
                [store.tenant_id, who, who, who],
            )
            admin.execute(
                "INSERT INTO xsight.customer_traits (tenant_id, customer_id, rfm_group) VALUES (%s, %s, %s)",
                [store.tenant_id, who, group],
            )
        admin.execute("UPDATE xsight.tenant_state SET data_version = data_version + 1")
    got = await result(ann, "rfm/shopify")
    assert {g["key"]: g["by_shopify"] for g in got["groups"] if g["by_shopify"]} == {
        "CHAMPIONS": 10, "DORMANT": 6, "PROSPECTS": 1,
    }  # fmt: skip
    agreement = got["agreement"]
    assert (agreement["customers"], agreement["share"]) == (16, 10 / 16)
    assert agreement["kappa"] == pytest.approx(0)  # all of ours are champions: chance does as well
    assert agreement["matrix"][0][0] == 10


async def test_what_each_cohort_is_worth(store, ann) -> None:
    """The sums of what is stored of each customer."""
    whole = await result(ann, "clv")
    assert whole["state"] in {"ok", "unproven"}, whole.get("message")
    got = await result(ann, "clv/cohorts", grain="quarter")
    rows = store.sql(
        "SELECT to_char(date '1970-01-01' + first_day, 'YYYY-\"Q\"Q'), count(*)::int, sum(expected_orders_90), "
        "sum(clv_90_minor)::float8, sum(clv_365_minor)::float8, sum(clv_365_minor_low)::float8, "
        "sum(clv_365_minor_high)::float8 FROM customer_insights i JOIN tenant_state t "
        "ON t.insight_run = i.insight_run GROUP BY 1 ORDER BY 1"
    )
    assert [cohort["cohort"] for cohort in got["cohorts"]] == [row[0] for row in rows]
    for cohort, (_, n, orders, value_90, value, low, high) in zip(
        got["cohorts"], rows, strict=True
    ):
        by_days = {horizon["days"]: horizon for horizon in cohort["horizons"]}
        assert set(by_days) == {30, 90, 180, 365}
        assert by_days[90]["customers"] == n
        assert by_days[90]["expected_orders"] == pytest.approx(orders, abs=0.001)
        assert by_days[90]["clv_minor"] == pytest.approx(value_90, abs=n)
        year = by_days[365]
        assert year["clv_minor"] == pytest.approx(value, abs=n)
        # what moves together is surer in sum than the sum of its bounds, and is no point
        assert (
            low - n
            <= year["clv_minor_low"]
            < year["clv_minor"]
            < year["clv_minor_high"]
            <= high + n
        )
    assert sum(c["horizons"][-1]["clv_minor"] for c in got["cohorts"]) == pytest.approx(
        whole["total_minor"], abs=sum(row[1] for row in rows)
    )
    by_segment = dict(
        store.sql(
            "SELECT segment, sum(clv_365_minor)::bigint FROM customer_insights i JOIN tenant_state t "
            "ON t.insight_run = i.insight_run GROUP BY 1"
        )
    )
    assert {s["key"]: s["clv_minor"] for s in whole["segments"]} == pytest.approx(
        by_segment, abs=999
    )


async def test_value_year_by_year(ann) -> None:
    whole, got = await result(ann, "clv"), await result(ann, "clv/years", years=4)
    years = [year["clv_minor"] for year in got["years"]]
    assert years[0] == pytest.approx(whole["total_minor"], rel=1e-3)
    assert got["years"][0]["clv_minor_low"] == pytest.approx(whole["total_minor_low"], rel=1e-3)
    assert years == sorted(years, reverse=True)  # customers leave, money is discounted
    ratio = np.array(years[1:]) / years[:-1]
    assert (ratio > 0.3).all()
    for year in got["years"]:
        assert year["clv_minor_low"] < year["clv_minor"] < year["clv_minor_high"]
    assert await refusal(ann, "clv/years", years=6) == "years"
    past = await result(ann, "clv/years", as_of="2001-01-01")
    assert past["state"] == "not_enough_data"
    assert past["message"]
    assert (await result(ann, "clv/cohorts", as_of="2001-01-01"))["state"] == "not_enough_data"
