"""The shop's days, as columns hold them."""

from datetime import date
from typing import Final

__all__ = ["stored_day"]

_EPOCH: Final = date(1970, 1, 1)


def stored_day(day: date | None) -> int | None:
    """Days since 1970-01-01, None for none."""
    return None if day is None else (day - _EPOCH).days
