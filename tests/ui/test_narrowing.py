"""Channel and country on the Overview: in the address, applied to what is over time, told of what they are not."""

import pytest

from tests.ui.looks import check_look
from tests.ui.test_live import Ignored
from tests.ui.test_numbers import figures, shown

pytestmark = pytest.mark.xdist_group("ui")

REVENUE = "/api/v1/analytics/revenue"
BY = {"channel": (("pos", 80), ("web", 900), (None, 3)), "country": (("DE", 90), ("US", 700))}


@pytest.fixture
def left(site):
    """The daily arrays of the orders that the filter leaves: a third."""
    daily = site.document["daily"]
    arrays = {name: [value // 3 for value in daily[name]] for name in daily if name != "start"}
    left = {"start": daily["start"], **arrays}
    site.answers[REVENUE] = lambda _: {"result": {"daily": left}}
    site.answers["/api/v1/analytics/metrics/orders"] = lambda query: {
        "result": {"points": [{"key": key, "value": n} for key, n in BY[query["by"]]]}
    }
    return left


def code_of(page, panel):
    page.locator(f"[data-panel={panel}] [aria-label^=Options]").click()
    page.get_by_role("menuitem", name="Open as notebook cell").click()
    code = page.locator(".xs-code").inner_text()
    page.get_by_role("button", name="Close").click()
    return code


def test_a_filter_is_chosen_shown_linked_and_taken_away(visit, site, left):
    opened = visit(bypass_csp=True)
    page, whole = opened.open(), site.document["daily"]
    days = len(whole["orders"])
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("button", name="Channel", exact=True).click()
    page.get_by_role("option", name="pos").wait_for(state="attached")
    assert page.locator("select option").all_inner_texts() == ["web", "pos"]
    page.get_by_role("button", name="Show").click()
    page.wait_for_function("performance.getEntriesByName('xs-narrowed').length")
    assert page.url.endswith("?channel=web")
    asked = next(query for path, query in site.asked if path == REVENUE)
    assert asked == {"channel": "web", "as_of": "2026-11-21"}
    assert shown(opened) == figures(left, days - 30, days)
    assert opened.text("[data-panel=segments] .xs-tile-title > p").endswith("· all orders")
    assert opened.text("[data-panel=sales] .xs-tile-title > p") == "Over the chosen period"
    page.get_by_role("button", name="90 days").click()
    assert shown(opened) == figures(left, days - 90, days)
    assert ', channel="web")' in code_of(page, "kpis")
    assert ', channel="web")' in code_of(page, "sales")
    page.get_by_role("button", name="Remove the filter Channel").click()
    assert shown(opened) == figures(whole, days - 90, days)
    assert "channel" not in code_of(page, "mix")
    assert opened.text("[data-panel=segments] .xs-tile-title > p") == "Who your customers are today"
    page.go_back()
    page.get_by_text("Channel: web").wait_for()
    page.wait_for_function("() => !document.querySelector('[data-panel=kpis] [aria-busy]')")
    assert shown(opened) == figures(left, days - 90, days)


def test_a_link_opens_filtered_without_a_shift_and_fits_a_phone(visit, site, left):
    opened = visit(bypass_csp=True, width=390, theme="dark")
    page = opened.open("?channel=web&country=DE")
    page.wait_for_function("performance.getEntriesByName('xs-narrowed').length")
    assert page.evaluate("window.layoutShift") == 0
    assert "Country: Germany" in page.locator(".xs-filter-chips").inner_text()
    days = len(left["orders"])
    assert shown(opened) == figures(left, days - 30, days)
    check_look(page, "dark", 390)


def test_numbers_that_could_not_be_filtered_are_not_shown(visit, site, left):
    site.answers[REVENUE] = ({"detail": "The database rests."}, 503)
    opened = visit()
    opened.errors = Ignored("Failed to load resource")
    page = opened.open("?country=US")
    page.get_by_text("The database rests.").nth(2).wait_for()
    assert page.locator(".xs-kpi").count() == 0
    page.get_by_role("button", name="Remove the filter Country").click()
    days = len(left["orders"])
    assert shown(opened) == figures(site.document["daily"], days - 30, days)
