"""Days, weeks, months, quarters and years of the shop's calendar as plain integers."""

from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from xsight_core.analytics.orders import Int

__all__ = [
    "EPOCH",
    "Grain",
    "day_number",
    "day_of",
    "label",
    "month_of",
    "period",
    "shift_year",
    "start",
]

EPOCH = date(1970, 1, 1)
_MONDAY = 3  # 1970-01-01 was a Thursday: three days after a Monday
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Grain(StrEnum):
    """How long a period is. Weeks start on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def day_number(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(1970, 1, 2))
    1
    """
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=int(number))


def shift_year(number: int, years: int) -> int:
    """The same date some years later; 29 February becomes the 28th where there is none.

    >>> day_of(shift_year(day_number(date(2024, 2, 29)), -1))
    datetime.date(2023, 2, 28)
    """
    day = day_of(number)
    try:
        return day_number(day.replace(year=day.year + years))
    except ValueError:
        return day_number(day.replace(year=day.year + years, day=28))


def month_of(days: Int) -> Int:
    """Months since January 1970 of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def period(days: Int, grain: Grain) -> Int:
    """The period each day lies in, as consecutive integers: period + 1 is always the next one.

    Thirteen months after January is the February of the year after next, never month one again.

    >>> period(np.array([day_number(date(2024, 1, 31)), day_number(date(2025, 2, 1))]), Grain.MONTH)
    array([648, 661])
    """
    days = np.asarray(days)
    if grain is Grain.DAY:
        return days.astype(np.int64)
    if grain is Grain.WEEK:
        return (days.astype(np.int64) + _MONDAY) // 7
    if len(days) == 0:
        return np.zeros(0, np.int64)
    # the calendar is looked up once per distinct day, not once per order
    low, high = int(days.min()), int(days.max())
    if high - low < len(days):
        calendar = month_of(np.arange(low, high + 1)) // _MONTHS[grain]
        return calendar[days - low]
    return month_of(days) // _MONTHS[grain]


def start(period: int, grain: Grain) -> int:
    """Day number of the period's first day."""
    if grain is Grain.DAY:
        return int(period)
    if grain is Grain.WEEK:
        return int(period) * 7 - _MONDAY
    return int(
        np.datetime64(int(period) * _MONTHS[grain], "M").astype("datetime64[D]").astype(np.int64)
    )


def label(period: int, grain: Grain) -> str:
    """The period as people write it: 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026.

    >>> [label(int(period(np.array([20779]), grain)[0]), grain) for grain in Grain]
    ['2026-11-22', '2026-W47', '2026-11', '2026-Q4', '2026']
    """
    first = day_of(start(period, grain))
    if grain is Grain.DAY:
        return first.isoformat()
    if grain is Grain.WEEK:
        year, week, _ = first.isocalendar()
        return f"{year}-W{week:02d}"
    if grain is Grain.MONTH:
        return f"{first:%Y-%m}"
    if grain is Grain.QUARTER:
        return f"{first.year}-Q{(first.month + 2) // 3}"
    return str(first.year)
