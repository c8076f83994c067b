"""When reports are due: in the shop's zone, through changes of its clocks, and in short months."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xsight_core.services.report_times import next_time

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("every", "on", "hour", "zone", "after", "due"),
    [
        ("day", 0, 8, "UTC", "2026-11-22T07:59", "2026-11-22T08:00"),
        ("day", 0, 8, "UTC", "2026-11-22T08:00", "2026-11-23T08:00"),
        ("day", 0, 8, "America/New_York", "2026-10-31T13:00", "2026-11-01T13:00"),
        ("day", 0, 0, "Asia/Kolkata", "2026-11-22T18:00", "2026-11-22T18:30"),
        ("week", 4, 9, "Europe/Berlin", "2026-11-22T00:00", "2026-11-27T08:00"),
        ("month", 31, 6, "UTC", "2026-11-22T00:00", "2026-11-30T06:00"),
        ("month", 1, 6, "UTC", "2026-11-22T00:00", "2026-12-01T06:00"),
    ],
)
def test_the_next_time(every, on, hour, zone, after, due) -> None:
    found = next_time(every, on, hour, zone, datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(0, 6),
)
def test_it_always_lies_ahead_and_within_a_week(after, zone, hour, on) -> None:
    after = after.replace(tzinfo=UTC)
    due = next_time("week", on, hour, zone, after)
    assert 0 < (due - after).total_seconds() <= 8 * 86_400
    assert due.astimezone(ZoneInfo(zone)).weekday() == on or zone == "Pacific/Apia"
