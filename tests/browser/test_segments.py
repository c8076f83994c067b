"""A segment from the first key to the last tag: built by keyboard, saved, exported, written to the shop, taken back.

The real API, worker and simulator; only the Hub is left out (``house.py``).
"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.sync_api import Page, expect

from shopify_sim.config import ShopConfig, SimConfig
from shopify_sim.faces import gid
from tests.browser.house import open_house
from tests.browser.person import Person
from tests.support.logs import logged_to
from tests.support.simulator import APP, running_sim
from tests.support.valkey import running_valkey
from tests.ui.looks import serious
from tests.worker.conftest import until
from xsight_ui.build import build

pytestmark = pytest.mark.xdist_group("ui")

SHOP = "garden.myshopify.com"
# what a rule of the test means, told once more in plain SQL
OFTEN_OR_LATE = """
WITH buyers AS (SELECT customer_id AS id, count(*) AS orders, max(day) AS last FROM xsight.orders
  WHERE NOT test AND cancelled_at IS NULL AND deleted_at IS NULL AND customer_id IS NOT NULL GROUP BY 1)
SELECT c.id FROM xsight.customers c JOIN buyers b ON b.id = c.id WHERE b.orders >= 2
  AND (b.last < %s OR b.orders >= 4)"""


@pytest.fixture(scope="module")
def sim():
    shop = ShopConfig(SHOP, "generated:60")
    with running_sim(SimConfig(shops=(shop,), apps=(APP,), auto_approve=True)) as sim:
        yield sim


@pytest.fixture(scope="module", autouse=True)
def _quiet():
    with Path(os.devnull).open("w") as nowhere, logged_to(nowhere):
        yield


@pytest.fixture(scope="module")
def house(cluster, sim, tmp_path_factory):
    build()
    with (
        running_valkey(tmp_path_factory.mktemp("valkey")) as valkey,
        open_house(cluster, valkey, sim, tmp_path_factory.mktemp("home")) as house,
    ):
        yield house


@pytest.fixture(scope="module")
def ada(browser, house):
    """Signed up, connected without the right to write, synced by the worker."""
    ada = Person(browser, house.url)
    ada.sign_up("Ada Lovelace", "Garden")
    ada.page.goto(f"{house.url}/auth?shop={SHOP}")
    csrf = ada.get("/api/auth/me")[1]["csrf"]
    begun = ada.context.request.post(
        f"{house.url}/api/v1/tenants/me/sync",
        headers={"X-CSRF-Token": csrf, "Origin": house.url},
        data={},
    )
    assert begun.status == 202, begun.text()
    until(lambda: one(house, "SELECT insight_run FROM xsight.tenant_state"), log=house.log)
    ada.elsewhere.clear()  # the installation page is Shopify's
    yield ada
    assert ada.errors == []
    assert ada.elsewhere == []
    ada.context.close()


def one(house, statement, *values):
    with psycopg.connect(house.database.admin_url) as admin:
        row = admin.execute(statement, values).fetchone()
    return row and row[0]


def tab_to(page: Page, name: str) -> None:
    """By the Tab key, forward."""
    for _ in range(40):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
        )
        if told == name:
            return
    raise AssertionError(f"No way to {name!r} by Tab")


def count(page: Page) -> int:
    """What the rule finds, once it is counted."""
    page.wait_for_function(
        "() => { const box = document.querySelector('.xs-found');"
        " return box?.getAttribute('aria-busy') === 'false' && box.querySelector('[data-count]').dataset.count; }"
    )
    return int(page.locator(".xs-found-count").get_attribute("data-count"))


def changed(page: Page, before: int) -> int:
    page.wait_for_function(
        "(before) => ![before, ''].includes(document.querySelector('[data-count]').dataset.count)",
        arg=str(before),
    )
    return count(page)


def tagged(sim, tag: str) -> set[int]:
    """Who has it in the shop itself."""
    profiles = sim.app.shops[SHOP].store.profiles
    return {
        int(gid("Customer", row).rpartition("/")[2])
        for row, told in profiles.items()
        if tag in told.get("tags", ())
    }


@pytest.fixture(scope="module")
def wanted(ada, house):
    """Whom the rule has to find."""
    today = one(house, "SELECT (timezone(timezone, now()))::date FROM xsight.tenant_state")
    before = one(house, "SELECT (%s::date - interval '6 months')::date - '1970-01-01'", today)
    with psycopg.connect(house.database.admin_url) as admin:
        return {row[0] for row in admin.execute(OFTEN_OR_LATE, [before])}


def test_a_nested_rule_is_built_by_keyboard_and_counted(ada, house, wanted):
    page, key = ada.page, ada.page.keyboard
    page.goto(f"{house.url}/app/segments")
    page.locator("[data-template=champions]").wait_for()
    assert serious(page) == []
    page.get_by_role("button", name="New segment").focus()
    key.press("Enter")
    every = count(page)

    page.get_by_role("heading", name="New segment").focus()
    tab_to(page, "Add group")
    key.press("Enter")
    expect(page.locator(".xs-group .xs-group .xs-rule")).to_have_count(1)
    assert page.evaluate("document.activeElement.matches('.xs-group .xs-group .rule-fields')")
    key.type("Last order")
    both = changed(page, every)
    page.locator(".xs-group .xs-group .ruleGroup-combinators").focus()
    key.type("Any")
    tab_to(page, "Add condition")
    key.press("Enter")
    tab_to(page, "Orders: value")
    key.press("Control+A")
    key.type("4")
    found = changed(page, both)
    assert both < found == len(wanted) < every
    assert "(last order is before 6 months ago or orders is at least 4)" in ada.text(
        ".xs-found-words"
    )
    assert page.locator(".xs-rule-count").first.inner_text() == str(every)
    page.locator(".xs-course li").nth(6).wait_for()
    assert page.locator(".xs-course b").last.inner_text() == str(found)
    assert serious(page) == []


def test_what_is_wrong_is_told_at_the_rule(ada, wanted):
    page = ada.page
    field = page.locator("[data-place='rules[1].rules[1]']")
    field.get_by_label("Orders: value").fill("")
    expect(field.locator(".xs-rule-problem")).to_contain_text("A number is due here")
    field.get_by_label("Orders: value").fill("4")
    expect(field.locator(".xs-rule-problem")).to_have_count(0)
    assert count(page) == len(wanted)


def test_it_is_saved_and_shows_who_is_in_it(ada, wanted):
    page = ada.page
    page.get_by_label("Name", exact=True).fill("Worth a letter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/app/segments?id=*")
    page.locator("[data-customer]").nth(len(wanted) - 1).wait_for()
    rows = page.locator("[data-customer]")
    assert {int(row.get_attribute("data-customer")) for row in rows.all()} == wanted
    names = ada.get(f"/api/v1/customers?ids={','.join(map(str, wanted))}")[1]["items"]
    assert set(ada.texts("[data-panel=members] th a")) == {each["name"] for each in names}
    assert serious(page) == []


def test_it_is_exported(ada, wanted):
    page = ada.page
    act = page.locator("[data-act=file]")
    act.get_by_label("Only who takes").uncheck()
    act.get_by_role("button", name="Make the file").click()
    with page.expect_download() as download:
        act.get_by_role("link", name=f"Download {len(wanted)} customers").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 1 + len(wanted)


def test_its_tag_is_tried_allowed_written_and_taken_back(ada, house, sim, wanted):
    page = ada.page
    segment = parse_qs(urlsplit(page.url).query)["id"][0]

    def try_tag():
        act = page.locator("[data-act=tag]")
        act.get_by_label("Tag", exact=True).fill("letter")
        act.get_by_role("button", name="Try without writing").click()
        expect(act).to_contain_text(f"{len(wanted)} get it, 0 lose it")
        return act

    act = try_tag()
    assert tagged(sim, "letter") == set()
    act.get_by_role("button", name="Write to Shopify").click()
    act.get_by_role("link", name="Allow it in Shopify").click()
    page.wait_for_url(re.compile(rf"/app/segments\?id={segment}&tags=1"))
    ada.elsewhere.clear()
    assert "write_customers" in one(house, "SELECT scopes FROM xsight.tenant_state")
    act = try_tag()
    act.get_by_role("button", name="Write to Shopify").click()
    done = page.locator("[data-panel=lift] tr[data-state=done]", has_text="letter")
    done.get_by_role("button", name="Undo").wait_for()
    assert tagged(sim, "letter") == wanted
    done.get_by_role("button", name="Undo").click()
    page.locator("tr[data-state=undone]", has_text=f"{len(wanted)} taken back").wait_for()
    assert tagged(sim, "letter") == set()


def test_it_and_its_customers_are_found_by_the_search_box(ada, house, wanted):
    page = ada.page
    page.goto(f"{house.url}/app/segments")
    page.locator("[data-panel=saved] tbody tr").wait_for()
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search")
    box.fill("a lett")
    page.get_by_role("option", name=f"Worth a letter {len(wanted)} customers").wait_for()
    customer = ada.get(f"/api/v1/customers?ids={min(wanted)}")[1]["items"][0]
    box.fill(customer["email"])
    link = page.get_by_role("option", name=customer["name"])
    assert link.get_attribute("href").endswith(f"/app/customer?id={min(wanted)}")
    page.keyboard.press("Escape")


def test_the_list_is_painted_from_what_is_stored(ada, house, wanted):
    page = ada.page
    page.goto(f"{house.url}/app/segments")
    line = page.locator("[data-panel=saved] tbody tr")
    assert line.locator("td").first.inner_text() == str(len(wanted))
    line.locator("small", has_text="Customers where orders is at least 2").wait_for()
    ended = one(
        house,
        "SELECT count(*) FILTER (WHERE status = 'done') FROM control.jobs WHERE kind = 'segments'",
    )
    assert ended >= 1
