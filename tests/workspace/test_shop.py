"""What an analyst sees, through the database role a notebook server has."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import psycopg
import pytest

import xsight_core as xs
from tests.support.shops import ShopOrder, add_orders, random_orders, set_shop
from tests.workspace.servers import mint
from xsight_core.errors import InvalidInput, NotFound
from xsight_core.services.insights import compute_insights, store_look_back
from xsight_core.tenancy import Tenancy
from xsight_core.workspace import NotInANotebookServer

NOW = datetime.now(UTC)
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def orders(database, tenant, other_tenant, home):
    orders = random_orders(11, orders=1500, customers=300, end=NOW)
    set_shop(database.admin_url, tenant.id, zone=ZONE)
    add_orders(database.admin_url, tenant.id, orders, zone=ZONE, customers=[9001])
    add_orders(database.admin_url, other_tenant.id, random_orders(12, end=NOW), zone=ZONE)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute(
            "INSERT INTO xsight.customer_pii (tenant_id, customer_id, email) "
            "SELECT tenant_id, id, id || '@example.org' FROM xsight.customers"
        )
        admin.execute(
            "INSERT INTO xsight.order_lines (tenant_id, order_id, id, title, quantity, current_quantity, gift_card, "
            "unit_price, gross, discounts, net, tax) "
            "SELECT tenant_id, id, id * 10 + n, 'Thing', 1, 1, false, 1.5, 1.5, "
            "0, 1.5, 0 FROM xsight.orders, generate_series(1, 2) n"
        )
        admin.execute(
            "INSERT INTO xsight.refunds (tenant_id, order_id, id, created_at, day, total) "
            "SELECT tenant_id, id, id * 10, processed_at, day + 1, refunded FROM xsight.orders "
            "WHERE refunded > 0"
        )
    asyncio.run(compute(database, tenant, home))
    return [order for order in orders if order.counts]


async def compute(database, tenant, home):
    tenancy = Tenancy(database.app_url)
    await compute_insights(tenancy, tenant.id, home, now=NOW)
    await tenancy.close()


@pytest.fixture
def shop(database, tenant, orders, home, tmp_path, monkeypatch):
    monkeypatch.setenv("XSIGHT_DSN_FILE", str(mint(database, tenant, tmp_path, pii=True)))
    monkeypatch.setenv("XSIGHT_LEDGER_DIR", str(home / "ledger" / str(tenant.id)))
    return xs.connect()


@pytest.fixture(scope="module")
def document(database, orders, tenant):
    with psycopg.connect(database.admin_url) as admin:
        return admin.execute(
            "SELECT body FROM xsight.documents WHERE tenant_id = %s AND name = 'overview'",
            [tenant.id],
        ).fetchone()[0]


def test_orders_are_the_ones_that_count(shop, orders):
    frame = shop.orders()
    assert sorted(frame["order_id"]) == sorted(order.id for order in orders)
    by_id = {order.id: order for order in orders}
    for row in frame.itertuples():
        order = by_id[row.order_id]
        assert (row.gross_minor, row.net_minor) == (order.gross, order.net)
        assert row.net == pytest.approx(order.net / 100)
        # in UTC: in the hour that comes twice in autumn, Python calls equal moments of two zones different
        assert row.processed_at.tz_convert("UTC").to_pydatetime() == order.at
        assert row.processed_at.date() == row.day.date() == order.local_date(ZONE)
    assert str(frame["processed_at"].dtype) == f"datetime64[us, {ZONE}]"
    assert frame["customer_id"].dtype == "Int64"
    assert frame["customer_id"].isna().sum() == sum(order.customer is None for order in orders)


def test_every_order_can_be_seen_with_its_flags(shop, orders):
    frame = shop.orders(every=True)
    assert len(frame) == 1500
    assert (~(frame["test"] | frame["cancelled"] | frame["deleted"])).sum() == len(orders)


def test_lines_and_refunds_follow_their_orders(shop, orders):
    ids = {order.id for order in orders}
    lines, refunds = shop.order_lines(), shop.refunds()
    assert len(lines) == 2 * len(ids)
    assert set(lines["order_id"]) == ids
    assert set(refunds["order_id"]) == {order.id for order in orders if order.returns}
    assert ((refunds["day"] - refunds["order_day"]).dt.days == 1).all()
    assert shop.products().empty
    assert shop.products().columns[0] == "product_id"


def test_the_numbers_are_the_dashboards(shop, document):
    daily = document["daily"]
    for name, column in [
        ("net_sales", "net_minor"),
        ("gross_sales", "gross_minor"),
        ("discounts", "discounts_minor"),
    ]:
        series = shop.metric(name)
        assert series.index[0].date().isoformat() == daily["start"]
        np.testing.assert_allclose(series.to_numpy() * 100, daily[column])
    for name in ("orders", "new_customers", "returning_customers"):
        assert shop.metric(name).tolist() == daily[name]
    assert shop.segments()["customers"].tolist() == [
        s["customers"] for s in document["rfm"]["segments"]
    ]
    assert shop.segments()["net_minor"].tolist() == [
        s["revenue_minor"] for s in document["rfm"]["segments"]
    ]
    active = shop.cohorts("active")
    assert active.index.tolist() == document["cohorts"]["cohorts"]
    cells = [
        [None if np.isnan(cell) else cell for cell in row] for row in active.to_numpy().tolist()
    ]
    assert cells == document["cohorts"]["active"]
    scores = shop.scores()
    rfm = shop.rfm()
    assert len(scores) == len(rfm) == document["totals"]["buyers"]
    pd.testing.assert_frame_equal(
        scores[["orders", "net_minor", "r", "f", "m"]],
        rfm[["orders", "net_minor", "r", "f", "m"]],
        check_dtype=False,
    )
    assert (scores["segment"].astype(str) == rfm["segment"].astype(str)).all()
    assert (rfm["recency_days"] == scores["days_since_order"]).all()
    top = document["top_customers"][0]
    assert scores.loc[top["id"], "net_minor"] == top["net_minor"]
    assert scores.loc[top["id"], "churn_90"] == top["churn_90"]
    assert scores["churn_90"].sum() == pytest.approx(document["churn"]["expected_churn"])
    assert scores["clv_365_minor"].sum() == document["clv"]["total_minor"]


def test_the_past_is_seen_from_the_past(shop, orders):
    then = NOW.date() - timedelta(days=300)
    seen = [
        order for order in orders if order.local_date(ZONE) <= then and order.customer is not None
    ]
    frame = shop.rfm(as_of=then.isoformat())
    assert frame["orders"].sum() == len(seen)
    assert frame["net_minor"].sum() == sum(order.net for order in seen)
    assert shop.cohorts("active", by="quarter", as_of=then).iloc[0].notna().sum() >= 3


def test_metrics_by_period_and_dimension(shop, orders):
    monthly = shop.metric("net_sales", by="month")
    wanted: dict[date, int] = {}
    for order in orders:
        month = order.local_date(ZONE).replace(day=1)
        wanted[month] = wanted.get(month, 0) + order.net
    got = {
        stamp.date(): round(value * 100)
        for stamp, value in monthly.items()
        if value or stamp.date() in wanted
    }
    assert got == wanted
    by_channel = shop.metric("orders", by="channel")
    assert by_channel.sum() == len(orders)
    assert by_channel["web"] == sum(order.channel == "web" for order in orders)
    since = NOW.date() - timedelta(days=30)
    assert shop.metric("orders", since=since).index[0].date() == since
    with pytest.raises(InvalidInput, match="no metric 'nett'"):
        shop.metric("nett")
    with pytest.raises(InvalidInput, match="2026-11-22"):
        shop.metric("orders", until="yesterday")


def test_sql_is_typed_and_bound_to_the_tenant(shop, orders):
    frame = shop.sql(
        "select count(*) as n, sum(subtotal) as money, min(processed_at) as first from orders"
    )
    assert frame["n"].tolist() == [1500]
    assert frame.dtypes.astype(str).to_dict() == {
        "n": "int64",
        "money": "float64",
        "first": f"datetime64[us, {ZONE}]",
    }
    exact = shop.sql(
        "select sum(subtotal) from orders where day <= %(day)s", {"day": 99_999}, exact=True
    )
    assert isinstance(exact.iloc[0, 0], Decimal)
    none = shop.sql("select id, cancelled_at, test, net_minor from orders where id = %s", [-1])
    assert len(none) == 0
    assert none.dtypes.astype(str).tolist() == ["int64", f"datetime64[us, {ZONE}]", "bool", "int64"]
    with pytest.raises(psycopg.errors.Error):
        shop.sql("delete from orders")
    assert {"orders", "customers", "customer_insights"} <= set(shop.tables()["table"])


def test_personal_columns_need_the_right(database, tenant, shop, tmp_path):
    mine = shop.customers()
    assert 9001 in mine.index  # who never ordered
    assert mine["email"].tolist() == [f"{key}@example.org" for key in mine.index]
    other = xs.connect(mint(database, tenant, tmp_path, pii=False)).customers()
    assert set(mine.columns) - set(other.columns) == {
        "email",
        "phone",
        "first_name",
        "last_name",
        "city",
        "zip",
    }
    assert other.index.tolist() == mine.index.tolist()


def test_without_a_ledger_file_the_rows_are_read(database, tenant, shop, tmp_path, monkeypatch):
    monkeypatch.delenv("XSIGHT_LEDGER_DIR")
    bare = xs.connect(mint(database, tenant, tmp_path, pii=False))
    pd.testing.assert_frame_equal(bare.rfm(), shop.rfm())
    pd.testing.assert_series_equal(bare.metric("aov", by="week"), shop.metric("aov", by="week"))


def test_new_rows_show_at_once(database, tenant, shop, orders):
    before = shop.metric("orders").sum()
    add_orders(database.admin_url, tenant.id, [ShopOrder(999_999, 9001, NOW, 100)], zone=ZONE)
    try:
        assert shop.metric("orders").sum() == before + 1
        assert 999_999 in set(shop.orders()["order_id"])
    finally:
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("DELETE FROM xsight.orders WHERE id = 999999")
            admin.execute("UPDATE xsight.tenant_state SET data_version = data_version + 1")
    assert shop.metric("orders").sum() == before


def test_card_shows_what_there_is(shop, orders, document):
    html = shop._repr_html_()
    assert f"{len(orders):,}" in html
    assert f"{document['totals']['revenue_minor'] / 100:,.2f} USD" in html
    assert repr(shop) == f"<Shop garden.myshopify.com in USD, {ZONE}>"
    assert "net_sales" in shop.metrics().index


def test_outside_a_notebook_server_it_says_so(monkeypatch, tmp_path):
    monkeypatch.delenv("XSIGHT_DSN_FILE", raising=False)
    with pytest.raises(NotInANotebookServer, match="JupyterLab"):
        xs.connect()
    monkeypatch.setenv("XSIGHT_DSN_FILE", str(tmp_path / "gone"))
    with pytest.raises(NotInANotebookServer, match="cannot be read"):
        xs.connect()


def test_the_model_behind_the_scores(shop, document):
    model = shop.model()
    assert model.state == document["churn"]["state"]
    evidence = model.evidence
    assert set(evidence["kind"]) == {"model", "rule"}
    champion = evidence.loc[document["churn"]["evidence"]["champion"]]
    assert champion["brier"] == document["churn"]["evidence"]["brier"]
    assert evidence["brier"].is_monotonic_increasing
    assert model.curve["customers"].sum() == document["churn"]["evidence"]["customers"]
    assert {"r", "alpha", "a", "b", "p", "q", "v"} == set(model.parameters.index)
    found, stored = model.predictions(), shop.scores()
    assert found.index.tolist() == stored.index.tolist()
    for name in ("churn_90", "p_alive_low", "expected_orders_180_high"):
        np.testing.assert_allclose(found[name], stored[name])
    assert (found["clv_365"].sum() - document["clv"]["total_minor"] / 100) < 0.01 * len(found)
    assert (found["clv_365_low"] <= found["clv_365"]).all()
    assert (stored["next_order_on_low"] > pd.Timestamp(shop.as_of)).all()
    value = model.value(years=2)
    assert value.loc[1, "value"] == pytest.approx(found["clv_365"].sum(), rel=1e-6)
    assert value.loc[2, "value"] < value.loc[1, "value"]
    assert "ShopModel" in repr(model)
    assert champion.name in model._repr_html_()


async def test_the_past_of_the_scores(shop, tenancy, tenant, home):
    then = NOW.date() - timedelta(days=150)
    run = await store_look_back(tenancy, tenant.id, home, then)
    runs = shop.runs()
    assert runs["kind"].tolist() == ["past", "shown"]
    told = shop.history()
    told = told[told["kind"] == "past"].set_index("customer_id")
    again = shop.scores(as_of=then)
    assert told.index.tolist() == again.index.tolist()
    np.testing.assert_allclose(told["churn_90"], again["churn_90"])
    np.testing.assert_allclose(told["clv_365"], again["clv_365"], atol=0.006)
    assert (told["segment"] == again["segment"]).all()
    one = told.index[0]
    assert shop.history(int(one))["as_of"].tolist() == [
        pd.Timestamp(then),
        pd.Timestamp(shop.as_of),
    ]
    assert shop.model_card()["run"]["kind"] == "shown"
    assert shop.model_card(str(run.id))["run"]["as_of"] == then.isoformat()
    with pytest.raises(NotFound):
        shop.model_card("00000000-0000-0000-0000-000000000000")
    moved = shop.migration(then)
    assert moved.to_numpy().sum() == len(shop.rfm())
    assert moved.drop(index="not yet").to_numpy().sum() == len(told)
    assert (moved.sum() == shop.segments()["customers"]).all()
