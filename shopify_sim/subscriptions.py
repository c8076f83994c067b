"""Webhook subscriptions of an app in a shop."""

from typing import Any
from urllib.parse import urlsplit

from shopify_sim.faces import iso

__all__ = ["create", "subscription_row"]

FIRST_NUMBER, STEP = 1_967_038_398_770, 32_768
MAX_ADDRESS_BYTES = 64 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")
Subscription = dict[str, Any]


def create(
    known: dict[str, Subscription], topic: str, given: dict[str, Any], now: int, version: str
) -> tuple[Subscription | None, list[dict[str, Any]]]:
    """Add a subscription, or say why not, in recorded words.

    Shopify takes https only. The simulator also takes http to this machine: there is no TLS on a developer's loopback.
    """
    uri = given.get("uri") or given.get("callbackUrl") or ""
    wrong = _address_error(uri)
    if any(s["topic"] == topic and s["uri"] == uri for s in known.values()):
        wrong = "Address for this topic has already been taken"
    if wrong:
        return None, [{"field": ["webhookSubscription", "callbackUrl"], "message": wrong}]
    number = FIRST_NUMBER + STEP * max((s["place"] + 1 for s in known.values()), default=0)
    made: Subscription = {
        "place": (number - FIRST_NUMBER) // STEP,
        "id": f"gid://shopify/WebhookSubscription/{number}",
        "topic": topic,
        "uri": uri,
        "format": given.get("format") or "JSON",
        "includeFields": given.get("includeFields") or [],
        "metafieldNamespaces": given.get("metafieldNamespaces") or [],
        "filter": given.get("filter") or "",
        "name": given.get("name"),
        "version": version,
        "created": now,
        "failures": 0,
    }
    known[made["id"]] = made
    return made, []


def _address_error(uri: str) -> str | None:
    if len(uri.encode()) > MAX_ADDRESS_BYTES:
        return "Address is too big (maximum is 64 KB)"
    parts = urlsplit(uri)
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return None
    if parts.scheme and parts.scheme != "https":
        return f"Address protocol {parts.scheme}:// is not supported"
    host = parts.hostname or ""
    if not host or not parts.scheme:
        return "Address is invalid"
    if host.endswith(("myshopify.com", "shopify.com")):
        return "Address cannot be a Shopify or an internal domain"
    return None


def subscription_row(made: Subscription) -> dict[str, Any]:
    """The ``WebhookSubscription`` of GraphQL."""
    at = iso(made["created"])
    version = made["version"]
    return {
        "__typename": "WebhookSubscription",
        **{key: made[key] for key in ("id", "topic", "uri", "format", "includeFields", "name")},
        "metafieldNamespaces": made["metafieldNamespaces"],
        "metafields": [],
        "filter": made["filter"],
        "legacyResourceId": int(made["id"].rpartition("/")[2]),
        "callbackUrl": made["uri"],
        "endpoint": {"__typename": "WebhookHttpEndpoint", "callbackUrl": made["uri"]},
        "apiVersion": {"handle": version, "displayName": version, "supported": True},
        "createdAt": at,
        "updatedAt": at,
    }
