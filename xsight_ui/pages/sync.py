"""Sync: whether everything the shop holds is here, and how it came."""

from xsight_ui.pages import sync_panels as panels
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["SYNC"]


def _panels(document: Document) -> dict[str, Spec]:
    runs = document["runs"]
    return {
        "status": panels.status(document["connection"], document["shop"], document["freshness"]),
        "completeness": panels.completeness(document["completeness"]),
        "runs": panels.history(runs),
        "aside": panels.set_aside(document["completeness"]),
        "metafields": panels.metafields(document["metafields"]),
    }


SYNC = PageDef(
    key="sync",
    title="Sync",
    icon="M20 11a8 8 0 0 0-14.3-4L4 9m0-5v5h5M4 13a8 8 0 0 0 14.3 4L20 15m0 5v-5h-5",
    document="sync",
    rows=(
        ("full", ("status",)),
        ("lead", ("completeness", "aside")),
        ("lead", ("runs", "metafields")),
    ),
    panels=_panels,
    over_time=False,
)
