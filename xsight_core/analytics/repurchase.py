# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""How long until the next order: survival and hazard, with those still waiting counted in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics.columns import Int
from xsight_core.analytics.frames import pd
from xsight_core.analytics.orders import Orders
from xsight_core.errors import InvalidInput, NotEnoughData

__all__ = ["Latency", "repurchase_latency"]

_Z90 = 1.6448536269514722


@dataclass(frozen=True, eq=False)
class Latency:
    """Kaplan-Meier curve of the days from a purchase to the same customer's next one.

    Entry d of each array is day d + 1 after the purchase. ``at_risk`` waited at least so long, ``bought`` did on that
    day; ``waiting`` is S(d) = prod(1 - bought / at_risk), the share who have not bought again by then, with a 90 %
    interval (Greenwood 1926, on the log-log scale); ``hazard`` = bought / at_risk.
    """

    purchases: int
    repeats: int
    at_risk: Int
    bought: Int
    waiting: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    hazard: NDArray[np.float64]

    def quantile(self, share: float) -> int | None:
        """Days by which ``share`` of the purchases were followed by another; None if that was never seen."""
        if not 0 < share < 1:
            raise InvalidInput("share", "A share lies between 0 and 1, e.g. 0.5 for the median.")
        reached = np.flatnonzero(self.waiting <= 1 - share)
        return int(reached[0]) + 1 if len(reached) else None

    def hazard_by(self, days: int = 7) -> "pd.DataFrame":
        """Chance to buy within each span of ``days``, of those who had not before; the last, cut span is left out."""
        spans = len(self.hazard) // days
        ends = np.r_[1.0, self.waiting[days - 1 : spans * days : days]]
        chance = np.divide(
            ends[:-1] - ends[1:], ends[:-1], where=ends[:-1] > 0, out=np.zeros(spans)
        )
        index = pd.RangeIndex(0, spans * days, days, name="days_since")
        return pd.DataFrame({"chance": chance}, index=index)

    def frame(self) -> "pd.DataFrame":
        """One row per day since the purchase."""
        names = ("at_risk", "bought", "waiting", "low", "high", "hazard")
        index = pd.RangeIndex(1, len(self.waiting) + 1, name="days")
        return pd.DataFrame({name: getattr(self, name) for name in names}, index=index)


def repurchase_latency(orders: Orders, as_of: int, *, nth: int | None = None) -> Latency:
    """Days from each purchase to the next, or from the ``nth`` one only (1: from the first to the second).

    Orders of one day are one purchase. A customer's last purchase waits until ``as_of``: it is censored then, not
    left out, which would make every shop look faster than it is. Purchases of ``as_of`` itself have not waited yet.
    """
    if nth is not None and nth < 1:
        raise InvalidInput("nth", "Purchases are numbered from 1.")
    orders = orders.counted(as_of)
    index = orders.by_customer
    day, buyer = orders.day[index].astype(np.int64), orders.buyer
    visit = np.ones(len(index), np.bool_)
    visit[1:] = (day[1:] != day[:-1]) | (buyer[1:] != buyer[:-1])
    day, buyer = day[visit], buyer[visit]
    follows = np.zeros(len(day), np.bool_)
    follows[:-1] = buyer[1:] == buyer[:-1]
    wait = np.full(len(day), as_of) - day
    wait[:-1] = np.where(follows[:-1], day[1:] - day[:-1], wait[:-1])
    number = (
        np.arange(len(day)) - np.r_[0, np.flatnonzero(buyer[1:] != buyer[:-1]) + 1][buyer]
        if len(day)
        else day
    )
    picked = (wait > 0) & (number + 1 == nth if nth is not None else True)
    wait, follows = wait[picked], follows[picked]
    repeats = int(np.count_nonzero(follows))
    if repeats == 0:
        raise NotEnoughData(
            "Repurchase latency",
            have=0,
            need=1,
            what="repeat purchases",
            remedy="It comes once a customer has bought again"
            + ("." if nth is None else f" after purchase {nth}; leave nth out to see all."),
        )
    return _kaplan_meier(wait, follows, repeats)


def _kaplan_meier(wait: Int, bought_again: NDArray[np.bool_], repeats: int) -> Latency:
    longest = int(wait.max())
    bought = np.bincount(wait[bought_again], minlength=longest + 1)[1:]
    left = np.bincount(wait, minlength=longest + 1)[1:]
    at_risk = len(wait) - np.r_[0, np.cumsum(left)[:-1]]
    hazard = bought / at_risk
    survives = np.cumprod(1 - hazard)
    rest = at_risk - bought
    terms = np.divide(bought, at_risk * rest, where=rest > 0, out=np.zeros(longest))
    greenwood = np.cumsum(terms)
    inside = (survives > 0) & (survives < 1)
    log = np.log(survives, where=inside, out=np.full(longest, -1.0))
    width = np.exp(_Z90 * np.sqrt(greenwood) / np.abs(log))
    low = np.where(inside, np.exp(log * width), survives)
    high = np.where(inside, np.exp(log / width), survives)
    return Latency(len(wait), repeats, at_risk, bought, survives, low, high, hazard)
