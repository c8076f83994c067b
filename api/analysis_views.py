"""What the analytics routes answer, as types: OpenAPI is made of them, and every answer is held against them."""

from datetime import date, datetime
from typing import Any

import msgspec

__all__ = [
    "About",
    "ChurnAnswer",
    "CohortCutsAnswer",
    "CohortValuesAnswer",
    "CohortsAnswer",
    "GroupsAnswer",
    "MigrationAnswer",
    "RevenueAnswer",
    "RfmAnswer",
    "SizesAnswer",
    "ValueAnswer",
    "YearsAnswer",
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


class Sizes(msgspec.Struct, frozen=True):
    """Customers by segment on a day, in the order of the segments."""

    as_of: date
    customers: list[int]


class History(msgspec.Struct, frozen=True):
    """Segments at the ends of months, each scored from what was known then."""

    segments: list[SegmentName]
    days: list[Sizes]


class SizesAnswer(About, frozen=True, kw_only=True):
    """Segments through time."""

    result: History


class GroupSize(msgspec.Struct, frozen=True):
    """``customers``: scored here; ``by_shopify``: whom Shopify put there, null where it does not say."""

    key: str
    customers: int
    revenue_minor: int
    by_shopify: int | None


class Agreement(msgspec.Struct, frozen=True):
    """``share`` stand in the same group; ``kappa``: what of that is not chance; rows Shopify's, columns ours."""

    customers: int
    share: float | None
    kappa: float | None
    matrix: list[list[int]]


class Groups(msgspec.Struct, frozen=True):
    """Shopify's eleven groups. It publishes their names, not their cells: the cells here are ours."""

    as_of: date
    groups: list[GroupSize]
    agreement: Agreement | None


class GroupsAnswer(About, frozen=True, kw_only=True):
    """Shopify's groups beside ours."""

    result: Groups


class Measure(msgspec.Struct, frozen=True):
    """One more measure by cohort and age; ``low`` to ``high``: its bootstrap band of ``level``, where asked for."""

    name: str
    cells: list[list[float | None]]
    level: float | None
    low: list[list[float | None]] | None
    high: list[list[float | None]] | None


class Cohorts(msgspec.Struct, frozen=True):
    """Row: cohort; column k: k periods after the first order; null: not over yet, or not come."""

    grain: str
    cohorts: list[str]
    size: list[int]
    active: Cells
    orders: Cells
    revenue_minor: Cells
    measure: Measure | None


class CohortPart(msgspec.Struct, frozen=True):
    """Customers whose first order was of (or came by) ``key``; null: unknown, or none."""

    key: str | None
    title: str | None
    customers: int
    cohorts: Cohorts


class CohortCuts(msgspec.Struct, frozen=True):
    """The most frequent of ``values_of`` values, most customers first."""

    by: str
    values_of: int
    parts: list[CohortPart]


class CohortCutsAnswer(About, frozen=True, kw_only=True):
    """Cohorts apart."""

    result: CohortCuts


class CohortsAnswer(About, frozen=True, kw_only=True):
    """Cohorts by the period of the first order."""

    result: Cohorts


class ChurnAnswer(About, frozen=True, kw_only=True):
    """Chance of no order in the next 90 days; ``state`` says whether it can be given."""

    result: dict[str, Any]


class ValueAnswer(About, frozen=True, kw_only=True):
    """Lifetime value; ``state`` says whether it can be given."""

    result: dict[str, Any]


class CohortValuesAnswer(About, frozen=True, kw_only=True):
    """Lifetime value of each cohort; ``state`` says whether it can be given."""

    result: dict[str, Any]


class YearsAnswer(About, frozen=True, kw_only=True):
    """Lifetime value year by year; ``state`` says whether it can be given."""

    result: dict[str, Any]


class RevenueAnswer(About, frozen=True, kw_only=True):
    """Totals of all time and money by day."""

    result: dict[str, Any]
