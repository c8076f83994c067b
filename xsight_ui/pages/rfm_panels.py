"""Panels of the RFM page. Pure functions: a part of the document in, JSON out."""

from collections.abc import Mapping
from typing import Any

from xsight_ui.pages.cells import cell
from xsight_ui.pages.panels import SEGMENT_TONES, rfm_grid

__all__ = ["explain", "grid", "groups", "history", "migration", "treemap"]

Part = Mapping[str, Any]
Panel = dict[str, Any]

_NOBODY = {
    "name": "empty",
    "title": "Nobody to score yet",
    "text": "This fills in with the first order of a customer.",
}
_GROUPS = {
    "CHAMPIONS": ("Champions", "best"),
    "LOYAL": ("Loyal", "best"),
    "ACTIVE": ("Active", "good"),
    "NEW": ("New", "good"),
    "PROMISING": ("Promising", "good"),
    "NEEDS_ATTENTION": ("Needs attention", "mid"),
    "ALMOST_LOST": ("Almost lost", "warn"),
    "PREVIOUSLY_LOYAL": ("Previously loyal", "warn"),
    "AT_RISK": ("At risk", "warn"),
    "DORMANT": ("Dormant", "low"),
    "PROSPECTS": ("Prospects", "mid"),
}


def treemap(rfm: Part) -> Panel:
    """The eleven segments, each as large as it has customers or sales."""
    panel = {
        "kind": "segment_map",
        "title": "The eleven segments",
        "subtitle": "Every customer who bought is in one of them",
        "definition": "Every customer with an order gets 1 to 5 points for recency, frequency and money; equal "
        "customers always get equal points. The three scores name one of eleven segments. Looked at from a past day, "
        "only orders up to that day are known.",
        "as_of": rfm["as_of"],
        "items": segment_items(rfm),
        "height": 430,
        "cell": cell('shop.segments("{as_of}")'),
    }
    return (
        panel if any(item["customers"] for item in panel["items"]) else panel | {"state": _NOBODY}
    )


def segment_items(rfm: Part) -> list[Panel]:
    """Segments with their colours."""
    return [
        dict(segment) | {"tone": SEGMENT_TONES.get(segment["key"], "mid")}
        for segment in rfm["segments"]
    ]


def grid(rfm: Part) -> Panel:
    """How many customers have each pair of recency and frequency scores; from any day."""
    return rfm_grid(rfm) | {
        "as_of": rfm["as_of"],
        "any_day": True,
        "cell": cell('shop.rfm("{as_of}").groupby(["r", "f"]).size().unstack(fill_value=0)'),
    }


def migration(part: Part | None, as_of: str) -> Panel:
    """Who moved from which segment to which between two days."""
    return {
        "kind": "segment_flow",
        "title": "Who moved where",
        "subtitle": "Customers by segment on two days",
        "definition": "Left: where customers were on the earlier day, scored by what was known then. Right: where they "
        "are on the later one. “Not yet” had not bought by the earlier day.",
        "as_of": as_of,
        "flow": None if part is None else dict(part),
        "tones": SEGMENT_TONES,
        "height": 470,
        "cell": cell('shop.migration("{since}", "{as_of}")'),
    }


def history(part: Part | None, as_of: str) -> Panel:
    """How large each segment was at each month's end."""
    return {
        "kind": "segment_history",
        "title": "Segments through time",
        "subtitle": "Share of customers at the ends of months",
        "definition": "Each month's end is scored from what was known then: later orders are not in, and the "
        "fifths are those of the buyers there were.",
        "as_of": as_of,
        "months": 12,
        "history": None if part is None else dict(part),
        "tones": SEGMENT_TONES,
        "height": 330,
        "cell": cell("shop.rfm_history({months})"),
    }


def groups(part: Part) -> Panel:
    """Shopify's groups beside ours."""
    found = [
        {
            "key": group["key"],
            "name": _GROUPS.get(group["key"], (group["key"], "mid"))[0],
            "tone": _GROUPS.get(group["key"], (group["key"], "mid"))[1],
            "customers": group["customers"],
            "revenue_minor": group["revenue_minor"],
            "by_shopify": group["by_shopify"],
        }
        for group in part["groups"]
    ]
    agreement = part["agreement"]
    panel = {
        "kind": "shopify_groups",
        "title": "Shopify’s groups",
        "subtitle": "Scored here, beside what Shopify says",
        "definition": "Shopify has eleven groups of its own. It publishes their names, not their rules: the rules here "
        "are ours, made to fit its descriptions. Agreement is the share of customers in the same group; kappa is what "
        "of that is not chance (1 is perfect, 0 is chance).",
        "groups": found,
        "agreement": agreement
        and {name: agreement[name] for name in ("customers", "share", "kappa")},
        "height": 430,
        "cell": cell('shop.shopify_groups()["ours"].value_counts(sort=False)'),
    }
    return panel if any(group["customers"] for group in found) else panel | {"state": _NOBODY}


def explain(rfm: Part) -> Panel:
    """Why a customer is where they are; the browser asks for the customer with the viewer's own rights."""
    return {
        "kind": "segment_why",
        "title": "Explain one customer",
        "subtitle": "From their orders to the segment",
        "definition": "The number of a customer is the one in the address of the customer’s page in Shopify. The "
        "bounds are those that this store’s customers were scored by.",
        "as_of": rfm["as_of"],
        "bounds": dict(rfm["bounds"]),
        "names": {segment["key"]: segment["name"] for segment in rfm["segments"]},
        "actions": {segment["key"]: segment["action"] for segment in rfm["segments"]},
        "tones": SEGMENT_TONES,
        "height": 470,
        "cell": cell("shop.rfm().query('customer_id == {customer}')"),
    }
