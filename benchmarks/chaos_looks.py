"""Every state of every page in light and dark, on a desk and on a phone, each opened anew: ``make chaos``.

`make test` opens each state once and turns it to the other look, or sees it in one look only.
"""

import os
import subprocess
import sys

import pytest

from tests.support.browser import browser  # noqa: F401 - fixtures
from tests.ui import test_looks, test_sync_page
from tests.ui.conftest import _bundle, _served, contexts, site, visit  # noqa: F401
from tests.ui.looks import EVERY_LOOK, check_look

PAGES = [("overview", state) for state in test_looks.STATES]
PAGES += [("sync", state) for state in test_sync_page.STATES]


@pytest.mark.parametrize(("theme", "width"), EVERY_LOOK)
@pytest.mark.parametrize(("name", "state"), PAGES)
def test_every_look(visit, site, name, state, theme, width):  # noqa: F811
    if name == "overview":
        site.document = test_looks.STATES[state]
    else:
        site.sync_document, site.answers = test_sync_page.STATES[state], test_sync_page.ANSWERS
    page = visit(width=width, theme=theme, bypass_csp=True).open(page=name)
    assert page.evaluate("window.layoutShift") < 0.01
    check_look(page, theme, width)


def test_what_make_test_sees_in_one_look_is_so_in_every():
    """Pages that are used while they are looked at, and the gallery."""
    files = ["gallery", "settings_page", "customers_page", "records_pages", "search"]
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-k", "1440 or 390", *(f"tests/ui/test_{name}.py" for name in files)],
        env={**os.environ, "XSIGHT_LOOKS": "every"},
        check=False,
    )
    assert done.returncode == 0
