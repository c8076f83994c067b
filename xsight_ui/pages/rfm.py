"""RFM: the segments, who moved between them, Shopify's groups beside ours, and why one customer is where they are."""

from xsight_ui.pages import rfm_panels as panels
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["RFM"]


def _panels(document: Document) -> dict[str, Spec]:
    rfm = document["rfm"]
    as_of = rfm["as_of"]
    return {
        "map": panels.treemap(rfm),
        "grid": panels.grid(rfm),
        "flow": panels.migration(document["migration"], as_of),
        "why": panels.explain(rfm),
        "history": panels.history(document["history"], as_of),
        "groups": panels.groups(document["groups"]),
    }


RFM = PageDef(
    key="rfm",
    title="RFM",
    icon="M4 4h4v4H4zM10 4h4v4h-4zM16 4h4v4h-4zM4 10h4v4H4zM10 10h4v4h-4zM16 10h4v4h-4zM4 16h4v4H4zM10 16h4v4h-4z",
    document="rfm",
    rows=(
        ("lead", ("map", "grid")),
        ("lead", ("flow", "why")),
        ("lead", ("history", "groups")),
    ),
    panels=_panels,
    over_time=False,
)
