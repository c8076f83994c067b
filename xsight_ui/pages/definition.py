"""What makes a page: its name, and how its panels follow from a stored document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from xsight_ui.pages.panels import SEGMENT_TONES

__all__ = ["Document", "PageDef", "Spec"]

Document = Mapping[str, Any]
Spec = dict[str, Any]

STALE_AFTER = timedelta(hours=36)
"""A daily sync that was missed once is forgiven, one that was missed twice is shown."""

PERIODS = ((30, "30 days"), (90, "90 days"), (365, "12 months"), (None, "All time"))
"""Choices of the period control: whole days up to the last day with data; None is the whole history."""


@dataclass(frozen=True, slots=True)
class PageDef:
    """A page of the dashboard: `/app/<key>`.

    `icon` is the path of a 24 by 24 line drawing; `panels` turns the stored document into named panels,
    `rows` places them. `over_time`: it shows a chosen period of a store's sales, so it needs an order.
    `modules` of the front end are fetched early. A page with a `parent` (its key and title) is opened from that one,
    not from the navigation. `range` is the word of the range of days that it begins with (see `frontend/src/range.js`).
    `filters` leave the orders that the tiles over time are about (see `frontend/src/narrowing.js`).
    `tabs`: key, label and panels of each; one at a time is shown.
    `sample` is shown where nothing is stored: only the gallery has one.
    """

    key: str
    title: str
    icon: str
    document: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    panels: Callable[[Document], dict[str, Spec]]
    over_time: bool = True
    modules: tuple[str, ...] = ()
    parent: tuple[str, str] | None = None
    range: str | None = None
    filters: tuple[Spec, ...] = ()
    tabs: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    sample: Callable[[], Document] | None = None

    def spec(self, document: Document | None, now: datetime) -> Spec:
        """Everything the browser needs to paint the page; without a document, the way to the first one."""
        head: Spec = {"page": self.key, "title": self.title}
        if self.parent:
            head["parent"] = dict(zip(("key", "title"), self.parent, strict=True))
        if document is None and self.sample:
            document = self.sample()
        if document is None:
            return head | {"state": "onboarding", "data_version": 0, "rows": [], "panels": {}}
        head |= {
            "data_version": document["data_version"],
            "insight_run": document["insight_run"],
            "shop": dict(document["shop"]),
            "freshness": _freshness(document, now),
        }
        if self.over_time:
            if not document["totals"]["orders"]:
                return head | {"state": "empty", "rows": [], "panels": {}}
            head |= {
                "period": {
                    "value": PERIODS[0][0],
                    "options": [{"days": days, "label": label} for days, label in PERIODS],
                },
                "daily": dict(document["daily"]),
            }
        if self.filters:
            head["filters"] = [dict(one) for one in self.filters]
        if self.range:
            head["range"] = {"value": self.range}
        if "segments" in document:
            head["segments"] = _segment_names(document["segments"] or ())
        if self.tabs:
            head["tabs"] = [
                {"key": key, "label": label, "panels": list(keys)} for key, label, keys in self.tabs
            ]
        panels = self.panels(document)
        rows = [
            {"layout": layout, "panels": [key for key in keys if key in panels]}
            for layout, keys in self.rows
        ]
        return head | {
            "state": "ready",
            "rows": [row for row in rows if row["panels"]],
            "panels": panels,
        }


def _segment_names(segments: Sequence[Mapping[str, Any]]) -> Spec:
    """Names and tones by key: lists tell a segment by its key."""
    return {
        segment["key"]: {
            "name": segment["name"],
            "tone": SEGMENT_TONES.get(segment["key"], "mid"),
        }
        for segment in segments
    }


def _freshness(document: Document, now: datetime) -> Spec:
    """When the numbers were read from the store, and whether that was too long ago."""
    stamp = dict(document["freshness"])
    synced_at = stamp.get("synced_at")
    age = now - datetime.fromisoformat(synced_at) if synced_at else None
    return stamp | {
        "computed_at": document["computed_at"],
        "stale": age is not None and age > STALE_AFTER,
        "stale_after_s": STALE_AFTER.total_seconds(),
    }
