"""The shop's own clock: when it moves to another time zone, days are cut anew.

In one transaction with the change, under the lock that every writer of the tenant's rows takes: nobody sees days
of two time zones, and a batch that was read under the old one is refused and read again.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import TenantState
from xsight_core.sync import shops

__all__ = ["follow_shop"]

log = structlog.get_logger()

_DAYS = (
    """
    UPDATE xsight.orders SET day = (processed_at AT TIME ZONE :zone)::date - DATE '1970-01-01'
    WHERE deleted_at IS NULL
      AND day <> (processed_at AT TIME ZONE :zone)::date - DATE '1970-01-01'""",
    """
    UPDATE xsight.refunds
    SET day = (coalesce(processed_at, created_at) AT TIME ZONE :zone)::date - DATE '1970-01-01'
    WHERE day <> (coalesce(processed_at, created_at) AT TIME ZONE :zone)::date - DATE '1970-01-01'""",
)


async def follow_shop(
    session: AsyncSession, before: TenantState, values: Mapping[str, Any]
) -> bool:
    """Store what the shop says of itself; whether rows had to be rewritten."""
    await session.execute(select(TenantState.tenant_id).with_for_update(key_share=True))
    changed = 0
    if values["timezone"] != before.timezone:
        for statement in _DAYS:
            changed += await _change(session, statement, zone=values["timezone"])
        log.warning("shop.moved", timezone=values["timezone"], before=before.timezone, rows=changed)
    if changed:
        values = {**values, "data_version": TenantState.data_version + 1}
    await shops.change_state(session, **values)
    return changed > 0


async def _change(session: AsyncSession, statement: str, **values: Any) -> int:
    result: Any = await session.execute(text(statement), values)
    return result.rowcount
