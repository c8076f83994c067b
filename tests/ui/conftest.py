import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.ui.sample import make_document
from tests.ui.site import BASE, Site, serve
from xsight_ui.build import build

WATCH_SHIFTS = """
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="session")
def _bundle() -> None:
    build()


@pytest.fixture
def site(_bundle) -> Iterator[Site]:
    with serve(make_document()) as running:
        yield running


class Visit:
    """A page in the browser, and everything that went wrong on it."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._see)
        page.add_init_script(WATCH_SHIFTS)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def _see(self, request: Request) -> None:
        if not request.url.startswith((self.site.url, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self, query: str = "", page: str = "overview") -> Page:
        self.page.goto(f"{self.site.url}{BASE}app/{page}{query}")
        self.page.wait_for_function("performance.getEntriesByName('xs-complete').length")
        return self.page

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def texts(self, selector: str) -> list[str]:
        return self.page.locator(selector).all_inner_texts()

    def specification(self) -> dict[str, Any]:
        return json.loads(self.page.locator("#xs-spec").text_content() or "")


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Open a page of the given width and theme; at the end nothing may have gone wrong on any of them."""
    contexts, visits = [], []

    def new(width: int = 1440, height: int = 900, theme: str = "light", **options: Any) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            locale="en-US",
            **options,
        )
        contexts.append(context)
        visits.append(Visit(context.new_page(), site))
        return visits[-1]

    yield new
    for context in contexts:
        context.close()
    assert [error for one in visits for error in one.errors] == []
    assert [url for one in visits for url in one.elsewhere] == []
