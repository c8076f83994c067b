"""RFM, Cohorts and Churn & CLV: painted from the documents of a real run, asked anew for other choices."""

import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.ui import models_sample
from tests.ui.test_looks import serious

pytestmark = pytest.mark.xdist_group("ui")


@pytest.fixture
def models_page(visit, site):
    site.documents = {**models_sample.documents()}
    risky = site.documents["churn"]["at_risk"]["customers"]
    scores = {
        "segment": "champions", "r": 4, "f": 5, "m": 5, "orders": 17, "net_minor": 74_654,
        "last_order_on": "2026-07-23", "reasons": risky[0]["reasons"], "action_text": "",
    }  # fmt: skip
    one = {"id": risky[0]["id"], "name": "Grace Hopper", "masked": False, "scores": scores}
    site.answers = models_sample.answers() | {
        "/api/v1/customers": lambda query: {
            "items": [one] if str(one["id"]) in query["ids"].split(",") else []
        }
    }

    def open_page(page, query="", **look):
        return visit(bypass_csp=True, **look).open(query, page=page)

    return open_page


def shown_rows(page, panel):
    """What the tile shows, as its own table says it."""
    tile = page.locator(f"[data-panel={panel}]")
    tile.get_by_role("button", name="Options for").click()
    tile.get_by_role("menuitem", name="Show as table").click()
    tile.locator("table.xs-plain").wait_for()
    return [row.split("\t") for row in tile.locator("table.xs-plain tbody tr").all_inner_texts()]


def fits(page, width):
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.layoutShift") < 0.01
    assert page.locator(".xs-tile-body [data-state=error], .xs-problem").count() == 0
    assert serious(page) == []


def test_rfm_on_a_desk(models_page):
    page = models_page("rfm", f"?customer={models_sample.first_id()}")
    fits(page, 1440)
    rfm = models_sample.documents()["rfm"]
    best = rfm["rfm"]["segments"][0]
    page.locator("[data-panel=map] svg").get_by_text("Champions", exact=True).wait_for()
    why = page.locator("[data-panel=why]")
    why.get_by_text("Grace Hopper").wait_for()
    assert "455" in why.inner_text()
    assert why.locator("[aria-current]").all_inner_texts()[1].startswith("5")
    assert "85.6%" in page.locator("[data-panel=groups] .xs-agreement").inner_text()
    rows = shown_rows(page, "map")
    assert rows[0][:2] == ["Champions", str(best["customers"])]
    flow = page.locator("[data-panel=flow]")
    flow.get_by_role("button", name="A year").click()
    flow.locator(".xs-foot", has_text="have come since").wait_for()
    assert "since=2025-11-22" in page.url
    flow.locator("[aria-pressed=true]", has_text="A year").wait_for()
    page.wait_for_function("!document.querySelector('[data-panel=flow] [aria-busy]')")
    moved = models_sample.ask("rfm/migration", since="2025-11-22")["matrix"]
    shown = sum(int(row[2].replace(",", "")) for row in shown_rows(page, "flow"))
    assert shown == sum(map(sum, moved))
    page.go_back()
    assert "since=" not in page.url
    grid = page.locator("[data-panel=grid]")
    before = grid.locator("[data-cell='55']").inner_text()
    page.evaluate(
        "history.replaceState(null, '', '?as_of=2026-01-31'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    then = models_sample.ask("rfm", as_of="2026-01-31")["grid"][4][4]
    grid.locator("[data-cell='55'] b", has_text=str(then)).wait_for()
    assert grid.locator("[data-cell='55']").inner_text() != before


def test_rfm_on_a_phone_in_the_dark(models_page):
    fits(models_page("rfm", width=390, theme="dark"), 390)


def test_a_tile_opens_as_a_notebook_cell(models_page, site):
    page = models_page("rfm", "?since=2026-01-31")
    tile = page.locator("[data-panel=flow]")
    tile.get_by_role("button", name="Options for").click()
    tile.get_by_role("menuitem", name="Open as notebook cell").click()
    dialog = page.get_by_role("dialog")
    assert 'shop.migration("2026-01-31", "2026-11-22")' in dialog.locator("code").inner_text()
    assert serious(page, ".xs-dialog") == []
    dialog.get_by_role("link", name="Copy and open Lab").wait_for()
    with page.expect_download() as saved:
        dialog.get_by_role("link", name="As a notebook").click()
    notebook = json.loads(saved.value.path().read_text())
    assert "xs.connect()" in notebook["cells"][0]["source"]
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_who_has_no_lab_is_not_sent_there(models_page, site):
    site.rights = ["user", "read"]
    page = models_page("rfm", "?customer=1")
    page.get_by_text("There is no such customer").wait_for()
    tile = page.locator("[data-panel=groups]")
    tile.get_by_role("button", name="Options for").click()
    tile.get_by_role("menuitem", name="Open as notebook cell").click()
    page.get_by_role("button", name="Copy").wait_for()
    assert page.get_by_role("link", name="Copy and open Lab").count() == 0


def test_cohorts_on_a_desk(models_page):
    page = models_page("cohorts")
    fits(page, 1440)
    part = models_sample.documents()["cohorts"]["cohorts"]
    heat = page.locator("[data-panel=heat]")
    first = heat.locator("tbody tr").nth(1)
    assert first.locator("td").first.inner_text() == str(part["size"][0])
    share = part["active"][0][1] / part["size"][0]
    assert first.locator("td").nth(1).inner_text() == f"{share:.1%}"
    assert heat.locator(".xs-masked").count() > 0
    heat.get_by_label("Measure").select_option("ltv")
    so_far = sum(part["revenue_minor"][0][:4]) / part["size"][0] / 100
    heat.locator("tbody tr").nth(1).locator("td").nth(4).get_by_text(f"${so_far:,.2f}").wait_for()
    heat.get_by_label("90 % bands").check()
    asked = models_sample.ask("cohorts", grain="month", values="ltv_minor", bands="true")["measure"]
    low, high = (asked[bound][0][3] / 100 for bound in ("low", "high"))
    heat.get_by_text(f"${low:,.2f} – ${high:,.2f}").wait_for()
    page.locator("[data-panel=curves]").get_by_label("Band of").wait_for()
    page.get_by_role("button", name="Quarter").click()
    heat.get_by_text("2025 Q2").wait_for()
    assert "measure=ltv&bands=1&grain=quarter" in page.url
    page.locator("[data-part=web] button").click()
    cut = models_sample.ask("cohorts/cuts", by="channel", grain="quarter")["parts"]
    web = next(one for one in cut if one["key"] == "web")
    size = web["cohorts"]["size"][0]
    heat.locator("tbody tr").nth(1).locator("td").first.get_by_text(
        str(size), exact=True
    ).wait_for()
    tile = page.locator("[data-panel=heat]")
    tile.get_by_role("button", name="Options for").click()
    tile.get_by_role("menuitem", name="Open as notebook cell").click()
    code = page.get_by_role("dialog").locator("code").inner_text()
    assert 'shop.cohorts("ltv", by="quarter", came={"channel": "web"})' in code
    page.keyboard.press("Escape")
    heat.get_by_label("Measure").select_option("refunds")
    page.wait_for_function("!document.querySelector('[aria-busy]')")
    page.reload()
    page.wait_for_function("performance.getEntriesByName('xs-complete').length")
    heat.locator("tr", has_text="2025 Q2").wait_for()
    assert page.locator("[data-part=web][data-on]").count() == 1
    assert page.locator(".xs-problem").count() == 0


def test_churn_and_value_on_a_desk(models_page):
    page = models_page("churn")
    fits(page, 1440)
    document = models_sample.documents()["churn"]
    risky = page.locator("[data-panel=risky] tbody tr")
    assert risky.count() == len(document["at_risk"]["customers"]) == 50
    risky.first.get_by_text("Grace Hopper").wait_for()
    assert document["at_risk"]["customers"][0]["reasons"][0] in risky.first.inner_text()
    evidence = document["card"]["evidence"]
    champion = page.locator("[data-candidate][data-champion]")
    assert f"{evidence['brier']:.4f}" in champion.inner_text()
    assert page.locator("[data-candidate]").count() == len(evidence["candidates"])
    dots = [row[2] for row in shown_rows(page, "calibration")]
    assert dots == [f"{count:,}" for _, _, count in evidence["curve"]]
    assert "Guests have no history" in page.locator("[data-panel=limits]").inner_text()
    assert document["card"]["run"]["id"] in page.locator("[data-panel=card]").inner_text()
    page.get_by_role("button", name="Tenths").click()
    tenths = document["spread"]["clv"]["tenths"]
    assert shown_rows(page, "spread")[0] == ["Top 10%", f"{tenths[0]:.1%}"]
    backtest = page.locator("[data-panel=backtest]")
    backtest.get_by_label("As of").fill("2026-06-30")
    then = models_sample.ask("churn", as_of="2026-06-30")["evidence"]
    backtest.locator("[data-champion]", has_text=f"{then['brier']:.4f}").wait_for()
    assert "as_of=2026-06-30" in page.url


SHORT = {
    "state": "not_enough_data",
    "have": {"repeat_customers": 3},
    "need": {"repeat_customers": 30},
    "message": "Too few customers have come back.",
}


def test_too_little_to_learn_from_is_said_in_every_tile(models_page, site):
    body = models_sample.documents()["churn"]
    card = body["card"] | {"evidence": SHORT}
    site.documents["churn"] = body | {
        "churn": SHORT, "clv": SHORT, "at_risk": None, "spread": None, "card": card,
    }  # fmt: skip
    page = models_page("churn", width=390, theme="dark")
    fits(page, 390)
    states = page.locator("[data-state=not_enough_data]")
    assert states.count() == 6
    assert "3 of 30" in states.first.inner_text()
    page = models_page("cohorts", width=390, theme="dark")
    fits(page, 390)


def test_any_days_of_the_overview(models_page, site):
    page = models_page("overview", "?range=2026-01-01..2026-01-31")
    daily = models_sample.documents()["overview"]["daily"]
    start = date.fromisoformat(daily["start"])
    first = (date(2026, 1, 1) - start).days
    net = sum(daily["net_minor"][first : first + 31])
    shown = page.locator("[data-metric=net_sales]")
    assert int(shown.get_attribute("data-value")) == net
    assert page.locator(".xs-stamp-days").inner_text() == "Jan 1 – 31, 2026"
    assert page.locator(".xs-head .xs-toggle [aria-pressed=true]").count() == 0
    tile = page.locator("[data-panel=sales]")
    tile.get_by_role("button", name="Options for").click()
    tile.get_by_role("menuitem", name="Open as notebook cell").click()
    code = page.get_by_role("dialog").locator("code").inner_text()
    assert 'since="2026-01-01", until="2026-01-31"' in code
    page.keyboard.press("Escape")
    page.locator(".xs-head [data-key='90']").click()
    assert "range=" not in page.url
    assert int(shown.get_attribute("data-value")) == sum(daily["net_minor"][-90:])
    page.go_back()
    page.wait_for_function(
        "net => document.querySelector('[data-metric=net_sales]').dataset.value == net", arg=net
    )
    page.locator("[data-range]").click()
    page.get_by_role("button", name="Last 7 days").click()
    assert "range=7d" in page.url
    zone = ZoneInfo(models_sample.documents()["overview"]["shop"]["timezone"])
    week = (datetime.now(zone).date() - timedelta(days=6) - start).days  # "last" is of today
    last = sum(daily["net_minor"][week:]) or sum(daily["net_minor"])  # nothing there: all is shown
    assert int(shown.get_attribute("data-value")) == last
