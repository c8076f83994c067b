"""Every component in each of its states, on a made-up shop: for those who build pages. Not in the navigation."""

import json
from pathlib import Path
from typing import Any

from xsight_ui.pages import churn, cohorts, overview, panels, rfm, sync
from xsight_ui.pages.definition import Document, PageDef, Spec

__all__ = ["GALLERY"]

_SAMPLE = Path(__file__).with_name("gallery.json")
"""Documents of a shop with a public record of purchases; `python -m tests.ui.make_gallery` writes it."""

_SHORT: Any = {
    "state": "not_enough_data",
    "have": {"repeat_customers": 3},
    "need": {"repeat_customers": 30},
    "message": "",
}
_BEATEN: Any = {
    "state": "no_better_than_a_rule",
    "message": "On this store’s own past the models were no better than a rule of thumb, so no prediction is shown.",
}
_FAILED = {"name": "error", "title": "This panel could not be shown", "text": "It is a sample."}


def _sample() -> Document:
    return json.loads(_SAMPLE.read_text())


def _panels(document: Document) -> dict[str, Spec]:
    found: dict[str, Spec] = {}
    shop = document["pages"]
    for page in (overview.OVERVIEW, rfm.RFM, cohorts.COHORTS, churn.CHURN):
        own = page.panels(shop[page.key])
        found |= {f"{page.key}-{key}": panel for key, panel in own.items()}
    found |= {f"sync-{key}": panel for key, panel in sync.SYNC.panels(shop["sync"]).items()}
    nobody = shop["overview"]["rfm"] | {"segments": [], "grid": [[0] * 5] * 5}
    found |= {
        "state-empty": panels.segments(nobody),
        "state-short": panels.churn(_SHORT),
        "state-beaten": panels.lifetime_value(_BEATEN, {}),
        "state-error": panels.rfm_grid(nobody) | {"state": _FAILED},
        "state-loading": {"kind": "loading", "title": "Loading", "height": 220},
    }
    return {
        key: {name: value for name, value in panel.items() if name != "cell"}
        | ({"height": 260} if key.startswith("state-") else {})
        for key, panel in found.items()
    }


def _rows(page: PageDef) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((layout, tuple(f"{page.key}-{key}" for key in keys)) for layout, keys in page.rows)


GALLERY = PageDef(
    key="gallery",
    title="Gallery",
    icon="",
    document="gallery",
    parent=("overview", "Overview"),
    rows=(
        ("lead", ("state-empty", "state-error")),
        ("lead", ("state-short", "state-beaten")),
        ("full", ("state-loading",)),
        *_rows(overview.OVERVIEW),
        *_rows(rfm.RFM),
        *_rows(cohorts.COHORTS),
        *_rows(churn.CHURN),
        *_rows(sync.SYNC),
    ),
    panels=_panels,
    sample=_sample,
)
