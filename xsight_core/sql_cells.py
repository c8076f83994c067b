"""``%%sql`` in a notebook: a cell of SQL on this shop's tables. Ours, because kept ones send usage data elsewhere."""

import shlex
import sys
from functools import partial
from typing import Any

from xsight_core.errors import InvalidInput

__all__ = ["sql_cell", "use_in_cells"]


def use_in_cells() -> None:
    """Register the magic with the IPython that runs; elsewhere nothing happens."""
    loaded = sys.modules.get("IPython")
    shell = loaded.get_ipython() if loaded else None
    if shell is not None:
        shell.register_magic_function(partial(sql_cell, shell), "cell", "sql")


def sql_cell(shell: Any, line: str, cell: str) -> Any:
    """Answer a cell: ``%%sql [name] [--exact]``, with ``%(name)s`` for a value out of the notebook.

    Values are bound, never pasted. With a name the frame is put there, and not shown. ``shop`` is the connection.
    """
    words = shlex.split(line)
    names = [word for word in words if not word.startswith("-")]
    unknown = [word for word in words if word.startswith("-") and word != "--exact"]
    if unknown or len(names) > 1 or not all(name.isidentifier() for name in names):
        raise InvalidInput(
            "sql", "Write %%sql, or %%sql NAME to keep the answer; --exact for Decimal."
        )
    shop = shell.user_ns.get("shop")
    if shop is None:
        raise InvalidInput("sql", "There is no `shop` here: run `shop = xs.connect()` first.")
    values = shell.user_ns if "%(" in cell else None  # without values a % is a %
    asked = None if values is None else {n: v for n, v in values.items() if f"%({n})s" in cell}
    frame = shop.sql(cell, asked, exact="--exact" in words)
    if not names:
        return frame
    shell.user_ns[names[0]] = frame
    return None
