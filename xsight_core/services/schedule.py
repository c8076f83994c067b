"""What happens by itself: a delta sync every quarter of an hour, insights in the night after each of the shop's days.

Slots of time make it idempotent: a slot that was served is not served again, whoever asks.
"""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.errors import XsightError
from xsight_core.services.jobs import enqueue
from xsight_core.services.publications import promise_runs
from xsight_core.services.reports import promise_reports
from xsight_core.services.sync import request_sync
from xsight_core.sync import runs, schedule, shops
from xsight_core.tenancy import Tenancy

__all__ = ["SYNC_EVERY", "keep_schedule", "night_minute", "slot_start"]

log = structlog.get_logger()

SYNC_EVERY: Final = timedelta(minutes=15)
_NIGHT_FROM_MIN: Final = 60  # after the shop's midnight: the day's last orders have come in
_NIGHT_SPREAD_MIN: Final = 120


async def keep_schedule(tenancy: Tenancy, *, now: datetime | None = None) -> int:
    """Promise what is due for every connected tenant; how much was promised."""
    now = now or datetime.now(UTC)
    async with tenancy.control() as session:
        tenants = await schedule.connected_tenants(session)
    promised = 0
    for tenant_id in tenants:
        try:
            promised += await _keep(tenancy, tenant_id, now)
            promised += await promise_runs(tenancy, tenant_id, now)
        except XsightError as error:  # one tenant's trouble is not the others'
            log.warning("schedule.skipped", tenant_id=str(tenant_id), error=str(error))
    return promised


def slot_start(tenant_id: UUID, now: datetime) -> datetime:
    """When the tenant's current slot began. Tenants are spread over the interval by their id."""
    every_s = int(SYNC_EVERY.total_seconds())
    offset_s = zlib.crc32(tenant_id.bytes) % every_s
    seconds = int(now.timestamp()) - offset_s
    return datetime.fromtimestamp(seconds - seconds % every_s + offset_s, UTC)


def night_minute(tenant_id: UUID) -> int:
    """Minutes after the shop's midnight at which its insights are due: shops of one zone do not come all at once."""
    return _NIGHT_FROM_MIN + zlib.crc32(tenant_id.bytes) % _NIGHT_SPREAD_MIN


async def _keep(tenancy: Tenancy, tenant_id: UUID, now: datetime) -> int:
    async with tenancy.scope(tenant_id) as session:
        await runs.close_abandoned(session)
        state = await shops.state(session)
        if state.connection == "connected" and not state.watermarks:
            await _promise_heartbeat(session, tenant_id, now)
        if state.connection != "connected" or not state.watermarks:
            return 0  # the first sync is the merchant's decision
        last = await runs.latest(session)
        reports = await promise_reports(session, tenant_id, now)
        promised = reports + await _promise_insights(tenancy, tenant_id, state.timezone, now)
    if last and last[0].started_at >= slot_start(tenant_id, now):
        return promised
    await request_sync(tenancy, tenant_id, kind="delta")
    return promised + 1


async def _promise_heartbeat(session: AsyncSession, tenant_id: UUID, now: datetime) -> None:
    """A store that nobody syncs would lose its tokens: they are looked after once a day."""
    key = f"day {now.date()}"
    if not await schedule.was_promised(session, tenant_id, "heartbeat", key):
        await enqueue(session, tenant_id=tenant_id, kind="heartbeat", key=key)


async def _promise_insights(tenancy: Tenancy, tenant_id: UUID, timezone: str, now: datetime) -> int:
    local = now.astimezone(ZoneInfo(timezone))
    if local.hour * 60 + local.minute < night_minute(tenant_id):
        return 0
    key = f"day {local.date()}"
    async with tenancy.scope(tenant_id) as session:
        if await schedule.was_promised(session, tenant_id, "insights", key):
            return 0
        await enqueue(session, tenant_id=tenant_id, kind="insights", key=key)
    return 1
