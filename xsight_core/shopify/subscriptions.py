"""Webhook subscriptions of a shop, held against the registry: what is missing is created, what is stale goes.

Shopify deletes a subscription after eight failed deliveries in a row, and a subscription speaks the API version
it was created with. So every run looks.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
import structlog

from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.topics import TOPICS, Topic

__all__ = ["Audit", "ensure_subscriptions"]

log = structlog.get_logger()


class Audit(msgspec.Struct, frozen=True):
    """What an audit found and did. ``refused``: why Shopify does not send to our address."""

    topics: int = 0
    created: int = 0
    removed: int = 0
    refused: str | None = None


async def ensure_subscriptions(
    client: ShopifyClient, public_url: str, *, scopes: Iterable[str]
) -> Audit:
    """Subscribe to every topic that the granted scopes allow, at ``public_url``.

    Shopify sends to https addresses only. Where it refuses ours, the scheduled sweeps still bring
    every change; the audit says so.
    """
    granted = set(scopes) | {scope.replace("write_", "read_") for scope in scopes}
    wanted = {
        (topic.graphql, f"{public_url}/webhooks/{topic.name}"): topic
        for topic in TOPICS.values()
        if topic.subscribed and topic.scopes <= granted
    }
    missing, removed = dict(wanted), 0
    async for nodes in client.pages(
        "webhook_subscriptions_list", "webhookSubscriptions", query=None, first=100
    ):
        for node in nodes:
            if not node["uri"].startswith(f"{public_url}/webhooks/"):
                continue  # somebody else's, or of an address that may come back
            key = (node["topic"], node["uri"])
            if key in missing and node["apiVersion"]["handle"] >= client.version:
                del missing[key]
            else:
                await client.execute("webhook_subscription_delete", {"id": node["id"]})
                removed += 1
    created, refused = 0, None
    for (_, uri), topic in missing.items():
        refused = await _create(client, topic, uri)
        if refused is not None:
            log.warning("webhook.refused", shop=client.shop, topic=topic.name, reason=refused)
            break
        created += 1
    if created or removed:
        log.info("webhooks.subscribed", shop=client.shop, created=created, removed=removed)
    return Audit(len(wanted), created, removed, refused)


async def _create(client: ShopifyClient, topic: Topic, uri: str) -> str | None:
    """None, or why not."""
    variables = {"topic": topic.graphql, "sub": {"uri": uri, "format": "JSON"}}
    answer: dict[str, Any] = (await client.execute("webhook_subscription_create", variables))[
        "webhookSubscriptionCreate"
    ]
    return answer["userErrors"][0]["message"] if answer["userErrors"] else None
