"""Debian's Chromium, driven by playwright, for every test that looks at a page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from ops.bench.overview import QUIET

__all__ = ["FLAGS", "browser"]

FLAGS = ["--headless", "--disable-gpu", *QUIET]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while it is open, no asynchronous test can run on its worker."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        chromium.close()
