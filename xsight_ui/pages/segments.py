"""Segments: saved rules about customers, the library, and what was done with them.

The list is painted from what is stored; rules, members and everything that acts is asked of the API by the browser,
with the viewer's own rights.
"""

from typing import Any

from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["SEGMENTS"]


def _panels(document: Document) -> dict[str, Spec]:
    totals = document["totals"] or {}
    return {
        "saved": _saved(document["saved"], totals),
        "library": {
            "kind": "segment_library",
            "title": "Library",
            "subtitle": "Forty ready-made segments, thresholds out of your own data",
            "definition": "What “rich”, “often” or “late” means is taken from your store: from the quantiles of what "
            "your customers spend and the rhythm in which they return. Use one as it is, or change it first.",
            "height": 560,
        },
    }


def _saved(segments: list[dict[str, Any]], totals: dict[str, Any]) -> Spec:
    customers, net_minor = totals.get("customers"), totals.get("revenue_minor")
    panel: Spec = {
        "kind": "segment_list",
        "title": "Your segments",
        "subtitle": "Brought up to date after every sync",
        "definition": "A segment is a rule about customers. Share: of all customers and of all net sales. Trend: its "
        "size on the days on which it was worked out.",
        "customers": customers,
        "net_minor": net_minor,
        "items": [
            {
                **one,
                "share": _share(one["members"], customers),
                "net_share": _share(one["net_minor"], net_minor),
            }
            for one in segments
        ],
        "cell": 'shop.sql("SELECT name, members, refreshed_at FROM segments ORDER BY lower(name)")',
    }
    return panel


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


SEGMENTS = PageDef(
    key="segments",
    title="Segments",
    icon="M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4M15 10a5 5 0 1 1-5 5",
    document="segments",
    rows=(("full", ("saved",)), ("full", ("library",))),
    panels=_panels,
    over_time=False,
)
