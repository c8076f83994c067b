"""XSight's widget kit: pages as plain data, widgets that show them, and the page shell.

Importing the package loads nothing: `pages`, `shell` and `assets` serve a server that must answer at once,
`show` and the widgets pull in ipywidgets on first use.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xsight_ui.widgets import Page, Panel, SegmentBuilder, Table, show

__all__ = ["TEMPLATES", "Page", "Panel", "SegmentBuilder", "Table", "show"]

TEMPLATES = Path(__file__).parent / "templates"


def __getattr__(name: str) -> Any:
    """Load the widgets when they are first asked for."""
    if name in {"Page", "Panel", "SegmentBuilder", "Table", "show"}:
        return getattr(import_module("xsight_ui.widgets"), name)
    raise AttributeError(name)
