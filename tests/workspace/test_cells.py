"""Every tile as a notebook cell: run by an analyst's database role, it gives the tile's own numbers."""

import ast
import asyncio
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import xsight_core as xs
from tests.support.market import add_market, market
from tests.workspace.servers import mint
from xsight_core.services.insights import compute_insights
from xsight_core.tenancy import Tenancy
from xsight_ui.data import read_document
from xsight_ui.pages import PAGES

NOW = datetime.now(UTC)
ZONE = "America/New_York"
STORED = ("overview", "rfm", "cohorts", "churn")
ASKED = ("customers", "orders", "products", "customer")


@pytest.fixture(scope="module")
def server(database, tenant, tmp_path_factory):
    """The environment of a notebook server of a shop with CDNOW's purchases."""
    folder = tmp_path_factory.mktemp("cells")
    add_market(database.admin_url, tenant.id, market(3, now=NOW, zone=ZONE, every=12), zone=ZONE)

    async def compute() -> None:
        tenancy = Tenancy(database.app_url)
        await compute_insights(tenancy, tenant.id, folder, now=NOW)
        await tenancy.close()

    asyncio.run(compute())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XSIGHT_LEDGER_DIR", str(folder / "ledger" / str(tenant.id)))
        patch.setenv("XSIGHT_DSN_FILE", str(mint(database, tenant, folder, pii=False)))
        yield


@pytest.fixture(scope="module")
def specs(server):
    found = {name: PAGES[name].spec(read_document(PAGES[name].document), NOW) for name in STORED}
    best = found["overview"]["panels"]["top"]["rows"][0]["id"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUERY_STRING", f"id={best}")
        found |= {
            name: PAGES[name].spec(read_document(PAGES[name].document), NOW) for name in ASKED
        }
    assert {spec["state"] for spec in found.values()} == {"ready"}
    return found


def run(code: str):
    """What a notebook would show of the cell: the value of its last line."""
    *before, last = ast.parse(code).body
    names: dict = {}
    exec(compile(ast.Module(before, []), "cell", "exec"), names)
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def filled(panel, spec, **values):
    """The cell as the browser fills it in for the days the page shows first."""
    day = panel.get("as_of") or spec["freshness"]["last_order_on"]
    as_of = date.fromisoformat(day) if day else NOW.date()  # pages of records are of this moment
    known = {
        "as_of": as_of.isoformat(),
        "since": (as_of - timedelta(days=90)).isoformat(),
        "until": as_of.isoformat(),
        "pairs": "bought_together",
        "months": panel.get("months"),
        "grain": "month",
        "values": "retention",
        "came": "",
        "split": "channel",
        "where": "",
        "days": "",
    }
    if "daily" in spec:
        known |= span(spec)
    code = panel["cell"]
    for name, value in (known | values).items():
        code = code.replace("{" + name + "}", str(value))
    return code


def span(spec, days=30):
    """The first period of the page."""
    start = date.fromisoformat(spec["daily"]["start"])
    last = start + timedelta(days=len(spec["daily"]["orders"]) - 1)
    return {
        "since": (last - timedelta(days=days - 1)).isoformat(),
        "until": last.isoformat(),
    }


def total(spec, name, days=30):
    return sum(spec["daily"][name][-days:])


def money(minor):
    return [value / 100 for value in minor]


def same(got, want):
    np.testing.assert_allclose(
        np.asarray(got, float), np.asarray(want, float), rtol=1e-9, atol=1e-9
    )


def kpis(got, panel, spec):
    orders, net = total(spec, "orders"), total(spec, "net_minor") / 100
    new, back = total(spec, "new_customers"), total(spec, "returning_customers")
    same(got.astype(float), [net, orders, net / orders, new, back / (new + back)])
    keys = [metric["key"] for metric in panel["metrics"]]
    assert keys == [*got.index[:2], "average_order", *got.index[3:]]


def sales(got, panel, spec):
    same(got, money(spec["daily"]["net_minor"][-30:]))


def mix(got, panel, spec):
    for field in panel["fields"]:
        same(got[field["field"]], spec["daily"][field["field"]][-30:])


def segments(got, panel, spec):
    assert got.index.tolist() == [item["key"] for item in panel["items"]]
    assert got["customers"].tolist() == [item["customers"] for item in panel["items"]]
    assert got["net_minor"].tolist() == [item["revenue_minor"] for item in panel["items"]]


def grid(got, panel, spec):
    scores = range(1, 6)
    whole = got.reindex(index=scores, columns=scores, fill_value=0)
    assert whole.to_numpy().tolist() == panel["cells"]


def cohorts(got, panel, spec):
    retention, value = panel["views"]
    for view, name, scale in ((retention, "retention", 1), (value, "value", 100)):
        frame = got[name].loc[panel["cohorts"]]
        want = np.array(view["values"], float)
        same(frame.to_numpy()[:, : want.shape[1]], want / scale)


def churn(got, panel, spec):
    assert got.tolist() == panel["histogram"]


def top(got, panel, spec):
    rows = panel["rows"]
    assert got.index.tolist() == [row["id"] for row in rows]
    same(got["net"], money(row["net_minor"] for row in rows))
    same(got["churn_90"], [row["churn_90"] for row in rows])
    same(got["clv_365"], money(row["clv_365_minor"] for row in rows))


def value(got, panel, spec):
    assert round(got["total"] * 100) == panel["total_minor"]
    assert round(got["per customer"] * 100) == panel["mean_minor"]


def flow(got, panel, spec):
    assert got.to_numpy().tolist() == panel["flow"]["matrix"]


def history(got, panel, spec):
    assert got.to_numpy().tolist() == [day["customers"] for day in panel["history"]["days"]]


def groups(got, panel, spec):
    assert got.tolist() == [group["customers"] for group in panel["groups"]]


def why(got, panel, spec):
    (row,) = got.to_dict("records")
    bounds = panel["bounds"]
    assert row["r"] == 5 - sum(row["recency_days"] >= edge for edge in bounds["recency_days"])
    assert row["f"] == 1 + sum(row["orders"] >= edge for edge in bounds["frequency"])
    assert row["m"] == 1 + sum(row["net_minor"] >= edge for edge in bounds["monetary_minor"])


def retention(got, panel, spec):
    part = panel["cohorts"]
    assert got.index.tolist() == part["cohorts"]
    want = [
        [np.nan if cell is None or not size else cell / size for cell in row]
        for row, size in zip(part["active"], part["size"], strict=True)
    ]
    same(got.to_numpy(), want)


def parts(got, panel, spec):
    found = {None if pd.isna(key) else key: count for key, count in got.items()}
    assert found == {part["key"]: part["customers"] for part in panel["cuts"]["parts"]}


def risky(got, panel, spec):
    assert sorted(got.index) == sorted(row["id"] for row in panel["rows"])
    for row in panel["rows"]:
        assert got.loc[row["id"], "churn_90"] == row["churn_90"]
        assert got.loc[row["id"], "clv_365_minor"] == row["clv_365_minor"]


def spread(got, panel, spec):
    assert got.tolist() == panel["p_alive"]


def calibration(got, panel, spec):
    same(got.to_numpy(), panel["evidence"]["curve"])


def backtest(got, panel, spec):
    for one in panel["evidence"]["candidates"]:
        for name in ("brier", "ece", "mae", "top_decile_lift", "orders_predicted"):
            assert got.loc[one["name"], name] == pytest.approx(one[name])


def card(got, panel, spec):
    assert got["data"] == panel["data"]
    assert got["run"] == panel["run"]


def everybody(got, panel, spec):
    assert len(got) == panel["total"]
    for row in panel["rows"]:
        mine, shown = got.loc[row["id"]], row["scores"]
        assert (mine["orders"], round(mine["net"] * 100)) == (shown["orders"], shown["net_minor"])
        assert mine["segment"] == shown["segment"]
        same([mine["churn_90"], mine["clv_365"] * 100], [shown["churn_90"], shown["clv_365_minor"]])


def placed(got, panel, spec):
    mine = got.set_index("order_id")
    assert panel["rows"]
    for row in panel["rows"]:
        order = mine.loc[row["id"]]
        assert (round(order["net"] * 100), order["units"]) == (row["net_minor"], row["units"])


def sold(got, panel, spec):
    since = NOW.date() - timedelta(days=90)
    counted = xs.connect().orders(["day", "net"], since=since, until=NOW.date())
    assert len(got) > 4
    assert got["net_sales"].sum() == pytest.approx(counted["net"].sum())


def pairs(got, panel, spec):
    assert {"first_title", "second_title", "together", "lift"} <= set(got.columns)
    assert len(got)


def figures(got, panel, spec):
    facts = [fact["value"] for fact in panel["facts"]]
    net, orders, average, last, returned = facts
    same(got[["net sales", "average order", "returned"]] * 100, [net, average, returned])
    assert (got["orders"], str(got["last order"])[:10]) == (orders, last)


def scores(got, panel, spec):
    shown = panel["scores"]
    for name in ("churn_90", "p_alive", "p_alive_low", "p_alive_high", "expected_orders_365"):
        same(got[name], shown[name])
    same(got["clv_365"] * 100, shown["clv_365_minor"])


def profile(got, panel, spec):
    shown = panel["customer"]
    assert got.name == shown["id"]
    for name in ("country", "email_consent", "sms_consent"):
        assert (None if pd.isna(got[name]) else got[name]) == shown[name]


def bought(got, panel, spec):
    (known,) = got["customer_id"].unique()
    assert known == panel["fixed"]["customer_id"]
    figure = {fact["label"]: fact["value"] for fact in spec["panels"]["figures"]["facts"]}
    counted = got[~(got["test"] | got["cancelled"] | got["deleted"])]
    assert (len(counted), round(counted["net"].sum() * 100)) == (
        figure["Orders"],
        figure["Net sales"],
    )


CHECKS = {
    ("customers", "customers"): everybody,
    ("orders", "orders"): placed,
    ("products", "sold"): sold,
    ("products", "pairs"): pairs,
    ("customer", "figures"): figures,
    ("customer", "scores"): scores,
    ("customer", "profile"): profile,
    ("customer", "orders"): bought,
    ("overview", "kpis"): kpis,
    ("overview", "sales"): sales,
    ("overview", "mix"): mix,
    ("overview", "segments"): segments,
    ("overview", "grid"): grid,
    ("overview", "cohorts"): cohorts,
    ("overview", "churn"): churn,
    ("overview", "top"): top,
    ("overview", "clv"): value,
    ("rfm", "map"): segments,
    ("rfm", "grid"): grid,
    ("rfm", "flow"): flow,
    ("rfm", "why"): why,
    ("rfm", "history"): history,
    ("rfm", "groups"): groups,
    ("cohorts", "heat"): retention,
    ("cohorts", "curves"): retention,
    ("cohorts", "parts"): parts,
    ("churn", "churn"): churn,
    ("churn", "clv"): value,
    ("churn", "risky"): risky,
    ("churn", "spread"): spread,
    ("churn", "calibration"): calibration,
    ("churn", "backtest"): backtest,
    ("churn", "card"): card,
}
WITHOUT_CELL = {("churn", "limits"), ("customer", "timeline"), ("customer", "memberships")}


def test_every_tile_with_numbers_has_a_cell_that_is_checked(specs):
    tiles = {(page, key) for page, spec in specs.items() for key in spec["panels"]}
    assert tiles == set(CHECKS) | WITHOUT_CELL
    assert [tile for tile in CHECKS if not specs[tile[0]]["panels"][tile[1]].get("cell")] == []


@pytest.mark.parametrize("tile", CHECKS, ids="-".join)
def test_the_cell_gives_the_numbers_of_its_tile(specs, tile):
    page, key = tile
    spec = specs[page]
    panel = spec["panels"][key]
    customer = specs["churn"]["panels"]["risky"]["rows"][0]["id"]
    CHECKS[tile](run(filled(panel, spec, customer=customer)), panel, spec)


def test_pages_of_records_show_rows_and_nobodys_name(server, monkeypatch):
    """Their documents are asked of the rows with the dashboard's own role."""
    everybody = PAGES["customers"].spec(read_document("customers"), NOW)
    rows = everybody["panels"]["customers"]["rows"]
    net = [row["scores"]["net_minor"] for row in rows]
    assert len(rows) == 40
    assert net == sorted(net, reverse=True)
    assert {row["name"] for row in rows} == {None}
    assert {row["scores"]["segment"] for row in rows} <= set(everybody["segments"])
    monkeypatch.setenv("QUERY_STRING", f"id={rows[0]['id']}")
    one = PAGES["customer"].spec(read_document("customer"), NOW)["panels"]
    facts = {fact["label"]: fact["value"] for fact in one["figures"]["facts"]}
    assert (facts["Net sales"], facts["Orders"]) == (net[0], rows[0]["scores"]["orders"])
    assert one["scores"]["scores"]["r"] in range(1, 6)
    assert one["orders"]["fixed"] == {"customer_id": rows[0]["id"]}
    for nobody in ("id=1", "id=x", "", f"id={2**63}"):
        monkeypatch.setenv("QUERY_STRING", nobody)
        found = PAGES["customer"].spec(read_document("customer"), NOW)["panels"]
        assert found["profile"]["state"]["title"] == "There is no such customer", nobody
    orders = PAGES["orders"].spec(read_document("orders"), NOW)["panels"]["orders"]["rows"]
    times = [row["processed_at"] for row in orders]
    assert times == sorted(times, reverse=True)
    assert len(orders) in range(1, 41)


@pytest.mark.parametrize(("page", "key"), [("customers", "customers"), ("orders", "orders")])
def test_every_filter_of_a_list_can_be_said_in_its_cell(specs, page, key):
    """With a value that some of the rows have, and of no rows: what is left obeys it."""
    spec = specs[page]
    panel = spec["panels"][key]
    every = run(filled(panel, spec))
    values = {
        "segment": "champions", "orders_min": 2, "orders_max": 3, "net_min": 950, "net_max": 90_000,
        "churn_min": 0.5, "ordered_since": "2020-01-01", "ordered_until": "2020-01-01", "country": "US",
        "tag": "vip", "email_consent": "SUBSCRIBED", "product_id": 501, "financial_status": "PAID",
        "fulfillment_status": "FULFILLED", "cancelled": "True", "test": "False", "discount_code": "SPRING",
        "channel": "web",
    }  # fmt: skip
    left = {}
    for one in panel["filters"]:
        for name, code in zip(one["params"], one["code"], strict=True):
            value = values[name]
            said = code.format(text=f'"{value}"', number=value, flag=value)
            left[name] = run(filled(panel, spec, where=f"rows = rows[{said}]\n"))
    assert all(len(rows) <= len(every) for rows in left.values())
    if page == "orders":
        assert len(left["test"]) == (~every["test"]).sum() < len(every)
        lines = xs.connect().sql("select distinct order_id from order_lines where product_id = 501")
        assert len(left["product_id"]) == every["order_id"].isin(lines["order_id"]).sum() > 0
    else:
        assert len(left["orders_min"]) == (every["orders"] >= 2).sum() > 0
        assert len(left["net_min"]) == (every["net"] >= 9.5).sum() > 0
        assert len(left["ordered_since"]) > len(left["ordered_until"]) == 0
        assert 0 < len(left["product_id"]) < len(every)


def test_overview_cells_of_a_channel_and_a_country(specs):
    """As the browser fills them in under a filter, against the rows."""
    spec = specs["overview"]
    orders = xs.connect().orders(["day", "channel", "country", "net"], **span(spec))
    channel, country = orders[["channel", "country"]].dropna().value_counts().index[0]
    mine = orders[(orders["channel"] == channel) & (orders["country"] == country)]
    where = f', channel="{channel}", country="{country}"'
    got = {
        key: run(filled(spec["panels"][key], spec, where=where)) for key in ("kpis", "sales", "mix")
    }
    assert 0 < len(mine) < len(orders)
    assert got["kpis"]["orders"] == len(mine)
    same([got["kpis"]["net_sales"], got["sales"].sum()], [mine["net"].sum()] * 2)
    assert got["mix"]["new_customers"].sum() == got["kpis"]["new_customers"]
