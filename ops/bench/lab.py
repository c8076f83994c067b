"""``xsight bench lab``: from the click on a notebook to its first cell's answer, the Lab being there already."""

import json
import statistics
import time
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import BrowserContext
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ops.bench import report
from ops.bench.overview import chromium, log_in, running
from ops.config import Config
from ops.demo import EMAIL
from ops.trouble import Trouble
from ops.visitor import Visitor

__all__ = ["measure"]

_TIMES = 5
_WITHIN_MS = 120_000
_NAME = "click-to-cell-{}.ipynb"
_CODE = "print(6 * 7)"
_CELL = ".jp-Notebook .jp-CodeCell .cm-content"
_OUTPUT = ".jp-Notebook .jp-OutputArea-output:has-text('42')"


def measure(config: Config) -> int:
    """Median of five clicks, each with a kernel of its own; the first visit, which starts the Lab, does not count."""
    with running(config) as password, chromium() as browser:
        server = _server(config, password)
        for number in range(_TIMES + 1):
            _lay(config.home.path / "homes" / server / _NAME.format(number))
        context = browser.new_context(base_url=config.public_url)
        page = context.new_page()
        log_in(page, password)
        page.goto("/app/lab")
        page.wait_for_selector("#jp-main-dock-panel, .jp-LabShell", timeout=_WITHIN_MS)
        page.close()
        clicks = [_click(context, server, number) for number in range(_TIMES + 1)][1:]
    return report("lab", {"click_to_cell_s": statistics.median(clicks)})


def _click(context: BrowserContext, server: str, number: int) -> float:
    """Seconds until the first cell has answered, in a kernel that was not there before.

    In a page of its own: Lab asks before it lets go of a notebook that is not saved.
    """
    with context.new_page() as page:
        began = time.monotonic()
        address = f"/user/{server}/lab/tree/{_NAME.format(number)}?reset"
        page.goto(address, wait_until="commit")
        page.locator(_CELL).first.wait_for(timeout=_WITHIN_MS)
        while time.monotonic() - began < _WITHIN_MS / 1000:
            with suppress(PlaywrightTimeout):  # one that comes before Lab listens is lost
                page.locator(_CELL).first.click(timeout=1000)  # Lab may put a new one in its place
                page.keyboard.press("Shift+Enter")
                page.wait_for_selector(_OUTPUT, timeout=1000)
                return time.monotonic() - began
    raise Trouble("the first cell did not answer", f"open /user/{server}/lab")


def _server(config: Config, password: str) -> str:
    with Visitor(config.public_url) as visitor:
        visitor.log_in(EMAIL, password)
        me = visitor.me()
    return f"{me['tenants'][0]['slug']}-{me['user']['id'][:8]}"


def _lay(path: Path) -> None:
    cell = {
        "cell_type": "code",
        "id": "first",
        "metadata": {},
        "source": _CODE,
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": [cell],
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps(notebook), encoding="utf-8")
