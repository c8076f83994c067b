"""One customer, and orders: what is stored at once, the rest as the viewer may see it."""

import pytest

from tests.ui.looks import seen_in, serious
from tests.ui.records_sample import FIRST_ID, customer_document, furnish

pytestmark = pytest.mark.xdist_group("ui")

ONE = f"?id={FIRST_ID + 3}"


def opened(visit, page, query="", **look):
    shown = visit(bypass_csp=True, **look).open(query, page=page)
    shown.wait_for_function("performance.getEntriesByName('xs-list').length")
    return shown


@seen_in("light", 1440)
def test_a_customer_is_told_whole(visit, site, theme, width):
    furnish(site)
    page = opened(visit, "customer", ONE, theme=theme, width=width)
    page.get_by_text("Last order 143 days ago").wait_for()
    assert "Wolfeschlegel" not in page.locator("#xs-spec").text_content()
    assert page.locator("h1").inner_text().startswith("Wolfeschlegel")
    assert page.title().startswith("Wolfeschlegel")
    scores = page.locator("[data-panel=scores]")
    for said in ("73.0%", "52% to 70%", "1.8 to 2.9", "4 of 5", "Write to them", "Tried on"):
        assert said in scores.inner_text(), said
    assert "c3@example.com" in page.inner_text("[data-panel=profile]")
    assert "Bought twice in spring" in page.inner_text("[data-panel=memberships]")
    assert page.locator("[data-panel=timeline] li").count() == 5
    assert "From Loyal to At risk" in page.inner_text("[data-panel=timeline]")
    assert page.locator(".xs-nav [aria-current=page]").inner_text() == "Customers"
    assert ("/api/v1/orders", str(FIRST_ID + 3)) in [
        (path, query.get("customer_id")) for path, query in site.asked
    ]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert serious(page) == []


def test_without_the_right_a_customer_has_no_name(visit, site):
    furnish(site, pii=False)
    page = opened(visit, "customer", ONE)
    page.get_by_text("Names are shown to members").first.wait_for()
    assert page.locator("h1").inner_text() == "Customer …0003"
    assert "@example.com" not in page.inner_text("main")
    page.get_by_text("Last order 143 days ago").wait_for()


def test_nobody_has_that_number(visit, site):
    furnish(site)
    site.documents["customer"] = customer_document(customer=None)
    page = visit().open("?id=1", page="customer")
    page.get_by_text("There is no such customer").wait_for()
    assert page.locator("[data-panel]").count() == 1


@seen_in("dark", 390)
def test_orders_with_range_totals_and_one_of_them(visit, site, theme, width):
    furnish(site)
    page = opened(visit, "orders", theme=theme, width=width)
    totals = page.locator(".xs-list-totals")
    assert "110 + 10 not counted" in totals.inner_text()
    assert "$14,539.00" in totals.inner_text()
    asked = next(query for path, query in site.asked if path == "/api/v1/orders")
    assert asked["totals"] == "true"
    assert asked["since"] < asked["until"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.layoutShift") < 0.02
    assert serious(page) == []
    page.locator("[data-range]").click()
    assert serious(page, ".xs-range") == []
    page.get_by_label("First day").fill("2026-03-01")
    page.get_by_label("Last day").fill("2026-02-01")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("The first day comes before the last.").wait_for()
    page.get_by_label("Last day").fill("2026-03-31")
    with page.expect_response(lambda answer: "since=2026-03-01&until=2026-03-31" in answer.url):
        page.get_by_role("button", name="Show").click()
    assert "range=2026-03-01..2026-03-31" in page.url
    page.get_by_role("button", name="#2400").click()
    order = page.locator("[data-panel=order]")
    order.get_by_text("Watering can").wait_for()
    for said in ("Order #2400", "SPRING", "1 kept", "$130.00", "-$12.00"):
        assert said in order.inner_text(), said
    assert "order=5000000000000" in page.url
    assert serious(page, "dialog") == []
    page.keyboard.press("Escape")
    order.wait_for(state="detached")
    assert "order=" not in page.url
    page.go_back()
    order.get_by_text("Watering can").wait_for()
