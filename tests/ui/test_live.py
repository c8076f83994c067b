"""Sync progress, and numbers that replace themselves: with a kernel, without one, with and without a websocket."""

import pytest

from tests.ui.sample import make_document

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
}
NET = "[data-metric=net_sales] .xs-kpi-value"


@pytest.fixture
def newer():
    return make_document(seed=8) | {"data_version": 42}


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


def test_sync_now_is_a_change_with_its_token(visit, site):
    opened = visit()
    page = opened.open()
    page.get_by_role("button", name="Sync now").click()
    page.get_by_text("Waiting to start").wait_for()
    assert [headers["x-csrf-token"] for headers in site.started_syncs] == ["token-1"]


def test_who_may_not_sync_is_told(visit, site):
    site.rights = ["user", "read"]
    opened = visit()
    page = opened.open()
    page.wait_for_function("document.querySelector('.xs-sync').disabled")
    assert "cannot start a sync" in page.locator(".xs-sync").get_attribute("title")
    assert not page.get_by_role("link", name="Notebooks").is_visible()


def test_new_insights_replace_the_numbers_without_a_kernel(visit, site, newer):
    opened = visit()
    page = opened.open()
    before = page.locator(NET).inner_text()
    tile = page.locator("[data-panel=sales]").element_handle()
    site.document = newer
    site.send({"type": "sync:update", "data_version": 42, "insight_run": "x"})
    page.wait_for_function(
        "before => document.querySelector('[data-metric=net_sales] .xs-kpi-value').innerText !== before",
        arg=before,
    )
    assert page.locator(NET).inner_text() == f"${sum(newer['daily']['net_minor'][-30:]) / 100:,.2f}"
    assert tile.evaluate("tile => tile.isConnected")  # in place
    assert page.evaluate("window.layoutShift") == 0


# What anywidget hands to render(), with the traits of a Page widget on the other side.
ATTACH = """async (spec) => {
  const listeners = {}, sent = [];
  const model = {
    state: { spec }, sent,
    get: (key) => model.state[key],
    set: (key, value) => { model.state[key] = value; sent.push([key, value]); },
    save_changes: () => {},
    on: (event, listener) => { listeners[event] = listener; },
    change: (spec) => { model.state.spec = spec; listeners["change:spec"](); },
  };
  window.model = model;
  const entry = document.querySelector("link[rel=modulepreload]").href;
  const element = document.createElement("div");
  await (await import(entry)).renderPage({ model, el: element });
  return element.childElementCount;
}"""


def test_the_live_widget_takes_over_what_is_painted(visit, site, newer):
    opened = visit()
    page = opened.open()
    nodes = "[...document.querySelectorAll('#xs-page *')]"
    page.evaluate(f"window.painted = {nodes}")
    assert page.evaluate(ATTACH, opened.specification()) == 0  # it paints nothing of its own
    assert page.evaluate(f"{nodes}.every((node, i) => node === window.painted[i])")
    assert page.evaluate("performance.getEntriesByName('xs-live').length") == 1
    site.send({"type": "sync:update", "data_version": 42, "insight_run": "x"})
    page.wait_for_function("window.model.sent.length")
    assert page.evaluate("window.model.sent") == [["data_version", 42]]
    site.document = newer
    page.evaluate(
        "spec => window.model.change(spec)",
        page.evaluate("fetch('overview.json').then(r => r.json())"),
    )
    assert page.locator(NET).inner_text() == f"${sum(newer['daily']['net_minor'][-30:]) / 100:,.2f}"
    assert page.evaluate("window.layoutShift") == 0


def test_a_kernel_that_is_behind_does_not_bring_back_old_numbers(visit, newer, site):
    old = dict(site.document)
    site.document = newer
    opened = visit()
    page = opened.open()
    shown = page.locator(NET).inner_text()
    spec = opened.specification() | {"data_version": 41, "daily": old["daily"]}
    page.evaluate(ATTACH, spec)
    assert page.locator(NET).inner_text() == shown


def test_without_a_websocket_the_page_asks(visit, site, newer):
    site.websocket = False
    site.runs = [RUNNING]
    opened = visit()
    page = opened.open()
    opened.errors = Ignored("WebSocket connection")
    page.get_by_role("button", name="Syncing 43%").wait_for(timeout=15_000)
    site.runs, site.ended, site.document = [], {"r1": COMPLETED}, newer
    total = f"${sum(newer['daily']['net_minor'][-30:]) / 100:,.2f}"
    page.get_by_text(total, exact=True).first.wait_for(timeout=15_000)
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
    assert page.get_by_role("link", name="Connect your store").get_attribute("href") == "/connect"
    assert page.locator(".xs-steps [data-state=current] h3").inner_text() == "Connect your store"
    site.connected = True
    page = opened.open()
    page.locator(".xs-onboarding").get_by_role("button", name="Sync now").click()
    page.get_by_text("Waiting to start").wait_for()
    site.send(RUNNING)
    page.get_by_text("Reading orders").wait_for()
    assert page.locator(".xs-steps [data-state=current] h3").inner_text() == "Import your history"
    site.send(RUNNING | {"status": "computing", "step": "insights", "percent": 97})
    page.get_by_text("Computing insights").wait_for()
    site.document = newer
    site.send({"type": "sync:update", "data_version": 42, "insight_run": "x"})
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
