"""RFM, Cohorts and Churn & CLV: painted from the documents of a real run, asked anew for other choices."""

import json

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
