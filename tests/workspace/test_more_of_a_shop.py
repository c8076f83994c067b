"""Columns by name, SQL cells, saved segments and their lift, answers that are kept."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pandas as pd
import psycopg
import pytest

import xsight_core as xs
from tests.support.shops import ShopOrder, add_orders, random_orders, set_shop
from tests.workspace.servers import mint
from xsight_core.analytics import METRICS
from xsight_core.errors import Conflict, InvalidInput, NotFound
from xsight_core.segments.bits import packed
from xsight_core.services.insights import compute_insights
from xsight_core.services.shop_columns import MEANINGS
from xsight_core.services.tape import Tape
from xsight_core.sql_cells import sql_cell
from xsight_core.tenancy import Tenancy
from xsight_core.workspace import Shop

NOW = datetime.now(UTC)
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def dsn_file(database, tenant, other_tenant, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    set_shop(database.admin_url, tenant.id, zone=ZONE)
    add_orders(database.admin_url, tenant.id, random_orders(21, orders=600, end=NOW), zone=ZONE)
    add_orders(database.admin_url, other_tenant.id, random_orders(22, orders=50, end=NOW))
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email) "
            "SELECT tenant_id, id, id || '@example.org' FROM xsight.customers"
        )

    async def compute() -> None:
        tenancy = Tenancy(database.app_url)
        await compute_insights(tenancy, tenant.id, folder, now=NOW)
        await tenancy.close()

    asyncio.run(compute())
    return mint(database, tenant, folder, pii=True)


@pytest.fixture(scope="module")
def shop(dsn_file):
    return xs.connect(dsn_file)


def test_only_the_columns_and_days_asked_for(shop):
    whole, since = shop.orders(), NOW.date() - timedelta(days=60)
    some = shop.orders(["net", "day", "channel"], since=since, until=NOW.date())
    assert some.columns.tolist() == ["net", "day", "channel"]
    want = whole[whole["day"] >= pd.Timestamp(since)][["net", "day", "channel"]]
    assert 0 < len(want) < len(whole)
    pd.testing.assert_frame_equal(some, want.reset_index(drop=True))
    assert len(shop.orders(["day"], every=True)) == 600
    assert shop.customers(["country", "email"]).columns.tolist() == ["country", "email"]
    assert shop.products(["title"]).columns.tolist() == ["title"]
    with pytest.raises(InvalidInput, match="no column 'nett'"):
        shop.orders(["nett"])
    with pytest.raises(InvalidInput, match="no table 'invoices'"):
        shop.columns("invoices")


@pytest.mark.parametrize("table", MEANINGS)
def test_each_column_has_a_meaning(shop, table):
    told = shop.columns(table)
    assert (told["meaning"] != "").all()
    assert set(MEANINGS[table]) <= set(told.index)
    if table == "orders":
        assert told.loc["net", "unit"] == "USD"
        assert told.loc["net_minor", "unit"] == "minor units"
        assert told.loc["customer_id", "type"] == "int64"


def test_computed_columns_have_meanings_too(shop):
    for frame in (shop.rfm(), shop.columns("scores"), shop.scores()):
        told = shop.columns(frame) if "meaning" not in frame else frame
        assert (told["meaning"] != "").all(), told[told["meaning"] == ""]
    assert shop.columns("scores").loc["clv_365_low", "unit"] == "USD"


def test_tab_finds_the_metrics(shop):
    assert dir(shop.metrics) == sorted(METRICS)
    pd.testing.assert_series_equal(
        shop.metrics.net_sales(by="week"), shop.metric("net_sales", by="week")
    )
    assert METRICS["aov"].definition in shop.metrics.aov.__doc__
    with pytest.raises(AttributeError, match=r"shop.metrics\(\)"):
        _ = shop.metrics.nett


def test_sql_in_a_cell(shop):
    shell = SimpleNamespace(user_ns={"shop": shop, "least": Decimal(50), "unused": object()})
    assert sql_cell(shell, "", "select count(*) as n from orders")["n"].tolist() == [600]
    some = "select id from orders where total >= %(least)s and name not like 'x%%'"
    assert sql_cell(shell, "big", some) is None
    assert 0 < len(shell.user_ns["big"]) < 600
    assert len(sql_cell(shell, "", "select 1 as one where 'abc' like 'a%'")) == 1
    exact = sql_cell(shell, "--exact", "select sum(total) as s from orders")
    assert isinstance(exact["s"].iloc[0], Decimal)
    for line in ("two names", "--often", "1st"):
        with pytest.raises(InvalidInput):
            sql_cell(shell, line, "select 1")
    with pytest.raises(InvalidInput, match="connect"):
        sql_cell(SimpleNamespace(user_ns={}), "", "select 1")


def test_saved_segments_and_what_acting_on_them_brought(database, tenant, shop):
    segment, plain, action = uuid4(), uuid4(), uuid4()
    with psycopg.connect(database.admin_url) as admin:
        known = admin.execute(
            "SELECT id, ordinal FROM xsight.customers WHERE tenant_id = %s ORDER BY id", [tenant.id]
        ).fetchall()
        mask = np.zeros(max(ordinal for _, ordinal in known) + 1, bool)
        inside, treated = known[:40], known[:20]
        arms = []
        for some in (inside, treated, known[20:40]):
            arm = mask.copy()
            arm[[ordinal for _, ordinal in some]] = True
            arms.append(packed(arm))
        for key, name in ((segment, "Loyal"), (plain, "New")):
            admin.execute(
                "INSERT INTO xsight.segments (tenant_id, id, name, rule) VALUES (%s, %s, %s, %s)",
                [tenant.id, key, name, json.dumps({})],
            )
        admin.execute(
            "INSERT INTO xsight.segment_members (tenant_id, segment_id, since_day, digest, bits) "
            "VALUES (%s, %s, 0, '', %s)",
            [tenant.id, segment, arms[0]],
        )
        then = NOW.date() - timedelta(days=200)
        admin.execute(
            "INSERT INTO xsight.segment_actions (tenant_id, id, segment_id, kind, state, held_out, day, treated, held) "
            "VALUES (%s, %s, %s, 'export', 'done', 0.5, %s, %s, %s)",
            [tenant.id, action, segment, (then - date(1970, 1, 1)).days, *arms[1:]],
        )
    assert shop.saved_segments().index.tolist() == ["Loyal", "New"]
    assert shop.members("loyal").tolist() == [key for key, _ in inside]
    assert shop.members(str(segment)).equals(shop.members("Loyal"))
    with pytest.raises(Conflict, match="refreshed"):
        shop.members("New")
    with pytest.raises(NotFound):
        shop.members("Nobody")
    acted = shop.actions().loc[str(action)]
    assert (acted["segment"], acted["treated"], acted["held"]) == ("Loyal", 20, 20)
    found = shop.lift(str(action))
    orders = shop.orders()
    later = orders[orders["day"] > pd.Timestamp(then)]
    each = [
        [later[later["customer_id"] == key]["net"].sum() for key, _ in some]
        for some in (treated, known[20:40])
    ]
    assert found.loc["net", "treated"] == pytest.approx(np.mean(each[0]))
    assert found.loc["net", "lift"] == pytest.approx(np.mean(each[0]) - np.mean(each[1]))
    assert found.loc["net", "low"] < found.loc["net", "lift"] < found.loc["net", "high"]
    with pytest.raises(NotFound):
        shop.lift(str(uuid4()))


def test_answers_are_kept_and_given_again(database, tenant, dsn_file, tmp_path):
    dsn = dsn_file.read_text()
    recorded = Shop(dsn, None, Tape(tmp_path, replay=False))
    asked = (
        lambda shop: shop.rfm(),
        lambda shop: shop.orders(["net", "day"]),
        lambda shop: shop.sql("select count(*) as n, array['a'] as list from orders"),
        lambda shop: shop.metric("net_sales", by="month").to_frame(),
        lambda shop: shop.segments(),
    )
    before = [ask(recorded) for ask in asked]
    add_orders(database.admin_url, tenant.id, [ShopOrder(999_999, 9001, NOW, 100)], zone=ZONE)
    for same in (recorded, Shop("", None, Tape(tmp_path, replay=True))):
        for ask, was in zip(asked, before, strict=True):
            pd.testing.assert_frame_equal(ask(same), was)
    with pytest.raises(Conflict, match="not the same run"):
        Shop("", None, Tape(tmp_path, replay=True)).sql("select now()")
