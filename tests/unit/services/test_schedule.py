"""When things happen by themselves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from xsight_core.services.schedule import SYNC_EVERY, night_minute, slot_start

TENANTS = [UUID(int=n) for n in range(400)]


def test_shops_are_spread_over_two_hours_of_the_night() -> None:
    minutes = [night_minute(tenant) for tenant in TENANTS]
    assert min(minutes) >= 60
    assert max(minutes) < 180
    assert len(set(minutes)) > 90
    assert minutes == [night_minute(tenant) for tenant in TENANTS]


def test_slots_follow_one_another() -> None:
    now = datetime(2026, 11, 22, 15, tzinfo=UTC)
    for tenant in TENANTS[:50]:
        start = slot_start(tenant, now)
        assert start <= now < start + SYNC_EVERY
        assert slot_start(tenant, start) == start
        assert slot_start(tenant, start - timedelta(seconds=1)) == start - SYNC_EVERY
