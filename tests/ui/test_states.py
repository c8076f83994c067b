"""What a person is told where something is missing, broke off or went away, and what they can do about it."""

import pytest

from tests.ui.sample import empty_document
from tests.ui.test_live import HURRY, RUNNING, Ignored, live
from tests.ui.test_looks import serious

pytestmark = pytest.mark.xdist_group("ui")

FAILED = RUNNING | {
    "status": "failed",
    "error": {"code": "unavailable", "message": "The shop does not answer."},
}


@pytest.fixture
def beginning(visit, site):
    """The page before its first numbers, with the newest run and what else the store tells."""

    def open_page(latest=None, **shop):
        site.document, site.latest_run, site.shop = None, latest, shop
        page = visit(bypass_csp=True).open()
        page.locator(".xs-onboarding h2:not(:empty)").wait_for()
        return page

    return open_page


BEGINNINGS = [
    ({}, "Your store is connected", "Sync now", 1),
    ({"latest": FAILED}, "The import broke off", "Try again", 1),
    ({"latest": FAILED | {"step": "insights"}}, "The numbers could not be computed", "Try again", 2),
    ({"latest": RUNNING | {"status": "cancelled"}}, "The import was cancelled", "Sync again", 1),
    ({"connection": "disconnected"}, "Your store is disconnected", "Connect your store", 0),
]  # fmt: skip


@pytest.mark.parametrize(("state", "title", "act", "step"), BEGINNINGS)
def test_a_beginning_says_what_happens_next(beginning, state, title, act, step) -> None:
    page = beginning(**state)
    page.get_by_role("heading", name=title).wait_for()
    text = page.locator(".xs-onboarding-action").inner_text()
    assert text == act
    assert page.locator(".xs-steps [data-state=done]").count() == step
    if "latest" in state:
        words = (
            "The shop does not answer." if state["latest"]["status"] == "failed" else "cancelled"
        )
        assert words in page.locator(".xs-onboarding").inner_text()


def test_sixty_days_of_history_are_said_and_pass_axe(beginning, site) -> None:
    page = beginning(history_since="2026-09-23")
    page.get_by_text("read_all_orders").wait_for()
    assert serious(page) == []
    site.rights = ["user", "read"]
    page = beginning()
    page.get_by_text("An owner, admin, analyst or marketer can").wait_for()


def test_an_empty_shop_and_one_whose_orders_are_too_old(visit, site) -> None:
    site.document = empty_document()
    assert "with the first order" in visit().open().locator(".xs-lonely").inner_text()
    site.document["freshness"]["history_since"] = "2026-09-23"
    assert "read_all_orders" in visit().open().locator(".xs-lonely").inner_text()


def test_a_failed_computation_leaves_the_numbers_and_says_so(visit, site) -> None:
    site.insights_failed_at = "2026-11-22T03:00:00+00:00"
    opened = visit()
    opened.open()
    opened.page.get_by_text("The last computation failed").wait_for()
    assert opened.text("[data-metric=net_sales] .xs-kpi-value").startswith("$")


def test_a_dead_kernel_is_said_and_numbers_come_without_it(visit, site) -> None:
    opened = visit()
    page = opened.open()
    live(page, spec=opened.specification())
    page.evaluate("() => { window.model.comm_live = false; window.model.tell('comm_live_update') }")
    page.get_by_text("Not live").wait_for()


def test_an_ended_session_keeps_the_page_and_leads_back(visit, site) -> None:
    opened = visit(bypass_csp=True)
    page = opened.open("?days=90")
    opened.errors = Ignored("401")
    site.end_session()
    line = page.locator("[data-link=ended]")
    line.wait_for()
    assert (
        line.get_by_role("link").get_attribute("href")
        == "/login?next=%2Fapp%2Foverview%3Fdays%3D90"
    )
    assert page.locator("[data-metric=net_sales]").is_visible()
    assert serious(page) == []


def test_a_lost_connection_is_said_and_comes_back(visit, site) -> None:
    opened = visit()
    opened.page.add_init_script(HURRY)
    page = opened.open()
    opened.errors = Ignored("ERR_")
    site.wait_for_listener()
    page.context.set_offline(True)
    site.hang_up()
    page.locator("[data-link=lost]").wait_for()
    page.context.set_offline(False)
    page.locator("[data-link=lost]").wait_for(state="detached")


def test_a_browser_without_websockets_follows_all_the_same(visit, site) -> None:
    site.runs = [RUNNING]
    opened = visit()
    opened.page.add_init_script("delete window.WebSocket")
    page = opened.open()
    page.get_by_role("button", name="Syncing 43%").wait_for()
    assert page.locator(".xs-link").count() == 0
