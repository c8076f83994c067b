import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

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


@pytest.fixture(scope="module")
def _served(_bundle) -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def site(_served: Site) -> Site:
    _served.reset(make_document())
    return _served


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
            self.errors.append(f"{message.text} {message.location.get('url', '')}")

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


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """One for each set of options, with what it has cached: most of a page's work is to read our scripts."""
    kept: dict[str, BrowserContext] = {}

    def of(**options: Any) -> BrowserContext:
        key = json.dumps(options, sort_keys=True)
        if key not in kept:
            kept[key] = browser.new_context(locale="en-US", **options)
        return kept[key]

    yield of
    for context in kept.values():
        context.close()


@pytest.fixture
def visit(contexts: Callable[..., BrowserContext], site: Site) -> Iterator[Callable[..., Visit]]:
    """Open a page of the given width and theme; at the end nothing may have gone wrong on any of them."""
    visits = []

    def new(
        width: int = 1440,
        height: int = 900,
        theme: str = "light",
        reduced_motion: str = "no-preference",
        **options: Any,
    ) -> Visit:
        page = contexts(**options).new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion=reduced_motion)
        visits.append(Visit(page, site))
        return visits[-1]

    yield new
    for one in visits:
        if one.page.url.startswith(site.url):
            one.page.evaluate("localStorage.clear()")
        one.page.close()
    assert [error for one in visits for error in one.errors] == []
    assert [url for one in visits for url in one.elsewhere] == []
