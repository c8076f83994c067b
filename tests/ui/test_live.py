"""Sync progress, and numbers that replace themselves: with a kernel, without one, with and without a websocket."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.ui.sample import make_document
from xsight_ui.assets import manifest
from xsight_ui.pages import PAGES

pytestmark = pytest.mark.xdist_group("ui")

RUNNING = {
    "type": "sync:progress",
    "run": "r1",
    "kind": "full",
    "status": "running",
    "step": "orders",
    "percent": 43.4,
    "rows": 54321,
    "rows_per_s": 3120.6,
    "eta_s": 97.0,
    "counts": {"customers": 23570, "orders": 30102},
}
COMPLETED = RUNNING | {
    "type": "sync:completed",
    "status": "completed",
    "percent": 100,
    "data_version": 42,
    "insight_run": "0193c0de-0000-7000-8000-000000000042",
}
UPDATE = {
    "type": "sync:update",
    "data_version": 42,
    "insight_run": COMPLETED["insight_run"],
}
LATE_S = 60
# It asks about a silent run this late instead of after 6 s: a busy machine needs some to connect again.
LATE = f"""
const wait = window.setTimeout;
window.setTimeout = (then, ms, ...more) => wait(then, ms === 6000 ? {LATE_S}000 : ms, ...more);
"""
# The page's patience, a tenth of it.
HURRY = """
const wait = window.setTimeout;
window.setTimeout = (then, ms, ...more) => wait(then, ms >= 1000 ? ms / 10 : ms, ...more);
"""
NET = "[data-metric=net_sales] .xs-kpi-value"


@pytest.fixture
def newer():
    return make_document(seed=8) | {
        "data_version": 42,
        "insight_run": UPDATE["insight_run"],
        "computed_at": "2026-11-22T11:42:11+00:00",
    }


def net_sales(document):
    """Of the last 30 days, as the page writes it."""
    return f"${sum(document['daily']['net_minor'][-30:]) / 100:,.2f}"


def test_progress_over_the_websocket(visit, site):
    opened = visit()
    page = opened.open()
    site.send(RUNNING)
    page.get_by_role("button", name="Syncing 43%").click()
    panel = page.locator(".xs-sync-panel")
    assert panel.locator("strong").inner_text() == "Reading orders"
    assert panel.locator(".xs-muted").inner_text() == (
        "23,570 customers, 30,102 orders · 3,121 rows/s · about 1 min 37 s left"
    )
    assert panel.get_by_role("progressbar").get_attribute("aria-valuenow") == "43"
    site.send(
        RUNNING
        | {
            "status": "failed",
            "type": "sync:failed",
            "error": {"code": "x", "message": "Shop closed."},
        }
    )
    page.get_by_role("button", name="Sync failed").wait_for()
    assert panel.locator(".xs-muted").inner_text() == "Shop closed."


def test_a_cancelled_sync_can_be_started_again(visit, site):
    opened = visit()
    page = opened.open()
    site.send(RUNNING | {"type": "sync:failed", "status": "cancelled"})
    again = page.get_by_role("button", name="Sync cancelled")
    again.wait_for()
    assert again.get_attribute("title") == "Sync again"
    again.click()
    page.get_by_text("Waiting to start").wait_for()
    assert len(site.started_syncs) == 1
    site.document = None
    page = opened.open()
    site.send(RUNNING | {"type": "sync:failed", "status": "cancelled"})
    panel = page.locator(".xs-onboarding")
    panel.get_by_text("Sync cancelled").wait_for()
    panel.get_by_role("button", name="Sync again").click()
    panel.get_by_text("Waiting to start").wait_for()
    assert len(site.started_syncs) == 2


def test_a_run_that_ended_during_a_reconnect_is_asked_for(visit, site, newer):
    opened = visit()
    opened.page.add_init_script(LATE)
    page = opened.open()
    site.send(RUNNING)
    page.get_by_role("button", name="Syncing 43%").wait_for()
    site.ended, site.document = {"r1": COMPLETED}, newer
    site.hang_up()
    page.get_by_text(net_sales(newer), exact=True).first.wait_for(timeout=0.9 * LATE_S * 1000)
    page.get_by_role("button", name="Sync now").wait_for()


def test_a_silent_run_is_asked_for_once_in_a_while(visit, site, newer):
    opened = visit()
    asked = []
    opened.page.on("request", lambda request: asked.append(request.url))
    opened.page.add_init_script(HURRY)
    page = opened.open()
    site.send(RUNNING)
    page.get_by_role("button", name="Syncing 43%").wait_for()
    site.ended = {"r1": RUNNING | {"percent": 63}}
    page.get_by_role("button", name="Syncing 63%").wait_for()
    site.ended, site.document = {"r1": COMPLETED}, newer
    page.get_by_text(net_sales(newer), exact=True).first.wait_for()
    page.get_by_role("button", name="Sync now").wait_for()
    assert sum(url.endswith("/r1/status") for url in asked) == 2


def test_sync_now_is_a_change_with_its_token(visit, site):
    opened = visit()
    page = opened.open()
    page.get_by_role("button", name="Sync now").click()
    page.get_by_text("Waiting to start").wait_for()
    assert [headers["x-csrf-token"] for headers in site.started_syncs] == ["token-1"]


def test_a_sync_without_news_still_counts_as_fresh(visit, site):
    def hours_ago(hours):
        return (datetime.now(UTC) - timedelta(hours=hours, minutes=1)).isoformat()

    site.document["freshness"]["synced_at"] = hours_ago(72)
    opened = visit()
    page = opened.open()
    stamp = page.locator(".xs-fresh")
    assert stamp.inner_text() == "Synced 3 days ago"
    assert stamp.get_attribute("data-stale") == ""
    site.synced_at = hours_ago(2)
    site.send(COMPLETED)
    page.get_by_text("Synced 2 hours ago").wait_for()
    assert stamp.get_attribute("data-stale") is None


def test_who_may_not_sync_is_told(visit, site):
    site.rights = ["user", "read"]
    opened = visit()
    page = opened.open()
    page.wait_for_function("document.querySelector('.xs-sync').disabled")
    assert "cannot start a sync" in page.locator(".xs-sync").get_attribute("title")
    assert not page.get_by_role("link", name="Notebooks").is_visible()
    site.document = None
    page = opened.open()
    page.get_by_text("cannot start a sync").wait_for()
    assert page.get_by_role("button", name="Sync now").count() == 0


def test_new_insights_replace_the_numbers_without_a_kernel(visit, site, newer):
    opened = visit()
    page = opened.open()
    before = page.locator(NET).inner_text()
    tile = page.locator("[data-panel=sales]").element_handle()
    site.document = newer
    site.send(UPDATE)
    page.wait_for_function(
        "before => document.querySelector('[data-metric=net_sales] .xs-kpi-value').innerText !== before",
        arg=before,
    )
    assert page.locator(NET).inner_text() == net_sales(newer)
    assert tile.evaluate("tile => tile.isConnected")  # in place
    assert page.evaluate("window.layoutShift") == 0


def test_the_same_data_computed_anew_replaces_the_numbers(visit, site, newer):
    site.document["data_version"] = 42
    opened = visit()
    page = opened.open()
    before = opened.specification()
    assert page.locator(NET).inner_text() != net_sales(newer)
    site.document = newer
    site.send(UPDATE)
    page.get_by_text(net_sales(newer), exact=True).first.wait_for()
    live(page, spec=before)  # a kernel that started earlier
    assert page.locator(NET).inner_text() == net_sales(newer)


# What anywidget hands to render(): a model with the given traits, which tells what the page sends to its kernel.
RENDER = """async ({ render, traits, entry }) => {
  const listeners = {}, sent = [];
  const model = {
    sent,
    get: (key) => traits[key],
    set: (key, value) => { traits[key] = value; sent.push([key, value]); },
    save_changes: () => {},
    on: (event, listener) => { listeners[event] = listener; },
    tell: (event) => listeners[event](),
    change: (key, value) => { traits[key] = value; listeners[`change:${key}`](); },
  };
  window.model = model;
  const element = document.querySelector("main").appendChild(document.createElement("div"));
  await (await import(entry))[render]({ model, el: element });
  return element.childElementCount;
}"""


def live(page, render="renderPage", **traits):
    return page.evaluate(
        RENDER, {"render": render, "traits": traits, "entry": f"/assets/{manifest()['entry']}"}
    )


def test_the_live_widget_takes_over_what_is_painted(visit, site, newer):
    opened = visit()
    page = opened.open()
    nodes = "[...document.querySelectorAll('#xs-page *')]"
    page.evaluate(f"window.painted = {nodes}; 0")
    assert live(page, spec=opened.specification()) == 0  # it paints nothing of its own
    assert page.evaluate(f"{nodes}.every((node, i) => node === window.painted[i])")
    assert page.evaluate("performance.getEntriesByName('xs-live').length") == 1
    site.send(UPDATE)
    page.wait_for_function("window.model.sent.length")
    assert page.evaluate("window.model.sent") == [
        ["data_version", 42],
        ["insight_run", UPDATE["insight_run"]],
    ]
    site.document = newer
    page.evaluate(
        "fetch('overview.json').then(r => r.json()).then(spec => window.model.change('spec', spec))"
    )
    assert page.locator(NET).inner_text() == net_sales(newer)
    assert page.evaluate("window.layoutShift") == 0


def test_in_a_notebook_the_page_paints_itself(visit, site):
    opened = visit(width=900)
    opened.page.goto(f"{site.url}/notebook")
    spec = PAGES["overview"].spec(site.document, datetime.now(UTC))
    live(opened.page, spec=spec)
    opened.page.wait_for_function("performance.getEntriesByName('xs-complete').length")
    assert opened.page.locator(".xs-tile").count() == 9
    assert (
        opened.page.evaluate("getComputedStyle(document.querySelector('.xs-kpi-value')).fontSize")
        == "26px"
    )


def test_a_panel_stands_alone_in_a_notebook(visit, site):
    opened = visit(width=900)
    opened.page.goto(f"{site.url}/notebook")
    panel = PAGES["overview"].spec(site.document, datetime.now(UTC))["panels"]["churn"]
    live(opened.page, "renderPanel", panel=panel, context={"shop": site.document["shop"]})
    assert opened.text(".xs-figure") == f"{panel['at_risk']:,}"
    opened.page.evaluate("panel => window.model.change('panel', panel)", panel | {"at_risk": 7})
    opened.page.wait_for_function("document.querySelector('.xs-figure').innerText === '7'")


def test_a_kernel_that_is_behind_does_not_bring_back_old_numbers(visit, newer, site):
    old = dict(site.document)
    site.document = newer
    opened = visit()
    page = opened.open()
    shown = page.locator(NET).inner_text()
    spec = opened.specification() | {"data_version": 41, "daily": old["daily"]}
    live(page, spec=spec)
    assert page.locator(NET).inner_text() == shown


def test_without_a_websocket_the_page_asks(visit, site, newer):
    site.websocket = False
    site.runs = [RUNNING]
    opened = visit()
    opened.page.add_init_script(HURRY)
    page = opened.open()
    opened.errors = Ignored("WebSocket connection")
    page.get_by_role("button", name="Syncing 43%").wait_for()
    site.runs, site.ended, site.document = [], {"r1": COMPLETED}, newer
    page.get_by_text(net_sales(newer), exact=True).first.wait_for()
    page.get_by_role("button", name="Sync now").wait_for()


class Ignored(list):
    """Console messages without those that the browser itself writes about a refused socket."""

    def __init__(self, expected: str) -> None:
        super().__init__()
        self.expected = expected

    def append(self, message: str) -> None:
        if self.expected not in message:
            super().append(message)


def test_from_nothing_to_the_first_numbers(visit, site, newer):
    site.document, site.connected = None, False
    opened = visit()
    page = opened.open()
    assert opened.text("#xs-store small") == "Not connected yet"
    assert page.get_by_role("link", name="Connect your store").get_attribute("href") == "/connect"
    assert page.locator(".xs-steps [data-state=current] h3").inner_text() == "Connect your store"
    site.connected = True
    page = opened.open()
    assert opened.text("#xs-store small") == "garden-grove.myshopify.com"
    page.locator(".xs-onboarding").get_by_role("button", name="Sync now").click()
    page.get_by_text("Waiting to start").wait_for()
    site.send(RUNNING)
    page.get_by_text("Reading orders").wait_for()
    assert page.locator(".xs-steps [data-state=current] h3").inner_text() == "Import your history"
    site.send(RUNNING | {"status": "computing", "step": "insights", "percent": 97})
    page.get_by_text("Computing insights").wait_for()
    assert page.locator(".xs-steps [data-state=current] h3").inner_text() == "Compute"
    assert "turns into your Overview" in page.locator(".xs-onboarding-text").inner_text()
    site.document = newer
    site.send(UPDATE)
    page.locator("[data-panel=sales] svg").first.wait_for()
    assert page.locator(".xs-tile").count() == 9


def test_another_store_is_opened_from_the_switcher(visit, site):
    opened = visit()
    page = opened.open()
    page.locator("#xs-store").click()
    assert page.get_by_role("menuitem", name="Second store").is_visible()


def test_an_unreachable_api_leaves_the_page_readable(visit, site):
    opened = visit()
    opened.page.route("**/api/**", lambda route: route.abort())
    opened.errors = Ignored("Failed to load resource")
    page = opened.open()
    assert page.locator(".xs-kpi").count() == 5
    assert "Customer …0000" in page.locator("[data-panel=top]").inner_text()
    page.get_by_role("button", name="Sync now").click()
    page.get_by_text("XSight cannot be reached").wait_for()
