"""What ``api/patterns.py`` answers, as types."""

from datetime import date

import msgspec

from api.analysis_views import About

__all__ = ["AnomaliesAnswer", "ForecastAnswer", "PairsAnswer", "RepurchaseAnswer"]


class Product(msgspec.Struct, frozen=True):
    """A product."""

    id: int
    title: str


class Pair(msgspec.Struct, frozen=True):
    """``lift`` = P(both) / (P(first) P(second)) with its 90 % interval: one that holds 1 says nothing.

    ``support``: share of all baskets; ``confidence``: of those with ``first``.
    """

    first: Product
    second: Product
    together: int
    support: float
    confidence: float
    lift: float
    lift_low: float
    lift_high: float


class Pairs(msgspec.Struct, frozen=True):
    """Pairs of products; ``baskets``: orders (or pairs of consecutive orders) that were looked at."""

    as_of: date
    baskets: int
    at_least: int
    pairs: list[Pair]


class PairsAnswer(About, frozen=True, kw_only=True):
    """What goes together, or comes next."""

    result: Pairs


class Quantile(msgspec.Struct, frozen=True):
    """Days by which a share of the purchases were followed by another; null: that was never seen."""

    share: float
    days: int | None


class Wait(msgspec.Struct, frozen=True):
    """A step of the curve, of the purchases ``at_risk`` when it began.

    ``waiting``: share who had not bought again by its end, with a 90 % interval; ``chance``: of those who had not
    before it, the share who bought within it.
    """

    days: int
    at_risk: int
    waiting: float
    waiting_low: float
    waiting_high: float
    chance: float


class Repurchase(msgspec.Struct, frozen=True):
    """Kaplan-Meier curve of the days from a purchase to the next."""

    as_of: date
    nth: int | None
    purchases: int
    repeats: int
    quantiles: list[Quantile]
    span_days: int
    curve: list[Wait]


class RepurchaseAnswer(About, frozen=True, kw_only=True):
    """Repurchase latency."""

    result: Repurchase


class ForecastDay(msgspec.Struct, frozen=True):
    """A day to come, with a 90 % interval; ``last_year_minor``: the same weekday 52 weeks before, null: no history."""

    day: date
    net_minor: int
    net_minor_low: int
    net_minor_high: int
    last_year_minor: int | None


class ForecastEvidence(msgspec.Struct, frozen=True):
    """How it did on past stretches as long, beside the better naive forecast: the weekday of last week or last year.

    ``mae_minor``: mean absolute error of a day; ``total_error``: mean relative error of a whole stretch.
    """

    stretches: int
    mae_minor: int
    naive: str
    naive_mae_minor: int
    total_error: float | None
    naive_total_error: float | None
    beats_naive: bool


class Forecast(msgspec.Struct, frozen=True):
    """``method``: seasonal, or the naive one that proved better."""

    as_of: date
    method: str
    total_minor: int
    total_minor_low: int
    total_minor_high: int
    days: list[ForecastDay]
    evidence: ForecastEvidence


class ForecastAnswer(About, frozen=True, kw_only=True):
    """Net sales to expect."""

    result: Forecast


class Cause(msgspec.Struct, frozen=True):
    """A part of the difference; ``kind``: factor, channel, country or product."""

    kind: str
    name: str
    minor: int


class AnomalousDay(msgspec.Struct, frozen=True):
    """``z``: robust standard deviations off what such a weekday brought in the eight weeks before."""

    day: date
    net_minor: int
    expected_minor: int
    difference_minor: int
    z: float
    causes: list[Cause]


class Anomalies(msgspec.Struct, frozen=True):
    """Days out of line, the latest first."""

    as_of: date
    last: int
    threshold: float
    days: list[AnomalousDay]


class AnomaliesAnswer(About, frozen=True, kw_only=True):
    """What broke the habit."""

    result: Anomalies
