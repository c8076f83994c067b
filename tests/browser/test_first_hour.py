"""From an address to one's customers, as a stranger goes: sign up, connect, sync, look, ask in a notebook.

The numbers are held against ``tests.support.cdnow``, which reads the raw file with pandas and knows no product code.
"""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.publishing import (
    ask_for_review,
    draft,
    framed,
    hand_in_again,
    joined,
    published,
    review,
)
from tests.support.cdnow import expected

pytestmark = pytest.mark.xdist_group("stack")

NOTEBOOK = """
import json
import xsight_core as xs
shop = xs.connect()
orders, rfm = shop.orders(), shop.rfm()
counted = shop.sql("select count(*) as orders, count(distinct customer_id) as customers from orders")
elsewhere = shop.sql("select count(distinct tenant_id) as tenants from customers")
print(json.dumps({
    "orders": len(orders),
    "customers": int(orders["customer_id"].nunique()),
    "net_minor": int(shop.sql("select sum(net_minor) as net from orders")["net"].iloc[0]),
    "segments": {key: int(n) for key, n in rfm["segment"].value_counts().items()},
    "sql": [int(counted["orders"].iloc[0]), int(counted["customers"].iloc[0])],
    "tenants": int(elsewhere["tenants"].iloc[0]),
}))
"""


def money(minor: int) -> str:
    return f"${Decimal(minor) / 100:,.2f}"


def compact(count: int) -> str:
    return str(count) if count < 1000 else f"{count / 1000:.1f}K".replace(".0K", "K")


@pytest.fixture(scope="module")
def truth():
    return expected(datetime.now(UTC))


@pytest.fixture(scope="module")
def ada(browser, stack):
    person = Person(browser, stack.url)
    person.sign_up("Ada Lovelace", "Analytical Records")
    person.connect("cdnow-ada.myshopify.com")
    person.elsewhere.clear()  # the installation page is Shopify's
    person.sync()
    yield person
    assert person.errors == []
    assert person.elsewhere == []


@pytest.fixture(scope="module")
def grace(browser, stack):
    person = Person(browser, stack.url)
    person.sign_up("Grace Hopper", "Compiler Garden")
    person.connect("garden-grace.myshopify.com")
    yield person
    assert person.errors == []


def test_the_progress_moves(ada):
    assert len(ada.percents) >= 3
    assert ada.percents == sorted(ada.percents)


def test_key_figures_equal_the_raw_file(ada, truth):
    figures = ada.key_figures("All time")
    assert figures["net_sales"] == money(truth["revenue_minor"])
    assert figures["orders"] == f"{truth['orders']:,}" == "69,659"
    assert figures["new_customers"] == f"{truth['customers']:,}" == "23,570"


def test_segments_and_grid_equal_the_raw_file(ada, truth):
    for key, count in truth["segments"].items():
        assert ada.text(f"[data-segment={key}] .xs-segments-1") == f"{count:,}", key
    for recency in range(1, 6):
        for frequency in range(1, 6):
            shown = ada.text(f"[data-cell='{recency}{frequency}'] b")
            assert shown == compact(truth["grid"][recency - 1][frequency - 1])


def test_cohort_cells_equal_the_raw_file(ada, truth):
    cells = truth["cohort_cells"]
    cohorts = sorted({cell.split("+")[0] for cell in cells})
    checked = 0
    for cohort in cohorts:
        row = ada.page.locator(f"[data-cohort='{cohort}'] td")
        if not row.count():
            continue  # the page shows the newest cohorts
        shown = row.all_inner_texts()
        size = cells[f"{cohort}+0"]
        assert shown[0] == f"{size:,}"
        for months in (1, 2, 6):
            if months < len(shown) and shown[months]:
                share = cells.get(f"{cohort}+{months}", 0) / size
                assert shown[months] == f"{share:.1%}", (cohort, months)
                checked += 1
    assert checked >= 3


def test_churn_and_value_are_shown(ada, truth):
    at_risk = int(ada.text("[data-panel=churn] .xs-figure").replace(",", ""))
    assert 0 < at_risk < truth["customers"]
    assert ada.text("[data-panel=clv] .xs-figure").startswith("$")


def test_api_and_page_say_the_same(ada, truth):
    status, stats = ada.get("/api/v1/tenants/me/stats")
    assert status == 200
    totals = stats["totals"]
    assert (totals["customers"], totals["orders"]) == (truth["customers"], truth["orders"])
    assert totals["revenue_minor"] == truth["revenue_minor"]


def test_the_page_comes_back_at_once_and_goes_live(ada, truth):
    ada.open_overview()
    assert ada.key_figures("All time")["net_sales"] == money(truth["revenue_minor"])
    ada.wait_live()
    assert ada.key_figures("All time")["net_sales"] == money(truth["revenue_minor"])


def test_a_notebook_gives_the_same_figures(ada, truth):
    found = ada.run_in_lab(NOTEBOOK)
    assert found["orders"] == truth["orders"]
    assert found["customers"] == truth["customers"]
    assert found["net_minor"] == truth["revenue_minor"]
    assert found["segments"] == {key: n for key, n in truth["segments"].items() if n}
    assert found["sql"] == [truth["orders"], truth["customers"]]
    assert found["tenants"] == 1
    assert ada.errors == []


def test_a_notebook_becomes_a_page_of_the_navigation(ada, browser, truth):
    """Drafted in Lab, reviewed with its page and its changes, shown to all, rolled back, taken away."""
    code = "import xsight_core as xs\nprint(len(xs.connect().orders()), '%s')"
    place = ask_for_review(ada, draft(ada, code % "orders"), note="Every order")
    admin, viewer = (joined(browser, ada, role) for role in ("admin", "viewer"))
    assert published(viewer).count() == 0
    assert viewer.get(place)[0] == 403

    expect(review(admin, place, 1)).to_contain_text(f"{truth['orders']} orders")
    assert "Every order" in admin.text("main")
    admin.page.get_by_role("button", name="Approve and show").click()
    expect(admin.page.get_by_text("Version 1 is shown")).to_be_visible()
    assert published(viewer).all_inner_texts() == ["The week"]
    published(viewer).click()
    expect(framed(viewer)).to_contain_text(f"{truth['orders']} orders")

    hand_in_again(ada, place, code % "orders in all")
    expect(review(admin, place, 2)).to_contain_text("orders in all")
    changes = admin.page.locator("pre.changes")
    assert "orders in all" in changes.locator("ins").last.inner_text()
    assert "'orders'" in changes.locator("del").last.inner_text()
    viewer.page.reload()
    expect(framed(viewer)).not_to_contain_text("in all")  # not before it is approved
    admin.page.get_by_role("button", name="Approve and show").click()
    expect(admin.page.get_by_text("Version 2 is shown")).to_be_visible()
    viewer.page.reload()
    expect(framed(viewer)).to_contain_text("orders in all")

    admin.page.get_by_role("button", name="Show this one").click()
    expect(admin.page.get_by_text("Version 1 is shown")).to_be_visible()
    viewer.page.reload()
    expect(framed(viewer)).not_to_contain_text("in all")
    admin.page.get_by_role("button", name="Take the page away").click()
    expect(admin.page.get_by_text("Not published")).to_be_visible()
    assert published(viewer).count() == 0
    expect(viewer.page.get_by_text("This page is not published")).to_be_visible()
    for person in (admin, viewer):
        assert (person.errors, person.elsewhere) == ([], [])
        person.context.close()


def test_another_tenant_sees_none_of_it(ada, grace):
    assert "Sync now" in grace.text("#xs-page")
    assert grace.page.locator(".xs-kpi").count() == 0
    ada.open_overview()
    theirs = ada.page.url.removeprefix(ada.url)
    status, page = grace.get(theirs)
    assert status == 403
    assert "Analytical" not in str(page)
    _, customers = ada.get("/api/v1/customers?limit=3")
    ids = ",".join(str(customer["id"]) for customer in customers["items"])
    assert len(customers["items"]) == 3
    status, foreign = grace.get(f"/api/v1/customers?ids={ids}")
    assert (status, foreign["items"]) == (200, [])
    for customer in customers["items"]:
        assert grace.get(f"/api/v1/customers/{customer['id']}")[0] == 404


def test_a_shop_belongs_to_one_tenant(ada, browser, stack):
    mary = Person(browser, stack.url)
    mary.sign_up("Mary Somerville", "Second Hand")
    mary.page.get_by_label("Your store’s address").fill("cdnow-ada.myshopify.com")
    mary.page.get_by_role("button", name="Continue to Shopify").click()
    mary.page.get_by_role("button", name="Install app").click()
    mary.page.wait_for_url(f"{stack.url}/**")
    assert "cdnow-ada.myshopify.com" in mary.text("main")
    assert mary.get("/api/v1/tenants/me")[1]["shop"]["connection"] == "none"
    assert ada.get("/api/v1/tenants/me")[1]["shop"]["connection"] == "connected"


def test_logged_out_is_out(ada):
    ada.open_overview()
    dashboards = ada.page.url
    ada.page.goto(f"{ada.url}/logout")
    button = ada.page.get_by_role("button", name="Log out")
    if button.count():
        button.click()
    ada.page.wait_for_url("**/login*")
    assert ada.get("/api/auth/me")[0] == 401
    with suppress(PlaywrightError):  # the page may send itself to the log-in before it is through
        ada.page.goto(dashboards)
    ada.page.wait_for_url("**/login*", timeout=5_000)
