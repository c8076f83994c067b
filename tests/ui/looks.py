"""What every page has to be, in light and dark, on a desk and on a phone: whole, still and accessible.

`make test` opens each state of a page once and changes its look, or in one look (:func:`seen_in`);
`benchmarks/chaos_looks.py` opens it anew for each.
"""

import os
from itertools import product

import pytest
from playwright.sync_api import Page

from tests.ui.conftest import Visit
from xsight_ui.build import FRONTEND

__all__ = ["EVERY_LOOK", "check_look", "look_over", "seen_in", "serious"]

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
EVERY_LOOK = tuple(product(("light", "dark"), (1440, 390)))
_OPENED_AND_TURNED_TO = (("light", 1440), ("dark", 390))


def seen_in(theme: str, width: int) -> pytest.MarkDecorator:
    """The test's look; with ``XSIGHT_LOOKS=every``, as in ``make chaos``, it has them all."""
    looks = EVERY_LOOK if os.environ.get("XSIGHT_LOOKS") == "every" else [(theme, width)]
    return pytest.mark.parametrize(("theme", "width"), looks)


def look_over(opened: Visit, name: str, query: str = "", *, shift: float = 0) -> Page:
    """Open a page in the light on a desk; then see it in the dark on a phone."""
    page = opened.open(query, name)
    assert page.evaluate("window.layoutShift") <= shift
    for theme, width in _OPENED_AND_TURNED_TO:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        check_look(page, theme, width)
    return page


def check_look(page: Page, theme: str, width: int) -> None:
    """It has the theme, needs no sideways scrolling, and axe finds nothing serious."""
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert serious(page) == []


def serious(page: Page, part: str = "html") -> list[str]:
    """What axe finds serious or critical in a part of the page."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("part => axe.run(part, { resultTypes: ['violations'] })", part)[
        "violations"
    ]
    return [
        f"{entry['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for entry in found
        if entry["impact"] in {"serious", "critical"}
        for node in entry["nodes"]
    ]
