"""Dates in a rule: a day of the calendar, or one told from today. All are days of the shop's own calendar."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

__all__ = ["FORMS", "Relative", "When", "WrongValue", "day_of", "read_when", "when_document"]

_EPOCH = date(1970, 1, 1)
_OFFSET = re.compile(r"([+-])(\d{1,5})([dwmqy])")
_MOST = {"d": 36_500, "w": 5_200, "m": 1_200, "q": 400, "y": 100}
_MONTHS = {"m": 1, "q": 3, "y": 12}
_NAMED = {"today": 0, "yesterday": -1, "tomorrow": 1}
_STARTS = ("start-of-week", "start-of-month", "start-of-quarter", "start-of-year")

FORMS: dict[str, str] = {
    "-30d": "that many days from today",
    "-2w": "weeks of seven days",
    "-3m": "months of the calendar; the last day where the month has no such day",
    "-1q": "quarters: three months each",
    "-1y": "years of the calendar",
    "+14d": "a sign of its own says: to come",
    "today": "the shop's day",
    "yesterday": "the day before",
    "tomorrow": "the day after",
    "start-of-week": "this week's Monday",
    "start-of-month": "the first of this month",
    "start-of-quarter": "the first day of this quarter",
    "start-of-year": "the first of January",
}
"""One example of each form, and what it means."""


class WrongValue(ValueError):
    """A value that a rule cannot hold; the message is for whoever wrote it."""


@dataclass(frozen=True)
class Relative:
    """A day told from the shop's today, in one of ``FORMS``."""

    text: str

    def __post_init__(self) -> None:
        if self.text in _NAMED or self.text in _STARTS:
            return
        found = _OFFSET.fullmatch(self.text)
        if found is None:
            raise WrongValue(
                f"{self.text!r} is no relative date. Write for example -30d, -2w, -3m, -1y or today."
            )
        if int(found[2]) > _MOST[found[3]]:
            raise WrongValue(f"{self.text!r} is more than a hundred years away.")


When = date | Relative


def day_of(when: When, today: int) -> int:
    """Days since 1970-01-01.

    >>> march = day_of(date(2026, 3, 31), 0)
    >>> [
    ...     str(_EPOCH + timedelta(day_of(Relative(text), march)))
    ...     for text in ("-30d", "-1m", "start-of-quarter")
    ... ]
    ['2026-03-01', '2026-02-28', '2026-01-01']
    """
    if isinstance(when, date):
        return (when - _EPOCH).days
    now = _EPOCH + timedelta(today)
    if when.text in _NAMED:
        return today + _NAMED[when.text]
    if when.text in _STARTS:
        return (_start(now, when.text.removeprefix("start-of-")) - _EPOCH).days
    sign, number, unit = (
        when.text[0],
        int(when.text[1:-1]),
        when.text[-1],
    )
    number = -number if sign == "-" else number
    if unit in "dw":
        return today + number * (7 if unit == "w" else 1)
    return (_months_later(now, number * _MONTHS[unit]) - _EPOCH).days


def _start(now: date, period: str) -> date:
    match period:
        case "week":
            return now - timedelta(now.weekday())
        case "month":
            return now.replace(day=1)
        case "quarter":
            return date(now.year, (now.month - 1) // 3 * 3 + 1, 1)
        case _:
            return date(now.year, 1, 1)


def _months_later(now: date, months: int) -> date:
    """The same day of another month; its last one where it has no such day."""
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004 - December
    return date(year, month + 1, min(now.day, (following - timedelta(1)).day))


def read_when(value: object) -> When:
    """A date out of a rule's JSON; ValueError says what is wrong with it."""
    if isinstance(value, dict):
        told = cast("dict[str, object]", value)
        text = told.get("rel")
        if (
            not isinstance(text, str)
            or not set(told) <= {"rel", "tz"}
            or told.get("tz", "shop") != "shop"
        ):
            raise WrongValue(
                'A relative date is written {"rel": "-30d"}; it is in the shop\'s time zone.'
            )
        return Relative(text)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise WrongValue(f"There is no day {value}.") from None
    raise WrongValue('A date is written "2026-11-22" or {"rel": "-30d"}.')


def when_document(when: When) -> object:
    """The JSON that ``read_when`` reads."""
    return {"rel": when.text} if isinstance(when, Relative) else when.isoformat()
