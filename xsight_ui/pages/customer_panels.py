"""Panels about one customer. Pure functions: what is stored of them in, JSON out. Names come from the browser."""

from collections.abc import Mapping, Sequence
from typing import Any

from xsight_ui.pages.cells import cell
from xsight_ui.pages.panels import SEGMENT_TONES, churn, lifetime_value

__all__ = ["figures", "gone", "memberships", "profile", "scores", "timeline"]

Part = Mapping[str, Any]
Panel = dict[str, Any]

_NEVER = {
    "name": "empty",
    "title": "No orders yet",
    "text": "Scores appear with this customer's first order.",
}


def gone() -> Panel:
    """Nobody has this number, here and now."""
    return {
        "kind": "person",
        "title": "No such customer",
        "definition": "",
        "state": {
            "name": "empty",
            "title": "There is no such customer",
            "text": "The number belongs to nobody in this store, or the customer was deleted at the shop.",
        },
    }


def profile(customer: Part) -> Panel:
    """Where they are and what they agreed to."""
    known = ("id", "country", "province", "tags", "email_consent", "sms_consent", "created_at")
    return {
        "kind": "person",
        "title": "Profile",
        "definition": "As the shop holds it. Names and addresses are shown to members who may see personal data.",
        "customer": {name: customer[name] for name in known},
        "height": 300,
        "cell": cell(f"shop.customers().loc[{customer['id']}]"),
    }


def figures(customer: Part, segments: Sequence[Part]) -> Panel:
    """What they bought and are expected to, at a glance."""
    found = customer["scores"] or {}
    named = {segment["key"]: segment["name"] for segment in segments}
    orders, net = found.get("orders", 0), found.get("net_minor", 0)
    facts = [
        (
            "Net sales",
            "money",
            net,
            "Of the whole history: gross sales less discounts and returns.",
        ),
        ("Orders", "count", orders, "Counted orders: neither cancelled, deleted nor tests."),
        ("Avg. order value", "money", net / orders if orders else None, "Net sales by order."),
        ("Last order", "date", found.get("last_order_on"), "The shop's day of the last order."),
        (
            "Returned",
            "money",
            customer["refunds"]["returns_minor"],
            "Taken off the sales of this customer's orders by returns and edits.",
        ),
    ]
    return {
        "kind": "facts",
        "title": "Key figures",
        "facts": [
            {"label": label, "format": kind, "value": value, "about": about}
            for label, kind, value, about in facts
        ],
        "segment": named.get(found.get("segment", "")),
        "tone": SEGMENT_TONES.get(found.get("segment", ""), "mid"),
        "cell": cell(f"""
            orders = shop.orders().query("customer_id == {customer["id"]}")
            pd.Series({{
                "net sales": orders["net"].sum(),
                "orders": len(orders),
                "average order": orders["net"].mean(),
                "last order": orders["day"].max(),
                "returned": orders["returns"].sum(),
            }})
        """),
    }


def scores(customer: Part, evidence: Part | None) -> Panel:
    """How they are scored, how sure that is, and what the model was worth on this store's own past."""
    panel: Panel = {
        "kind": "scores",
        "title": "Scores",
        "subtitle": "Of the last computation",
        "definition": "Recency, frequency and money in fifths, 5 is best. Churn risk: chance of no order in the next "
        "90 days. Expected orders and value: of the next 12 months, with the range that holds in 9 of 10 cases. "
        "The next order's date holds if one comes within a year.",
        "height": 520,
    }
    found = customer["scores"]
    if not found:
        return panel | {"state": _NEVER}
    known = (
        "r", "f", "m", "churn_90", "p_alive", "p_alive_low", "p_alive_high", "expected_orders_365",
        "expected_orders_365_low", "expected_orders_365_high", "clv_365_minor", "clv_365_minor_low",
        "clv_365_minor_high", "p_order_365", "next_order_on", "next_order_on_low", "next_order_on_high",
    )  # fmt: skip
    part = evidence or {}
    withheld = None
    proof = None
    if part.get("churn"):
        shown = churn(part["churn"])
        withheld = (shown.get("state") or {}).get("text")
        proof = shown.get("proof")
    value_proof = lifetime_value(part["clv"], {}).get("proof") if part.get("clv") else None
    return panel | {
        "customer": customer["id"],
        "scores": {name: found[name] for name in known},
        "withheld": withheld,
        "proofs": [one for one in (proof, value_proof) if one],
        "cell": cell(f"shop.scores().loc[{customer['id']}]"),
    }


def memberships(customer: Part) -> Panel:
    """Saved segments that they are in."""
    found = customer["memberships"]
    panel = {
        "kind": "memberships",
        "title": "Segments",
        "subtitle": "Saved segments with this customer",
        "definition": "As of the last refresh. Segments whose rule asks for what names a person are not told here.",
        "segments": found,
        "height": 300,
    }
    empty = {
        "name": "empty",
        "title": "In no saved segment",
        "text": "Segments are kept on the Segments page.",
    }
    return panel if found else panel | {"state": empty}


def timeline(customer: Part) -> Panel:
    """What happened, the newest first; asked of the API."""
    return {
        "kind": "timeline",
        "title": "Timeline",
        "subtitle": "The newest first",
        "definition": "Orders, refunds, changes of the score, segments entered and left, and what the shop told of "
        "this customer.",
        "source": f"/api/v1/customers/{customer['id']}/timeline",
        "height": 420,
    }
