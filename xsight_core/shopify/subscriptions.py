"""Webhook subscriptions of a shop: what is missing is created, what is there stays."""

from typing import Any

import structlog

from xsight_core.shopify.client import ShopifyClient
from xsight_core.shopify.topics import TOPICS

__all__ = ["ensure_subscriptions"]

log = structlog.get_logger()


async def ensure_subscriptions(client: ShopifyClient, public_url: str) -> int:
    """Subscribe to every topic of the registry at ``public_url``; how many were new.

    Shopify sends to https addresses only. Where it refuses ours, the scheduled sweeps still bring
    every change; the log says so.
    """
    present: set[tuple[str, str]] = set()
    pages = client.pages(
        "webhook_subscriptions_list", "webhookSubscriptions", query=None, first=100
    )
    async for nodes in pages:
        present |= {(node["topic"], node["uri"]) for node in nodes}
    created = 0
    for topic in TOPICS.values():
        uri = f"{public_url}/webhooks/{topic.name}"
        if (topic.graphql, uri) in present:
            continue
        subscription = {"uri": uri, "format": "JSON"}
        answer: dict[str, Any] = (
            await client.execute(
                "webhook_subscription_create", {"topic": topic.graphql, "sub": subscription}
            )
        )["webhookSubscriptionCreate"]
        if answer["userErrors"]:
            reason = answer["userErrors"][0]["message"]
            log.warning("webhook.refused", shop=client.shop, topic=topic.name, reason=reason)
            break
        created += 1
    return created
