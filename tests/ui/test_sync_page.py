"""The Sync page: painted from what is stored, followed live, and what can be done on it."""

import pytest

from tests.ui.looks import look_over
from tests.ui.sync_sample import DIFFERS, EQUAL, NOW, make_sync_document
from tests.ui.test_live import RUNNING

pytestmark = pytest.mark.xdist_group("ui")

HEALTH = {
    "waiting": 3,
    "done": 1204,
    "dead": 2,
    "last_received_at": NOW.isoformat(),
    "waiting_since": None,
}
ASIDE = {
    "items": [
        {
            "id": 9 - n,
            "object": "orders",
            "reason": "totalPriceSet.shopMoney.amount: “12,50” is not an amount",
            "run": None,
            "created_at": NOW.isoformat(),
            "raw": '{"id":"gid://shopify/Order/1","note":"' + "x" * 400 + '"}' if n == 0 else None,
            "masked": n > 0,
        }
        for n in range(2)
    ],
    "total": 3,
    "next_cursor": None,
}
ANSWERS = {"/api/v1/tenants/me/webhooks": HEALTH, "/api/v1/tenants/me/quarantine": ASIDE}
STATES = {
    "complete": make_sync_document(),
    "missing": make_sync_document(report=DIFFERS, history_since="2026-09-20"),
    "disconnected": make_sync_document(connection="disconnected"),
    "before the first sync": make_sync_document(report=None) | {"runs": [], "metafields": {}},
    "not connected": None,
}


@pytest.fixture
def sync_page(visit, site):
    def open_page(state="complete", **look):
        site.sync_document = STATES[state] if isinstance(state, str) else state
        site.answers = ANSWERS
        page = visit(**look).open(page="sync")
        if site.sync_document:
            page.locator(".xs-sync-facts dd").nth(1).get_by_text("1,204").wait_for()
        return page

    return open_page


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_fits(visit, site, state):
    site.sync_document, site.answers = STATES[state], ANSWERS
    look_over(visit(bypass_csp=True), "sync", shift=0.01)


def test_the_report_and_the_history_are_painted_from_what_is_stored(sync_page):
    page = sync_page()
    tile = page.locator("[data-panel=completeness]")
    assert "Everything is here" in tile.inner_text()
    assert "903 of 905 days agree" in tile.inner_text()
    assert tile.locator("tbody tr", has_text="Net sales").inner_text().split("\t")[1:] == [
        "$2,752,070.63",
        "$2,752,070.63",
        "0",
    ]
    rows = page.locator("[data-panel=runs] tbody tr")
    assert rows.count() == 12
    assert "Failed" in rows.nth(3).inner_text()
    assert "has not answered for an hour" in rows.nth(3).inner_text()
    assert "612.4 MB" in rows.nth(11).inner_text()
    assert "1 min 28 s" in rows.nth(11).inner_text()
    assert page.locator(".xs-nav [aria-current=page]").inner_text() == "Sync"


def test_what_is_missing_is_said_with_its_cause(sync_page):
    page = sync_page("missing")
    tile = page.locator("[data-panel=completeness]")
    assert "Something is missing" in tile.inner_text()
    row = tile.locator("tbody tr[data-equal=false]")
    assert "2 set aside: could not be read; 4 no cause found" in row.inner_text()
    assert row.locator("td").last.inner_text() == "−6"
    assert "read_reports" in tile.inner_text()
    aside = page.locator("[data-panel=aside]")
    aside.get_by_text("is not an amount").first.wait_for()
    assert "1 customer, 2 orders" in aside.inner_text()
    assert "and 1 more" in aside.inner_text()
    assert aside.locator("pre").count() == 1
    assert "History since Sep 20, 2026" in page.locator(".xs-sync-store").inner_text()


def test_a_run_is_followed_and_can_be_cancelled(sync_page, site):
    page = sync_page()
    status = page.locator("[data-panel=status]")
    site.sync_document = make_sync_document()
    started = {
        **site.sync_document["runs"][0],
        "run": "r1",
        "status": "running",
        "finished_at": None,
    }
    site.sync_document["runs"].insert(0, started)
    site.send(RUNNING)
    status.get_by_text("Reading orders").wait_for()
    assert "3,121 rows/s · about 1 min 37 s left" in status.inner_text()
    page.locator("[data-run=r1]", has_text="Under way").wait_for()
    site.sync_document = make_sync_document() | {"runs": [{**started, "status": "cancelled"}]}
    status.get_by_role("button", name="Cancel").click()
    status.get_by_text("Sync cancelled").wait_for()
    assert site.changes[-1][:2] == ("POST", "/api/v1/tenants/me/sync/r1/cancel")
    page.locator("[data-run=r1]", has_text="Cancelled").wait_for()
    page.locator(".xs-head").get_by_role("button", name="Sync cancelled").click()
    status.get_by_text("Waiting to start").wait_for()
    assert len(site.started_syncs) == 1


def test_the_report_on_a_run_that_has_just_ended_arrives_by_itself(sync_page, site):
    page = sync_page("before the first sync")
    ended = {**make_sync_document()["runs"][0], "run": EQUAL["run"]}
    site.sync_document = make_sync_document() | {"runs": [ended]}
    site.send(RUNNING | {"type": "sync:completed", "run": EQUAL["run"], "status": "completed"})
    page.get_by_text("Everything is here").wait_for()


def test_a_lost_connection_says_how_to_come_back(sync_page, site):
    page = sync_page("disconnected")
    store = page.locator(".xs-sync-store")
    assert "the app was removed" in store.inner_text()
    assert store.get_by_role("link", name="Connect again").get_attribute("href") == "/connect"
    assert page.locator(".xs-sync-run").get_by_role("button").count() == 0


def test_metafields_are_chosen_and_left_out(sync_page, site):
    page = sync_page()
    customers = page.locator("[data-owner=customers]")
    field = customers.get_by_label("Add a metafield of customers")
    field.fill("nonsense")
    field.press("Enter")
    page.get_by_text("Write namespace and key").wait_for()
    assert site.changes == []
    field.fill("facts.birth_date")
    field.press("Enter")
    customers.get_by_text("facts.birth_date").wait_for()
    assert site.changes[-1][2] == {
        "customers": ["facts.birth_date"],
        "orders": [],
        "products": ["custom.material", "custom.season"],
    }
    page.get_by_role("button", name="Leave out custom.material of products").click()
    chips = page.locator("[data-owner=products] .xs-chips")
    chips.get_by_text("custom.material").wait_for(state="detached")
    assert site.changes[-1][2]["products"] == ["custom.season"]


def test_who_may_only_look_changes_nothing(sync_page, site):
    site.rights = ["user", "read"]
    page = sync_page()
    assert page.locator("[data-panel=metafields]").get_by_role("textbox").count() == 0
    site.send(RUNNING)
    assert page.locator(".xs-sync-run").get_by_role("button", name="Cancel").is_disabled()
