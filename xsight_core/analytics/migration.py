# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""Segments through time: how large they were, and who moved where."""

from collections.abc import Sequence

import numpy as np

from xsight_core.analytics.buyers import buyers
from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.periods import Grain, day_of, period, start
from xsight_core.analytics.rfm import DEFAULT_THRESHOLDS, Thresholds, rfm
from xsight_core.analytics.segments import SEGMENTS
from xsight_core.errors import InvalidInput

__all__ = ["NOT_YET", "last_months", "month_ends", "rfm_history", "rfm_migration"]

NOT_YET = "not_yet"
"""Where a customer stood who had not bought yet."""

_MOST_MONTHS = 60
_KEYS = tuple(segment.key for segment in SEGMENTS)


def month_ends(first: int, last: int) -> list[int]:
    """The last day of each calendar month that ended from day ``first`` to ``last``, and ``last`` itself."""
    months = period(np.array([first, last]), Grain.MONTH)
    ends = [start(month + 1, Grain.MONTH) - 1 for month in range(int(months[0]), int(months[1]))]
    return [*ends, last]


def last_months(as_of: int, months: int) -> list[int]:
    """The ends of the last ``months`` months before that of day ``as_of``, and ``as_of`` itself."""
    if not 1 <= months <= _MOST_MONTHS:
        raise InvalidInput("months", f"1 to {_MOST_MONTHS} months can be looked back.")
    month = int(period(np.array([as_of]), Grain.MONTH)[0])
    return month_ends(start(month - months, Grain.MONTH), as_of)


def rfm_history(
    orders: Orders, days: Sequence[int], thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> "pd.DataFrame":
    """Customers per segment as of each of some days (rows), scored from the orders up to that day.

    The past is scored as it was then: orders placed later are not known, and fifths are those of the buyers there
    were. Returns and edits that came later are in, for they belong to their order.
    """
    counts = [
        np.bincount(rfm(buyers(orders, day), thresholds).segment, minlength=len(_KEYS))
        for day in days
    ]
    index = pd.DatetimeIndex([pd.Timestamp(day_of(day)) for day in days], name="as_of")
    return pd.DataFrame(np.array(counts).reshape(len(days), len(_KEYS)), index=index, columns=_KEYS)


def rfm_migration(
    orders: Orders, before: int, after: int, thresholds: Thresholds = DEFAULT_THRESHOLDS
) -> "pd.DataFrame":
    """Customers by segment as of day ``before`` (rows) and as of ``after`` (columns).

    The row ``not_yet`` holds those who bought for the first time in between; nobody stops being a buyer, so there is
    no such column, and the columns' sums are the segments as of ``after``.
    """
    if after < before:
        raise InvalidInput("after", "The later day lies before the earlier one.")
    then, now = (rfm(buyers(orders, day), thresholds) for day in (before, after))
    n = len(_KEYS)
    was = np.full(len(orders.customer_id), n, np.int64)
    was[then.buyers.ordinal] = then.segment
    cells = np.bincount(was[now.buyers.ordinal] * n + now.segment, minlength=(n + 1) * n)
    return pd.DataFrame(
        cells.reshape(n + 1, n),
        index=pd.Index([*_KEYS, NOT_YET], name="before"),
        columns=pd.Index(_KEYS, name="after"),
    )
