"""Rows of refunds."""

from typing import Any

from shopify_sim.faces import ID0, STEP, gid, iso
from shopify_sim.store import Refund, Store

__all__ = ["refund_row"]


def refund_row(store: Store, refund: Refund) -> dict[str, Any]:
    """Row of a refund with its lines, shipping, adjustment and transaction."""
    number, parts = ID0 + STEP * refund.number, refund.parts
    coin = int(store.orders["coin"][refund.order])
    at, nothing = iso(refund.at), store.bag(0, coin)
    money = store.bag(refund.cents, coin)
    lines = [
        {
            "id": f"gid://shopify/RefundLineItem/{number + place}",
            "quantity": part.quantity,
            "restockType": parts.restock,
            "restocked": parts.restock != "NO_RESTOCK",
            "lineItem": {"id": gid("LineItem", int(store.lines["number"][part.line]))},
            "subtotalSet": store.bag(part.cents, coin),
            "totalTaxSet": store.bag(part.tax, coin),
        }
        for place, part in enumerate(refund.lines)
    ]
    shipping = {
        "id": f"gid://shopify/RefundShippingLine/{number}",
        "subtotalAmountSet": store.bag(parts.shipping, coin),
        "taxAmountSet": nothing,
    }
    adjustment = {
        "id": f"gid://shopify/OrderAdjustment/{number}",
        "reason": "REFUND_DISCREPANCY",
        "amountSet": store.bag(parts.adjustment, coin),
        "taxAmountSet": nothing,
    }
    transaction = {
        "id": f"gid://shopify/OrderTransaction/{number}",
        "kind": "REFUND",
        "status": "SUCCESS",
        "gateway": "shopify_payments",
        "processedAt": at,
        "test": False,
        "amountSet": money,
    }
    return {
        "__typename": "Refund",
        "id": f"gid://shopify/Refund/{number}",
        "legacyResourceId": number,
        "createdAt": at,
        "processedAt": at,
        "updatedAt": at,
        "note": parts.note,
        "return": None,
        "totalRefundedSet": money,
        "refundLineItems": lines,
        "refundShippingLines": [shipping] if parts.shipping else [],
        "orderAdjustments": [adjustment] if parts.adjustment else [],
        "transactions": [transaction] if refund.cents else [],
    }
