"""Customers: a list of any length, its filters, orders and views in the address, and what a viewer may not see."""

import ast
import re

import pytest

from tests.ui.looks import seen_in, serious
from tests.ui.records_sample import (
    FIRST_ID,
    api_of_customers,
    customer_rows,
    customers_document,
)

pytestmark = pytest.mark.xdist_group("ui")

ROWS = "[data-panel=customers] .tabulator-row"


@pytest.fixture
def customers(visit, site):
    site.rights += ["export"]
    site.documents["customers"] = customers_document()
    site.answers["/api/v1/customers"] = api_of_customers()
    site.answers["/api/v1/views"] = {"items": []}

    def open_page(query="", **look):
        open_page.visit = visit(bypass_csp=True, **look)
        page = open_page.visit.open(query, page="customers")
        page.wait_for_function("performance.getEntriesByName('xs-list').length")
        return page

    return open_page


def asked(site, path="/api/v1/customers"):
    return [query for where, query in site.asked if where == path]


@seen_in("dark", 390)
def test_the_list_is_accessible_and_fits(customers, theme, width):
    page = customers("?segment=at_risk&country=NL", theme=theme, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.layoutShift") < 0.01
    assert serious(page) == []
    for button in ("Views", "Filter", "Export"):
        page.get_by_role("button", name=button).first.click()
        assert serious(page, ".xs-list-bar") == [], button
        page.keyboard.press("Escape")


def test_what_is_stored_is_painted_and_names_follow(customers, site):
    page = customers()
    spec = page.locator("#xs-spec").text_content()
    assert "Grace Hopper" not in spec
    assert len(re.findall('"name": null', spec)) == 40
    first = page.locator(ROWS).first
    assert first.locator(".xs-person").inner_text() == "GH\nGrace Hopper"
    assert first.locator("a").get_attribute("href").endswith(f"app/customer?id={FIRST_ID}")
    assert "$4,021.55" in first.inner_text()
    assert page.locator(".xs-list-count").inner_text() == "260 customers"
    assert asked(site)[0] == {"sort": "-net", "limit": "100"}
    # the next page comes as one scrolls
    for place in ("100", "200"):
        with page.expect_response(lambda answer, place=place: f"cursor={place}" in answer.url):
            page.locator(".tabulator-tableholder").evaluate(
                "box => box.scrollTop = box.scrollHeight"
            )
        page.locator(f"[data-rows='{min(260, int(place) + 100)}']").wait_for()
    assert [query.get("cursor") for query in asked(site)] == [None, "100", "200"]
    assert page.locator(ROWS).count() < 80, "rows out of sight stand in the page"


def test_filters_and_order_stand_in_the_address(customers, site):
    page = customers()
    page.get_by_role("button", name="Filter").click()
    page.locator(".xs-filter-names").get_by_text("Segment", exact=True).click()
    page.get_by_label("Segment", exact=True).select_option("at_risk")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("52 customers").wait_for()
    page.locator("[data-sort=orders]").click()
    page.wait_for_function("location.search.includes('sort=-orders')")
    page.locator("[data-sort=orders]").click()
    page.wait_for_function("location.search.includes('sort=orders')")
    sorted_by = page.locator("[aria-sort=ascending]")
    assert sorted_by.inner_text() == "Orders"
    page.get_by_role("button", name="Filter", exact=True).click()
    page.locator(".xs-filter-names").get_by_text("Net sales").click()
    page.get_by_label("At least (USD)").fill("9,50")
    page.get_by_label("At most (USD)").fill("9")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("The first value is above the second.").wait_for()
    page.get_by_label("At most (USD)").fill("2 000")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("$9.50 to $2,000.00").wait_for()
    assert asked(site)[-1] == {
        "segment": "at_risk",
        "net_min": "950",
        "net_max": "200000",
        "sort": "orders",
        "limit": "100",
    }
    page.go_back()
    page.get_by_text("$9.50 to $2,000.00").wait_for(state="detached")
    page.go_back()
    page.go_back()
    page.go_back()
    page.get_by_text("260 customers").wait_for()
    assert page.url.endswith("/customers")
    page.go_forward()
    page.get_by_text("52 customers").wait_for()
    page.get_by_role("button", name="Remove the filter Segment").click()
    page.get_by_text("260 customers").wait_for()


def test_nobody_matches_and_nobody_is_there(customers, site):
    page = customers("?orders_min=900")
    page.get_by_text("No customers match").wait_for()
    site.answers["/api/v1/customers"] = api_of_customers([])
    page.get_by_role("button", name="Remove the filter Orders").click()
    page.get_by_text("No customers yet").wait_for()


def test_a_failure_is_said_and_tried_again(customers, site):
    page = customers()
    site.answers["/api/v1/customers"] = lambda _: ({"detail": "The database rests."}, 503)
    page.locator("[data-sort=churn]").click()
    page.get_by_text("The database rests.").wait_for()
    site.answers["/api/v1/customers"] = api_of_customers()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("260 customers").wait_for()
    page.context.set_offline(True)
    page.locator("[data-sort=clv]").click()
    page.get_by_text("The connection is lost").wait_for()
    page.context.set_offline(False)
    page.get_by_text("260 customers").wait_for()
    customers.visit.errors.clear()  # the browser tells of both


def test_who_may_not_see_personal_data_gets_numbers(customers, site):
    site.rights.remove("export")
    site.answers["/api/v1/customers"] = api_of_customers(customer_rows(), pii=False)
    page = customers()
    assert "Customer …0000" in page.locator(ROWS).first.inner_text()
    assert "Names are shown to members who may see personal data." in page.inner_text(
        ".xs-list-bar"
    )
    assert not page.get_by_role("button", name="Export").is_visible()


def test_views_come_with_the_page_and_are_kept(customers, site):
    kept = [{"id": "v1", "name": "My own", "query": "country=US", "shared": False, "own": True}]
    site.answers["/api/v1/views"] = lambda _: {"items": kept, "name": "Dutch"}
    page = customers("?country=NL")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of the view").fill("Dutch")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved as “Dutch”.").wait_for()
    method, path, sent = site.changes[-1]
    assert (method, path) == ("POST", "/api/v1/views")
    assert sent == {"page": "customers", "name": "Dutch", "query": "country=NL", "shared": False}
    page.get_by_text("My own").click()
    page.wait_for_function("location.search === '?country=US'")
    page.get_by_role("button", name="Views").click()
    page.get_by_text("Valuable and leaving").click()
    page.wait_for_function("location.search.includes('churn_min=0.7')")
    assert "country" not in page.url
    page.locator(ROWS).first.wait_for()


def test_an_export_asks_for_what_is_shown(customers, site):
    site.answers["/api/v1/exports"] = {"id": "e1"}
    site.answers["/api/v1/exports/e1"] = {"status": "done", "download_url": "data:text/csv,a"}
    page = customers("?segment=loyal&orders_min=2")
    page.get_by_role("button", name="Export").click()
    with page.expect_download():
        page.get_by_role("menuitem", name="CSV").click()
    assert site.changes[-1][2] == {
        "kind": "customers",
        "format": "csv",
        "filters": {"segment": "loyal", "orders_min": 2},
        "personal": True,  # this viewer has the right to personal data
    }


def test_the_cell_says_the_filters_in_force_and_a_product_is_told_by_its_name(customers, site):
    site.answers["/api/v1/products/501"] = {"product": {"id": 501, "title": "Trowel"}}
    page = customers(
        "?segment=at_risk&net_min=950&ordered_until=2026-10-01&tag=a%22b&product_id=501"
    )
    page.get_by_text("Product: Trowel").wait_for()
    page.locator("[data-panel=customers] [aria-label^=Options]").click()
    page.get_by_role("menuitem", name="Open as notebook cell").click()
    code = page.locator(".xs-code").inner_text()
    for line in (
        'rows = rows[rows["segment"] == "at_risk"]',
        'rows = rows[rows["net_minor"] >= 950]',
        'rows = rows[rows["last_order_on"] <= "2026-10-01"]',
        'rows = rows[rows["tags"].map(lambda found: "a\\"b" in found)]',
        "product_id == 501",
    ):
        assert line in code
    ast.parse(code)
    assert "{" not in code
