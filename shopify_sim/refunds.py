"""Rows of refunds."""

from typing import Any

from shopify_sim.faces import ID0, STEP, gid, iso
from shopify_sim.store import Refund, Store

__all__ = ["refund_row"]


def refund_row(store: Store, refund: Refund) -> dict[str, Any]:
    """Row of a refund with its lines and its transaction."""
    from_number = ID0 + STEP * refund.number
    at = iso(refund.at)
    amount = store.bag(refund.cents)
    lines = [
        {
            "id": f"gid://shopify/RefundLineItem/{from_number + place}",
            "quantity": quantity,
            "restockType": "RETURN",
            "restocked": True,
            "lineItem": {"id": gid("LineItem", int(store.lines["number"][line]))},
            "subtotalSet": store.bag(cents),
            "totalTaxSet": store.bag(0),
        }
        for place, (line, quantity, cents) in enumerate(refund.lines)
    ]
    transaction = {
        "id": f"gid://shopify/OrderTransaction/{from_number}",
        "kind": "REFUND",
        "status": "SUCCESS",
        "gateway": "shopify_payments",
        "processedAt": at,
        "test": False,
        "amountSet": amount,
    }
    return {
        "__typename": "Refund",
        "id": f"gid://shopify/Refund/{from_number}",
        "legacyResourceId": from_number,
        "createdAt": at,
        "processedAt": at,
        "updatedAt": at,
        "note": refund.note,
        "return": None,
        "totalRefundedSet": amount,
        "refundLineItems": lines,
        "refundShippingLines": [],
        "orderAdjustments": [],
        "transactions": [transaction],
    }
