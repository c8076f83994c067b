"""``xsight bench overview``: how soon a merchant sees the Overview, in Chromium, through the public address."""

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from ops import detached
from ops.bench import report
from ops.config import Config
from ops.demo import EMAIL
from ops.trouble import Trouble
from ops.vault import Vault
from ops.visitor import Visitor

__all__ = ["QUIET", "chromium", "log_in", "measure", "running"]

_LOADS = 10
_WITHIN_S = 120
QUIET = [
    *("--no-sandbox", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
"""Flags without which Chromium looks up its maker's hosts at every start."""
_MARKS = {"first_content_s": "xs-first", "live_s": "xs-live"}
_READ = """
names => Object.fromEntries(names.map(name => [name, performance.getEntriesByName(name)[0]?.startTime]))
"""


def measure(config: Config) -> int:
    """Medians of ten loads, logged in, with a warm browser; XSight is started where it does not run."""
    with running(config) as password, chromium() as browser:
        page = browser.new_context(base_url=config.public_url).new_page()
        log_in(page, password)
        _load(page)  # the dashboard server starts, the browser's cache fills
        loads = [_load(page) for _ in range(_LOADS)]
    figures = {
        key: statistics.median(load[mark] for load in loads) / 1000 for key, mark in _MARKS.items()
    }
    return report("overview", figures)


@contextmanager
def running(config: Config) -> Iterator[str]:
    """The demo's password, once its first shop is there."""
    started = not config.home.locked()
    if started and detached.up(config):
        raise Trouble("XSight did not start", "read what it said above")
    try:
        password = Vault(config.home.secrets).text("demo-password")
        with Visitor(config.public_url) as visitor:
            visitor.log_in(EMAIL, password)
            visitor.look_at(visitor.me()["tenants"][0]["id"])
            deadline = time.monotonic() + _WITHIN_S
            while visitor.stats() is None:
                if time.monotonic() > deadline:
                    raise Trouble("the demo shop is not filled", f"look into {config.home.logs}")
                time.sleep(0.5)
        yield password
    finally:
        if started:
            detached.down(config)


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise Trouble("chromium is missing", "apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, password: str) -> None:
    page.goto("/login")
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/app/**")


def _load(page: Page) -> dict[str, float]:
    """Milliseconds from the start of navigation to each mark."""
    page.goto("/app/overview")
    # at first a page may say that the dashboards start; it allows no script of ours to wait in it
    page.wait_for_selector("#xs-main", timeout=1000 * _WITHIN_S)
    page.wait_for_function(
        "performance.getEntriesByName('xs-live').length", timeout=1000 * _WITHIN_S
    )
    marks: dict[str, float] = page.evaluate(_READ, list(_MARKS.values()))
    return marks
