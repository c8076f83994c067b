"""The notebook cell of each tile: Python over `xs.connect()` whose value is what the tile shows.

Where a page has a period, `{since}` and `{until}` stand for the days shown; the browser fills them in.
"""

from textwrap import dedent

__all__ = ["cell"]

_HEAD = "import pandas as pd\n\nimport xsight_core as xs\n\nshop = xs.connect()\n"
_PLAIN = "import xsight_core as xs\n\nshop = xs.connect()\n"


def cell(body: str) -> str:
    """A cell that runs by itself: connects to the shop, then does `body`."""
    text = dedent(body).strip()
    return f"{_HEAD if 'pd.' in text else _PLAIN}{text}\n"
