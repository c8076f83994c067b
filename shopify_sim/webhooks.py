"""Payloads and headers of webhooks: REST-shaped, signed, numbered."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from shopify_sim.columns import CHANNELS, CustomerBatch, OrderBatch
from shopify_sim.faces import ID0, STEP, gid, iso, money
from shopify_sim.store import Change, Store

__all__ = ["Delivery", "deliveries", "topics"]

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
TOPICS: dict[str, tuple[str, ...]] = {
    "orders/create": ("orders/create", "orders/paid"),
    "orders/cancelled": ("orders/cancelled", "orders/updated"),
    "refunds/create": ("refunds/create", "orders/updated"),
    "orders/edited": ("orders/edited", "orders/updated"),
    "orders/linked": ("orders/updated",),
    "orders/update": ("orders/updated",),
}


@dataclass
class Delivery:
    """One webhook on its way; a retry carries the same id and the same bytes."""

    webhook_id: str
    subscription: dict[str, Any]
    headers: dict[str, str]
    body: bytes
    attempts: int = 0


def topics(change: Change) -> tuple[str, ...]:
    """Topics that tell of a change."""
    return TOPICS.get(change.kind, (change.kind,))


def deliveries(
    store: Store, shop: str, secret: str, change: Change, subscriptions: list[dict[str, Any]]
) -> list[Delivery]:
    """Deliveries of a change to those who subscribed."""
    made: list[Delivery] = []
    fact = f"{shop}/{change.at}/{change.kind}/{change.row}/{change.argument}/{change.number}"
    event_id = str(uuid.uuid5(NAMESPACE, fact))
    for topic in topics(change):
        enum = topic.upper().replace("/", "_")
        for subscription in subscriptions:
            if subscription["topic"] == enum:
                content = _filtered(payload(store, change, topic), subscription["includeFields"])
                made.append(
                    package(shop, secret, topic, content, subscription, event_id, change.at)
                )
    return made


def package(
    shop: str,
    secret: str,
    topic: str,
    content: dict[str, Any],
    subscription: dict[str, Any],
    event_id: str,
    at: int,
) -> Delivery:
    """Sign a payload."""
    body = json.dumps(content, separators=(",", ":")).encode()
    webhook_id = str(uuid.uuid5(NAMESPACE, f"{event_id}/{topic}/{subscription['id']}"))
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-API-Version": subscription["version"],
        "X-Shopify-Webhook-Id": webhook_id,
        "X-Shopify-Event-Id": event_id,
        "X-Shopify-Triggered-At": iso(at),
    }
    if subscription.get("name"):
        headers["X-Shopify-Name"] = subscription["name"]
    return Delivery(webhook_id, subscription, headers, body)


def payload(store: Store, change: Change, topic: str) -> dict[str, Any]:
    """Body of a topic."""
    if topic.endswith("/delete"):
        return {"id": ID0 + STEP * change.row}
    make = PAYLOADS.get(topic)
    if make is not None:
        return make(store, change)
    return PAYLOADS[topic.partition("/")[0]](store, change)


def _merge(_store: Store, change: Change) -> dict[str, Any]:
    failed = change.argument < 0  # its row is then written as ~row
    absorbed = ~change.argument if failed else change.argument
    return {
        "admin_graphql_api_customer_kept_id": gid("Customer", change.row),
        "admin_graphql_api_customer_deleted_id": gid("Customer", absorbed),
        "admin_graphql_api_job_id": None,
        "status": "failed" if failed else "success",
        "errors": [{"field": None, "message": "Customers cannot be merged."}] if failed else [],
    }


def _edit(_store: Store, change: Change) -> dict[str, Any]:
    number, order = ID0 + STEP * change.number, ID0 + STEP * change.row
    lines = {"additions": [], "removals": [{"id": order, "delta": -1}]}
    edit = {"id": number, "order_id": order, "created_at": iso(change.at)}
    return {"order_edit": {**edit, "line_items": lines}}


def _product(store: Store, change: Change) -> dict[str, Any]:
    row = change.row
    return {
        "id": ID0 + STEP * row,
        "admin_graphql_api_id": gid("Product", row),
        "title": store.catalogue.titles[row],
        "created_at": iso(store.catalogue.created),
        "updated_at": iso(store.catalogue.updated[row]),
    }


def _shop(store: Store, change: Change) -> dict[str, Any]:
    return {
        "name": store.name,
        "currency": store.currency,
        "iana_timezone": store.zone,
        "plan_name": store.plan.lower(),
        "updated_at": iso(change.at),
    }


def _filtered(content: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    return {key: content[key] for key in fields if key in content} if fields else content


def _refund(store: Store, change: Change) -> dict[str, Any]:
    refund = next(r for r in store.refunds[change.row] if r.number == change.argument)
    key = ID0 + STEP * refund.number
    at = iso(refund.at)
    return {
        "id": key,
        "admin_graphql_api_id": f"gid://shopify/Refund/{key}",
        "order_id": ID0 + STEP * change.row,
        "created_at": at,
        "processed_at": at,
        "note": refund.parts.note,
        "refund_line_items": [
            {
                "line_item_id": ID0 + STEP * int(store.lines["number"][part.line]),
                "quantity": part.quantity,
            }
            for part in refund.lines
        ],
        "transactions": [{"id": key, "kind": "refund", "amount": money(refund.cents)}],
    }


def _customer(store: Store, change: Change) -> dict[str, Any]:
    row = change.row
    batch = CustomerBatch(store, np.array([row]))
    return {
        "id": ID0 + STEP * row,
        "admin_graphql_api_id": gid("Customer", row),
        "email": batch.email[0],
        "first_name": batch.first_name[0],
        "last_name": batch.last_name[0],
        "created_at": batch.created[0],
        "updated_at": batch.updated[0],
        "state": "disabled",
        "currency": store.currency,
    }


def _order(store: Store, change: Change) -> dict[str, Any]:
    row = change.row
    batch = OrderBatch(store, np.array([row]))
    customer = int(store.orders["customer"][row])
    return {
        "id": ID0 + STEP * row,
        "admin_graphql_api_id": gid("Order", row),
        "name": f"#{1001 + row}",
        "created_at": batch.created[0],
        "updated_at": batch.updated[0],
        "processed_at": batch.processed[0],
        "cancelled_at": batch.cancelled[0],
        "test": batch.test[0],
        "currency": store.currency,
        "total_price": money(batch.total[0]),
        "current_total_price": money(batch.total_now[0]),
        "total_discounts": money(batch.discount[0]),
        "financial_status": batch.financial[0].lower(),
        "source_name": CHANNELS[int(store.orders["channel"][row])][0],
        "customer": {"id": ID0 + STEP * customer} if customer >= 0 else None,
    }


PAYLOADS: dict[str, Callable[[Store, Change], dict[str, Any]]] = {
    "customers/merge": _merge,
    "orders/edited": _edit,
    "refunds/create": _refund,
    "orders": _order,
    "customers": _customer,
    "products": _product,
    "shop": _shop,
}
