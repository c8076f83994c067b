# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What the next weeks will bring, and how such a forecast would have done last year."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Orders
from xsight_core.analytics.periods import day_of
from xsight_core.analytics.revenue import daily
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["Forecast", "ForecastEvidence", "forecast_revenue"]

_WEEK, _YEAR = 7, 364  # 52 whole weeks: a Monday is compared with a Monday
_LEAST_DAYS = 56
_TREND_DAYS = 56
_Z90 = 1.6448536269514722
_Series = NDArray[np.float64]


@dataclass(frozen=True)
class ForecastEvidence:
    """The forecast against naive ones on past stretches of the same length, each from what was known then.

    ``mae`` is the mean absolute error of a day in minor units, ``total_error`` the mean relative error of a whole
    stretch. The naive forecast repeats the same weekday of last week, or of last year where there is one: the
    better of the two stands here. ``beats_naive`` says whether the forecast is to be preferred; where it is not, the
    naive one is what ``Forecast`` shows.
    """

    stretches: int
    mae: float
    naive: str
    naive_mae: float
    total_error: float | None
    naive_total_error: float | None

    @property
    def beats_naive(self) -> bool:
        """Whether it does better than the better naive one."""
        return self.mae < self.naive_mae


@dataclass(frozen=True, eq=False)
class Forecast:
    """Net sales from ``as_of`` on, which is not over, in minor units, with a 90 % interval from past errors.

    ``method`` is ``"seasonal"`` or, where that has not proven better, the naive one that did: ``"last_week"`` or
    ``"last_year"``.
    """

    as_of: int
    method: str
    daily: _Series
    low: _Series
    high: _Series
    total: float
    total_low: float
    total_high: float
    evidence: ForecastEvidence

    def frame(self) -> "pd.DataFrame":
        """One row per day."""
        index = pd.date_range(day_of(self.as_of), periods=len(self.daily), name="day")
        return pd.DataFrame({"net_minor": self.daily, "low": self.low, "high": self.high}, index)


def forecast_revenue(orders: Orders, as_of: int, days: int = 28) -> Forecast:
    """Net sales of ``days`` days from ``as_of`` on by level, weekday and last year's season.

    level = mean of the last 56 days; weekday = a weekday's mean / level over the last 56 days; season
    (from two years of history on) = last year's following days / last year's last 56 days, both
    smoothed over four weeks, pulled half way to 1. Day h is level · weekday · season. It is scored on
    up to six earlier stretches, as it would have been made then, the last of them a year back where
    history allows; today is not over and is left out.

    Raises
    ------
    NotEnoughData
        Fewer days of history than 56 and two stretches.
    """
    if not 1 <= days <= 366:  # noqa: PLR2004
        raise InvalidInput("days", "A forecast is for 1 to 366 days.")
    series = daily(orders, as_of - 1)
    net = series.net_minor.astype(float)
    need = _LEAST_DAYS + 2 * days
    if len(net) < need:
        fewer = (len(net) - _LEAST_DAYS) // 2
        raise NotEnoughData(
            "Revenue forecast",
            have=len(net),
            need=need,
            what="days of history",
            remedy=f"Ask for {fewer} days at most." if fewer > 0 else "It comes with time.",
        )
    cuts = [len(net) - days * k for k in range(1, 6) if len(net) - days * k >= _LEAST_DAYS]
    if len(net) - _YEAR >= _LEAST_DAYS and days <= _YEAR:
        cuts.append(len(net) - _YEAR)
    actual = np.array([net[cut : cut + days] for cut in cuts])
    made = {
        name: np.array([method(net[:cut], days) for cut in cuts])
        for name, method in {"seasonal": _seasonal, "last_week": _last_week}.items()
    }
    if min(cuts) >= _YEAR:
        made["last_year"] = np.array([_last_year(net[:cut], days) for cut in cuts])
    mae = {name: float(np.abs(f - actual).mean()) for name, f in made.items()}
    naive = min((name for name in mae if name != "seasonal"), key=mae.__getitem__)
    evidence = ForecastEvidence(
        len(cuts),
        mae["seasonal"],
        naive,
        mae[naive],
        _total_error(made["seasonal"], actual),
        _total_error(made[naive], actual),
    )
    method = "seasonal" if evidence.beats_naive else naive
    ahead = {"seasonal": _seasonal, "last_week": _last_week, "last_year": _last_year}[method]
    values = ahead(net, days)
    errors = actual - made[method]
    day_spread = _Z90 * float(np.sqrt(np.mean(errors**2)))
    total_spread = _Z90 * float(np.sqrt(np.mean(errors.sum(axis=1) ** 2)))
    total = float(values.sum())
    return Forecast(
        as_of,
        method,
        values,
        values - day_spread,
        values + day_spread,
        total,
        total - total_spread,
        total + total_spread,
        evidence,
    )


def _seasonal(past: _Series, days: int) -> _Series:
    recent = past[-_TREND_DAYS:]
    level = recent.mean()
    if level <= 0:
        return np.full(days, max(level, 0.0))
    weekday = recent.reshape(-1, _WEEK).mean(axis=0) / level
    values = level * weekday[np.arange(days) % _WEEK]
    if len(past) >= 2 * _YEAR and days <= _YEAR:
        smooth = np.convolve(past, np.ones(28) / 28, mode="same")
        then = smooth[len(past) - _YEAR : len(past) - _YEAR + days]
        base = past[len(past) - _YEAR - _TREND_DAYS : len(past) - _YEAR].mean()
        if base > 0:
            values *= 1 + (then / base - 1) / 2
    return values


def _last_week(past: _Series, days: int) -> _Series:
    return past[-_WEEK:][np.arange(days) % _WEEK]


def _last_year(past: _Series, days: int) -> _Series:
    return past[len(past) - _YEAR + np.arange(days) % _YEAR]


def _total_error(made: _Series, actual: _Series) -> float | None:
    whole = actual.sum(axis=1)
    if not bool((whole > 0).all()):
        return None
    return float((np.abs(made.sum(axis=1) - whole) / whole).mean())
