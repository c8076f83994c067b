"""Requests of Shopify's on personal data, kept until ``services.compliance`` fulfils them: 30 days are allowed."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg import Cursor
from psycopg.types.json import Jsonb

from xsight_core.sync.inbox import Waiting

__all__ = ["DEADLINE", "keep"]

DEADLINE: Final = timedelta(days=30)

_KEEP: Final = """
    INSERT INTO xsight.privacy_requests
      (tenant_id, webhook_id, topic, customer_id, request, status, received_at, due_at)
    VALUES (current_setting('app.tenant_id')::uuid, %s, %s, nullif(%s::bigint, 0), %s, %s, %s, %s)
    ON CONFLICT DO NOTHING"""
_PROMISE: Final = """
    INSERT INTO control.jobs (id, tenant_id, kind, key, payload, status)
    VALUES (gen_random_uuid(), current_setting('app.tenant_id')::uuid, 'privacy', %s, %s, 'queued')
    ON CONFLICT (tenant_id, kind, key) WHERE status IN ('queued', 'running') DO NOTHING"""


def keep(
    cursor: Cursor[Any], webhook: Waiting, customer: int, connected_at: datetime | None
) -> None:
    """Queue one, and promise to fulfil it.

    ``customer`` 0: the whole shop, unless it was connected again since that was asked.
    """
    asked_at = webhook.triggered_at or webhook.received_at
    back = customer == 0 and connected_at is not None and connected_at > asked_at
    cursor.execute(
        _KEEP,
        (
            webhook.webhook_id,
            webhook.topic,
            customer,
            Jsonb(msgspec.json.decode(webhook.body)),
            "void" if back else "open",
            webhook.received_at,
            webhook.received_at + DEADLINE,
        ),
    )
    if not back:
        promised = Jsonb({"request": webhook.webhook_id})
        cursor.execute(_PROMISE, (webhook.webhook_id, promised))
