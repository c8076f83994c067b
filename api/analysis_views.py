"""What the analytics routes answer, as types: OpenAPI is made of them, and every answer is held against them."""

from datetime import date, datetime
from typing import Any

import msgspec

__all__ = [
    "About",
    "ChurnAnswer",
    "CohortsAnswer",
    "MigrationAnswer",
    "RevenueAnswer",
    "RfmAnswer",
    "ValueAnswer",
]

Cells = list[list[int | None]]


class ShopFacts(msgspec.Struct, frozen=True):
    """Whose numbers; money is in minor units of ``currency``, which has ``currency_exponent`` decimals."""

    name: str
    domain: str
    currency: str
    currency_exponent: int
    timezone: str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows and rules an answer comes from. ``insight_run`` is null where it is no stored run's."""

    insight_run: str | None
    data_version: int
    rule_version: str
    as_of: date
    computed_at: datetime | None
    shop: ShopFacts


class SegmentSize(msgspec.Struct, frozen=True):
    """One of the eleven segments."""

    key: str
    name: str
    customers: int
    revenue_minor: int
    action: str


class Thresholds(msgspec.Struct, frozen=True):
    """Four rising bounds each; null: fifths of the customers are scored."""

    recency_days: list[int] | None
    frequency: list[int] | None
    monetary_minor: list[int] | None


class Rfm(msgspec.Struct, frozen=True):
    """``grid[r - 1][f - 1]``: customers by recency and frequency score."""

    as_of: date
    segments: list[SegmentSize]
    grid: list[list[int]]
    thresholds: Thresholds


class RfmAnswer(About, frozen=True, kw_only=True):
    """RFM segments."""

    result: Rfm


class SegmentName(msgspec.Struct, frozen=True):
    """A segment."""

    key: str
    name: str


class Migration(msgspec.Struct, frozen=True):
    """``matrix[i][j]``: customers who were in segment i on ``since`` and are in j; the last row had not bought yet."""

    since: date
    as_of: date
    segments: list[SegmentName]
    matrix: list[list[int]]


class MigrationAnswer(About, frozen=True, kw_only=True):
    """Who moved where."""

    result: Migration


class Cohorts(msgspec.Struct, frozen=True):
    """Row: cohort; column k: k periods after the first order; null: not over yet, or not come."""

    grain: str
    cohorts: list[str]
    size: list[int]
    active: Cells
    orders: Cells
    revenue_minor: Cells


class CohortsAnswer(About, frozen=True, kw_only=True):
    """Cohorts by the period of the first order."""

    result: Cohorts


class ChurnAnswer(About, frozen=True, kw_only=True):
    """Chance of no order in the next 90 days; ``state`` says whether it can be given."""

    result: dict[str, Any]


class ValueAnswer(About, frozen=True, kw_only=True):
    """Lifetime value; ``state`` says whether it can be given."""

    result: dict[str, Any]


class RevenueAnswer(About, frozen=True, kw_only=True):
    """Totals of all time and money by day."""

    result: dict[str, Any]
