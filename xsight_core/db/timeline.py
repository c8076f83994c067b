"""What happened with a customer, from every table that knows of it; each as ``(at, kind, id, facts)``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["KINDS", "find_events"]

_ORDERS: Final[LiteralString] = """
SELECT processed_at AS at, 'order' AS kind, id::text AS id,
       jsonb_build_object('order_id', id, 'name', name, 'total', total::text, 'currency', currency,
                          'cancelled', cancelled_at IS NOT NULL, 'test', test) AS facts
FROM xsight.orders WHERE customer_id = :customer AND deleted_at IS NULL"""

_REFUNDS: Final[LiteralString] = """
SELECT coalesce(r.processed_at, r.created_at) AS at, 'refund' AS kind, r.id::text AS id,
       jsonb_build_object('order_id', r.order_id, 'name', o.name, 'total', r.total::text,
                          'currency', o.currency) AS facts
FROM xsight.orders o JOIN xsight.refunds r ON r.tenant_id = o.tenant_id AND r.order_id = o.id
WHERE o.customer_id = :customer AND o.deleted_at IS NULL"""

# A delivery's body names its customer at the top (customers/*), or below `customer` (orders/*).
_WEBHOOKS: Final[LiteralString] = """
SELECT received_at AS at, 'webhook' AS kind, webhook_id AS id,
       jsonb_build_object('topic', topic, 'state', CASE WHEN dead_at IS NOT NULL THEN 'dead'
         WHEN done_at IS NOT NULL THEN 'done' ELSE 'waiting' END) AS facts
FROM control.inbox
WHERE tenant_id = current_setting('app.tenant_id')::uuid
  AND position(convert_to(:digits, 'UTF8') IN body) > 0
  AND (substring(encode(body, 'escape') FROM '"id": *([0-9]+)') = :digits AND topic LIKE 'customers/%'
       OR substring(encode(body, 'escape') FROM '"customer": *\\{[^{}]*?"id": *([0-9]+)') = :digits)"""

_SEGMENTS: Final[LiteralString] = """
SELECT e.at, 'segment' AS kind, e.id::text AS id,
       jsonb_build_object('segment_id', e.segment_id, 'name', s.name, 'entered', e.entered) AS facts
FROM xsight.segment_events e JOIN xsight.segments s ON s.tenant_id = e.tenant_id AND s.id = e.segment_id
WHERE e.customer_id = :customer"""

_SCORES: Final[LiteralString] = """
SELECT at, 'score' AS kind, id, facts FROM (
  SELECT run.computed_at AS at, run.id::text AS id, seen.segment,
         lag(seen.segment) OVER (ORDER BY run.computed_at) AS was,
         jsonb_build_object('as_of', run.as_of, 'segment', seen.segment,
           'was', lag(seen.segment) OVER (ORDER BY run.computed_at), 'r', seen.r, 'f', seen.f, 'm', seen.m,
           'churn_90', seen.churn_90) AS facts
  FROM (SELECT insight_run, segment, r, f, m, churn_90 FROM xsight.customer_insights WHERE customer_id = :customer
          AND insight_run IN (SELECT id FROM xsight.insight_runs WHERE rows = 'scores')
        UNION ALL
        SELECT insight_run, segment, r, f, m, churn_90 FROM xsight.customer_history WHERE customer_id = :customer) seen
  JOIN xsight.insight_runs run ON run.id = seen.insight_run AND run.kind = 'shown'
) changes WHERE was IS DISTINCT FROM segment"""

KINDS: Final[dict[str, LiteralString]] = {
    "order": _ORDERS,
    "refund": _REFUNDS,
    "webhook": _WEBHOOKS,
    "segment": _SEGMENTS,
    "score": _SCORES,
}


async def find_events(
    session: AsyncSession,
    customer_id: int,
    *,
    kinds: Sequence[str],
    before: tuple[datetime, str, str] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The newest first, before a place ``(at, kind, id)``; at most ``limit``."""
    parts = " UNION ALL ".join(f"({KINDS[kind]})" for kind in kinds)
    query = f"SELECT at, kind, id, facts FROM ({parts}) events"  # noqa: S608 - the texts above
    values: dict[str, Any] = {"customer": customer_id, "limit": limit, "digits": str(customer_id)}
    if before is not None:
        query += " WHERE (at, kind, id) < (:at, :kind, :id)"
        values |= dict(zip(("at", "kind", "id"), before, strict=True))
    ordered = text(f"{query} ORDER BY at DESC, kind DESC, id DESC LIMIT :limit")
    return (await session.execute(ordered, values)).mappings().all()
