"""The one statement of the role ``xsight_ingest``: webhooks into the inbox of the tenants they are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

__all__ = ["Webhook", "store_webhooks"]


@dataclass(frozen=True)
class Webhook:
    """What is kept of a delivery."""

    shop: str
    webhook_id: str
    topic: str
    event_id: str | None
    triggered_at: datetime | None
    body: bytes


# A shop we do not know drops out of the join. No RETURNING: the role may not read the inbox.
_STORE: Final = """
WITH stored AS (
  INSERT INTO control.inbox (tenant_id, webhook_id, topic, event_id, triggered_at, body)
  SELECT s.tenant_id, w.webhook_id, w.topic, w.event_id, w.triggered_at, w.body
  FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::bytea[])
    AS w (shop, webhook_id, topic, event_id, triggered_at, body)
  JOIN control.shops s ON s.domain = w.shop
  ON CONFLICT DO NOTHING
)
SELECT domain, tenant_id FROM control.shops WHERE domain = ANY(%b::text[])
"""


async def store_webhooks(
    connection: psycopg.AsyncConnection[Any], webhooks: Sequence[Webhook]
) -> dict[str, UUID]:
    """Store them all or none; the tenants of the shops that are known, by domain."""
    columns = [
        [webhook.shop for webhook in webhooks],
        [webhook.webhook_id for webhook in webhooks],
        [webhook.topic for webhook in webhooks],
        [webhook.event_id for webhook in webhooks],
        [webhook.triggered_at for webhook in webhooks],
        [webhook.body for webhook in webhooks],
        list({webhook.shop for webhook in webhooks}),
    ]
    answer = await connection.execute(_STORE, columns)
    return dict(await answer.fetchall())
