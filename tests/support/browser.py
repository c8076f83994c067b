"""Debian's Chromium, driven by playwright, for every test that looks at a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from ops.bench.overview import QUIET

__all__ = ["FLAGS", "PROGRAM", "browser"]

FLAGS = ["--headless", "--disable-gpu", *QUIET]
_PROGRAMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
PROGRAM = next((each for each in _PROGRAMS if Path(each).exists()), _PROGRAMS[0])
"""The shell is the same engine without a browser's own windows, which are pages too: a load takes 40 % of the time."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while it is open, no asynchronous test can run on its worker."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        yield chromium
        chromium.close()
