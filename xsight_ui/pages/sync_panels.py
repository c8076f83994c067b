"""Panels of the Sync page. Pure functions: a part of the document in, JSON out."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["completeness", "history", "metafields", "set_aside", "status"]

Part = Mapping[str, Any]
Panel = dict[str, Any]

_OBJECTS = {"customers": "Customers", "products": "Products", "orders": "Orders"}
_FIGURES = {
    "orders": ("Orders", "count"),
    "gross": ("Gross sales", "money"),
    "discounts": ("Discounts", "money"),
    "returns": ("Returns", "money"),
    "net": ("Net sales", "money"),
}
_CAUSES = {
    "changed since": "changed at the shop after the sync had looked",
    "quarantine": "set aside: could not be read",
    "scope": "older than the history Shopify shows",
    "edit date": "edited orders: the day of an edit is not told",
    "unknown": "no cause found",
}
_RULES = {
    "test": "Test orders are left out",
    "cancelled": "Cancelled orders are left out",
    "guests": "Orders of guests count in sales, not in customers",
    "refund date": "Returns can be shown on the day of the order too",
}
_VERDICTS = {
    "equal": ("good", "Everything is here", "Every count and every day agree with Shopify."),
    "explained": (
        "good",
        "Everything is here",
        "Where a number differs from Shopify’s, the cause is known.",
    ),
    "differs": (
        "warn",
        "Something is missing",
        "The next sync compares every record with the shop’s by itself.",
    ),
}


def status(connection: Part, shop: Part, freshness: Part) -> Panel:
    """How the store is connected, what is under way and how webhooks fare; the browser asks for the live part."""
    return {
        "kind": "sync_status",
        "title": "Store",
        "subtitle": shop["domain"] or "",
        "definition": "Changes at the shop arrive by webhook within seconds; every 15 minutes a sync fetches whatever "
        "was missed, once a day it compares the ids of everything.",
        "connection": {
            "state": connection["state"],
            "note": connection["note"],
            "since": connection["since"],
            "history_since": freshness["history_since"],
        },
        "height": 170,
    }


def completeness(report: Part | None) -> Panel:
    """Our rows held against what Shopify says it holds, differences by cause."""
    panel = {
        "kind": "completeness",
        "title": "Completeness",
        "subtitle": "Held against Shopify after each sync",
        "definition": "After a sync the number of customers, products and orders, and orders, gross, discounts, "
        "returns and net sales of every day, are compared with what Shopify itself says.",
        "height": 462,
    }
    if report is None:
        text = "The first report is made right after the first sync."
        return panel | {"state": {"name": "empty", "title": "Not checked yet", "text": text}}
    tone, title, text = _VERDICTS[report["state"]]
    return panel | {
        "run": report["run"],
        "checked_at": report["checked_at"],
        "verdict": {"tone": tone, "title": title, "text": text},
        "counts": [_count(count) for count in report.get("counts", ())],
        "sales": _sales(report.get("sales") or {"state": "not offered"}),
        "rules": [
            {
                "text": _RULES.get(rule["cause"], rule["cause"]),
                "orders": rule["orders"],
                "net_minor": rule["net_minor"],
            }
            for rule in report.get("rules", ())
            if rule["orders"]
        ],
    }


def history(runs: Sequence[Part]) -> Panel:
    """What each run brought and took."""
    panel = {
        "kind": "sync_runs",
        "title": "History",
        "subtitle": "The last syncs, newest first",
        "definition": "Cost points: what Shopify’s interface charges for its answers; files of a first sync cost none. "
        "Read: size of what the shop has sent.",
        "runs": [dict(run) for run in runs],
        "height": 430,
    }
    text = "Start the first one with “Sync now”. It reads the whole history in bulk."
    return (
        panel
        if runs
        else panel | {"state": {"name": "empty", "title": "No sync yet", "text": text}}
    )


def set_aside(report: Part | None) -> Panel:
    """Records that could not be understood; the browser asks for them with the viewer's own rights."""
    counts = (report or {}).get("quarantine") or {}
    panel = {
        "kind": "quarantine",
        "title": "Set aside",
        "subtitle": "Records that could not be read",
        "definition": "A record that makes no sense, such as an amount that is no number, is kept here with the reason "
        "while everything else goes on. It is read again with the next full sync.",
        "counts": {key: counts[key] for key in sorted(counts)},
        "height": 462,
    }
    text = "Every record the shop has sent could be read."
    return (
        panel
        if counts
        else panel | {"state": {"name": "empty", "title": "Nothing set aside", "text": text}}
    )


def metafields(chosen: Part) -> Panel:
    """Which metafields are brought along, by what they belong to."""
    return {
        "kind": "metafields",
        "title": "Metafields",
        "subtitle": "Your own fields to bring along",
        "definition": "Fields that you or your apps have added to customers, orders and products. "
        "Those named here are read with the next sync and can be used in segments and notebooks.",
        "owners": [
            {"key": key, "label": label, "chosen": sorted(chosen.get(key, ()))}
            for key, label in _OBJECTS.items()
        ],
        "height": 430,
    }


def _count(count: Part) -> dict[str, Any]:
    return {
        "label": _OBJECTS.get(count["object"], count["object"]),
        "shop": count["shop"],
        "ours": count["ours"],
        "state": count["state"],
        "causes": [
            {"text": _CAUSES.get(cause["cause"], cause["cause"]), "count": cause["count"]}
            for cause in count["causes"]
        ],
    }


def _sales(sales: Part) -> dict[str, Any]:
    if sales["state"] == "not offered":
        return {"state": "not offered", "reason": sales.get("reason") or ""}
    ours, shop = sales["totals"]["ours"], sales["totals"]["shop"]
    return {
        "state": sales["state"],
        "since": sales["since"],
        "until": sales["until"],
        "days": sales["days"],
        "days_equal": sales["days_equal"],
        "figures": [
            {"label": label, "format": form, "shop": shop[key], "ours": ours[key]}
            for key, (label, form) in _FIGURES.items()
            if key in ours and key in shop
        ],
        "causes": [
            {"text": _CAUSES.get(cause, cause), "count": count}
            for cause, count in sorted(sales["causes"].items())
        ],
        "differences": [
            {
                "day": fault["day"],
                "label": _FIGURES[fault["figure"]][0],
                "format": _FIGURES[fault["figure"]][1],
                "shop": fault["shop"],
                "ours": fault["ours"],
                "text": _CAUSES.get(fault["cause"], fault["cause"]),
            }
            for fault in sales["differences"]
        ],
    }
