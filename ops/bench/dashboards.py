"""``xsight bench dashboards``: every page, as a merchant's browser sees it through the public address."""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page

from ops.bench import report
from ops.bench.overview import chromium, log_in, running
from ops.config import Config
from ops.demo import EMAIL
from ops.memory import pss_bytes, tree
from ops.trouble import Trouble
from ops.visitor import Visitor
from xsight_ui.pages import navigation

__all__ = ["measure"]

_LOADS = max(2, round(20 * float(os.environ.get("XSIGHT_BENCH_SCALE", "1"))))
_COLD = 5
_VIEWS = 5
_WITHIN_S = 60
_LEFT_S = 4.0  # a page that was left takes its kernel along
_MARKS = ("xs-first", "xs-charts", "xs-live")
_READ = """
() => ({
  ...Object.fromEntries(
    ["xs-first", "xs-charts", "xs-live"].map(n => [n, performance.getEntriesByName(n)[0]?.startTime])),
  shift: window.benchShift ?? 0,
})
"""
_WATCH = """
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.benchShift = (window.benchShift ?? 0) + entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_CHANGE_PERIOD = """
async turn => {
  const presets = document.querySelectorAll(".xs-range-presets button");
  if (presets.length < 2) return null;
  performance.clearMarks("xs-period");
  const from = performance.now();
  presets[turn % 2].click();
  while (!performance.getEntriesByName("xs-period").length) {
    if (performance.now() - from > 2000) return null;  // it was chosen already
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - from;
}
"""


@dataclass
class Seen:
    """What a browser did on the way."""

    origin: str
    off_origin: list[str] = field(default_factory=list[str])
    errors: list[str] = field(default_factory=list[str])
    own_bytes: float = 0.0
    _own: set[str] = field(default_factory=set[str])

    def watch(self, page: Page) -> CDPSession:
        """Count requests elsewhere, errors, and bytes of our own code as they come over the wire."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda asked: self._asked(asked.url))
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.responseReceived", self._received)
        network.on("Network.loadingFinished", self._finished)
        return network

    def _said(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if (
            parts.scheme in {"http", "https", "ws", "wss"}
            and parts.netloc != urlsplit(self.origin).netloc
        ):
            self.off_origin.append(url)

    def _received(self, event: dict[str, Any]) -> None:
        if urlsplit(event["response"]["url"]).path.startswith("/assets/"):
            self._own.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._own:
            self.own_bytes += event["encodedDataLength"]


def measure(config: Config) -> int:
    """Twenty loads of each page of the navigation; XSight is started where it does not run."""
    pages = [entry["key"] for entry in navigation()]
    with running(config) as password, chromium() as browser:
        seen = Seen(config.public_url)
        slug = _slug(config, password)
        loads: list[dict[str, float]] = []
        with _visit(browser, config, password) as context:
            page = context.new_page()
            seen.watch(page)
            for key in pages:
                _load(page, key)  # the browser's cache fills
                mine = [_load(page, key) for _ in range(_LOADS)]
                loads += mine
                print(f"{key}: " + ", ".join(f"{m} {_p(mine, m, 50):.3f} s" for m in _MARKS))
            _load(page, "overview")
            changes = [page.evaluate(_CHANGE_PERIOD, turn) for turn in range(_LOADS)]
            page.goto("about:blank")
            cold = [_cold(page) for _ in range(_COLD)]
            idle_mb, view_mb = _memory(context, page, slug)
        own_kb = max(_own_code(browser, config, password, key) for key in pages)
    for text in dict.fromkeys((*seen.off_origin, *seen.errors)):
        print(f"! {text}")
    return report(
        "dashboards",
        {
            "first_content_p50_s": _p(loads, "xs-first", 50),
            "first_content_p95_s": _p(loads, "xs-first", 95),
            "first_charts_p50_s": _p(loads, "xs-charts", 50),
            "live_p50_s": _p(loads, "xs-live", 50),
            "live_p95_s": _p(loads, "xs-live", 95),
            "cold_first_content_s": statistics.median(cold),
            "interaction_ms": statistics.median(ms for ms in changes if ms is not None),
            "layout_shift": max(load["shift"] for load in loads),
            "tenant_idle_mb": idle_mb,
            "view_mb": view_mb,
            "transferred_kb": own_kb,
            "off_origin_requests": len(seen.off_origin),
            "console_errors": len(seen.errors),
        },
    )


@contextmanager
def _visit(browser: Browser, config: Config, password: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=config.public_url)
    context.add_init_script(_WATCH)
    page = context.new_page()
    log_in(page, password)
    page.wait_for_selector("#xs-main", timeout=120_000)  # until then a page says that it starts
    page.goto("about:blank")  # to close it at once would leave its kernel behind
    page.close()
    try:
        yield context
    finally:
        context.close()


def _load(page: Page, key: str) -> dict[str, float]:
    """Seconds from the start of navigation to each mark, and how far things moved."""
    page.goto(f"/app/{key}")
    page.wait_for_selector("#xs-main")
    page.wait_for_function(
        "performance.getEntriesByName('xs-live').length", timeout=1000 * _WITHIN_S
    )
    read: dict[str, float | None] = page.evaluate(_READ)
    missing = [name for name in _MARKS if read[name] is None]
    if missing:
        raise Trouble(f"{key} has no mark {missing[0]}", f"open {page.url}")
    return {name: (value or 0) / (1 if name == "shift" else 1000) for name, value in read.items()}


def _cold(page: Page) -> float:
    """The server is up, and no kernel: nobody looks."""
    time.sleep(_LEFT_S)
    first = _load(page, "overview")["xs-first"]
    page.goto("about:blank")
    return first


def _memory(context: BrowserContext, page: Page, slug: str) -> tuple[float, float]:
    """Megabytes of the store's dashboard server: while nobody looks, and a view more."""
    root = _server(slug)
    page.goto("about:blank")
    time.sleep(_LEFT_S)
    idle = pss_bytes(tree(root))
    views = [context.new_page() for _ in range(_VIEWS)]
    for view in views:
        _load(view, "overview")
    watched = pss_bytes(tree(root))
    for view in views:
        view.close()
    return idle / 1e6, (watched - idle) / _VIEWS / 1e6


def _server(slug: str) -> int:
    """The process that holds the store's sandbox."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"hub_config.dashboards" in words and f"t-{slug}".encode() in words:
                found.append(int(folder.name))
    if not found:
        raise Trouble(
            "the dashboard server's process is not found", "run it where XSight runs, in a sandbox"
        )
    return min(found)


def _own_code(browser: Browser, config: Config, password: str, key: str) -> float:
    """Kilobytes of our own code, as sent, for who opens this page with an empty cache."""
    with _visit(browser, config, password) as context:
        page = context.new_page()
        seen = Seen(config.public_url)
        network = seen.watch(page)
        network.send("Network.clearBrowserCache")
        _load(page, key)
        page.wait_for_load_state("networkidle")
        return seen.own_bytes / 1000


def _slug(config: Config, password: str) -> str:
    with Visitor(config.public_url) as visitor:
        visitor.log_in(EMAIL, password)
        return visitor.me()["tenants"][0]["slug"]


def _p(loads: list[dict[str, float]], mark: str, percent: int) -> float:
    values = sorted(load[mark] for load in loads)
    return values[min(len(values) - 1, round(percent / 100 * (len(values) - 1)))]
