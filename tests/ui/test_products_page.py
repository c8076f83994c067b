"""Products: what was sold of each over the days in the address, and which go together."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.ui.looks import check_look, serious
from tests.ui.records_sample import orders_document
from tests.ui.sample import make_document

pytestmark = pytest.mark.xdist_group("ui")

TITLES = ("Watering can", "Oak planter", "Terracotta pot", "Garden gloves", None)
PAIR = {"together": 41, "support": 0.02, "confidence": 0.31}
PAIRS = [
    PAIR
    | {"first": {"id": 900, "title": "Watering can"}, "second": {"id": 903, "title": "Garden gloves"}}
    | {"lift": 4.2, "lift_low": 3.1, "lift_high": 5.6},
    PAIR
    | {"first": {"id": 901, "title": "Oak planter"}, "second": {"id": 902, "title": "Terracotta pot"}}
    | {"lift": 1.1, "lift_low": 0.8, "lift_high": 1.5},
]  # fmt: skip


def sold(n: int, title: str | None) -> dict:
    amounts = {"net_minor": 90_000 - 20_000 * n, "units": 10 + 7 * n, "orders": 9 + 5 * n}
    rest = {"gross_minor": 100_000, "discounts_minor": 0, "returns_minor": 0}
    named = {"id": None if title is None else 900 + n, "title": title}
    return named | amounts | rest | {"share": 0.4 - 0.08 * n}


def points(*values: float) -> dict:
    keys = (*(str(900 + n) for n in range(len(values) - 1)), None)
    found = [{"key": key, "value": value} for key, value in zip(keys, values, strict=True)]
    return {"result": {"points": found}}


def furnish(site, orders: int = 100) -> None:
    rows = [sold(n, title) for n, title in enumerate(TITLES)]
    site.documents["products"] = orders_document() | {
        "totals": make_document()["totals"] | {"orders": orders},
        "sold": None,
    }
    route = "/api/v1/analytics/"
    pairs = {"as_of": "2026-11-21", "baskets": 2110, "at_least": 5}
    site.answers |= {
        f"{route}products": {"result": {"total": len(rows), "products": rows}},
        f"{route}metrics/customers": points(8, 13, 18, 22, 1),
        f"{route}metrics/refund_rate": points(0.02, 0.25, 0.0, 0.125, 0.0),
        f"{route}products/together": {"result": pairs | {"pairs": PAIRS}},
        f"{route}products/next": {"result": pairs | {"pairs": []}},
    }


def test_products_by_what_was_sold_and_what_goes_together(visit, site):
    furnish(site)
    page = visit(bypass_csp=True).open("?sort=units", page="products")
    page.wait_for_function("performance.getEntriesByName('xs-products').length")
    page.wait_for_function("performance.getEntriesByName('xs-pairs').length")
    names = page.locator("[data-panel=sold] tbody th")
    assert names.all_inner_texts() == [title or "Typed in by hand, or gone" for title in TITLES]
    second = page.locator("[data-product='901'] td").all_inner_texts()
    assert [text.strip() for text in second] == ["$700.00", "32.0%", "17", "14", "13", "25.0%"]
    asked = next(query for path, query in site.asked if path.endswith("/analytics/products"))
    assert "since" in asked
    assert "until" not in asked  # today: the API's newest day
    page.get_by_role("button", name="Refund rate").click()
    assert "sort=-refunds" in page.url
    assert names.first.inner_text() == "Oak planter"
    page.go_back()
    assert names.first.inner_text() == "Watering can"
    lines = page.locator(".xs-pair-line")
    assert [line.get_attribute("data-sure") for line in lines.all()] == ["", None]
    assert "3.10 to 5.60" in page.locator("[data-pair='900-903']").text_content()
    check_look(page, "light", 1440)
    page.set_viewport_size({"width": 390, "height": 900})
    page.emulate_media(color_scheme="dark")
    check_look(page, "dark", 390)
    page.get_by_role("button", name="In the next order").click()
    page.get_by_text("No pair is seen often enough yet").wait_for()
    assert "pairs=next" in page.url
    page.locator("[data-range]").click()
    page.get_by_role("button", name="Last month").click()
    page.wait_for_function("location.search.includes('last-month')")
    page.wait_for_load_state("networkidle")
    assert any("until" in query for path, query in site.asked if path.endswith("/products"))


def test_without_orders_the_products_page_says_so(visit, site):
    furnish(site, orders=0)
    page = visit(bypass_csp=True).open(page="products")
    assert page.locator("[data-state=empty]").count() == 2
    assert serious(page) == []


def test_the_last_days_are_painted_before_any_answer_and_lead_on(visit, site):
    furnish(site)
    recent = [
        sold(n, title) | {"customers": 8, "refund_rate": 0.02} for n, title in enumerate(TITLES)
    ]
    zone = ZoneInfo(site.documents["products"]["shop"]["timezone"])
    since = datetime.now(zone).date() - timedelta(days=29)
    part = {"since": since.isoformat(), "until": "", "total": 600, "products": recent}
    site.documents["products"]["sold"] = part
    held = []
    opened = visit()
    opened.page.route("**/analytics/products?*", lambda route: held.append(route))  # noqa: PLW0108 - playwright asks for a function of Python
    page = opened.open(page="products")
    names = page.locator("[data-panel=sold] tbody th")
    assert names.count() == len(TITLES)
    assert opened.text("[data-panel=sold] .xs-list-count").endswith("of 600 products")
    orders = page.locator("[data-product='901']").get_by_role("link", name="14")
    assert orders.get_attribute("href").endswith("/app/orders?product_id=901&range=30d")
    buyers = page.locator("[data-product='901']").get_by_role("link", name="8", exact=True)
    assert buyers.get_attribute("href").endswith("/app/customers?product_id=901")
    assert page.locator("[data-product=''] a").count() == 0
    many = [sold(0, f"Product {n}") | {"id": 1000 + n} for n in range(600)]
    site.answers["/api/v1/analytics/products"] = lambda query: {
        "result": {
            "total": len(many),
            "products": many[int(query.get("offset", 0)) :][: int(query["limit"])],
        }
    }
    for route in held:
        route.continue_()
    page.unroute("**/analytics/products?*")
    for count in (250, 500, 600):
        page.wait_for_function(
            "n => document.querySelectorAll('[data-product]').length === n", arg=count
        )
        if count < 600:
            page.get_by_role("button", name="Show 250 more").click()
    assert page.get_by_role("button", name="Show 250 more").count() == 0
    assert opened.text("[data-panel=sold] .xs-list-count") == "600 products"
    page.goto(page.url + "?product=1007")
    page.get_by_role("button", name="Show all products").wait_for()
    assert names.all_inner_texts() == ["Product 7"]
    page.get_by_role("button", name="Show all products").click()
    assert names.count() == 250
