"""When a report is due: an hour of the shop's day, every day, on a weekday, or on a day of the month. Pure."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["next_time"]


def next_time(every: str, on: int, hour: int, timezone: str, after: datetime) -> datetime:
    """The first such moment after ``after``. ``on``: 0 is Monday; a day that a month lacks is its last.

    >>> now = datetime(2026, 11, 22, 17, tzinfo=UTC)  # a Sunday
    >>> next_time("week", 0, 8, "America/New_York", now).isoformat()
    '2026-11-23T13:00:00+00:00'
    """
    zone = ZoneInfo(timezone)
    day = after.astimezone(zone).date()
    while True:
        at = datetime.combine(day, time(hour), zone).astimezone(UTC)
        if at > after and _is_on(every, on, day):
            return at
        day += timedelta(days=1)


def _is_on(every: str, on: int, day: date) -> bool:
    if every == "week":
        return day.weekday() == on
    if every == "month":
        return day.day == min(on, calendar.monthrange(day.year, day.month)[1])
    return True
