"""Whether a rule's bound is passed: a metric over the shop's last whole days, alone or against days before. Pure."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from xsight_core.analytics import Orders, window
from xsight_core.analytics.metrics.evaluate import earlier

__all__ = ["Bound", "Verdict", "judge"]

RELATIVE: Final = ("rises", "falls")


class Bound(Protocol):
    """What a rule asks. Of ``rises`` and ``falls`` the bound is a share of what was before: 0.2 is a fifth."""

    metric: str
    test: str
    bound: float
    days: int
    against: str | None
    least_orders: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """``state`` None: nothing can be said, and ``trouble`` says why."""

    state: Literal["firing", "quiet"] | None
    value: float | None = None
    before: float | None = None
    trouble: str | None = None


def judge(rule: Bound, orders: Orders, last: int) -> Verdict:
    """``last``: the newest day that counts, in whole days since 1970."""
    first = last - rule.days + 1
    if short := _too_few(rule, orders, first, last):
        return Verdict(None, trouble=short)
    value = window(rule.metric, orders, first, last)
    if value is None:
        return Verdict(None, trouble="There is nothing to divide by in these days.")
    if rule.test not in RELATIVE:
        passed = value > rule.bound if rule.test == "above" else value < rule.bound
        return Verdict("firing" if passed else "quiet", value)
    span = earlier(first, last, rule.against or "previous_period")
    if short := _too_few(rule, orders, *span):
        return Verdict(None, value, trouble=f"Before: {short}")
    before = window(rule.metric, orders, *span)
    if not before:
        return Verdict(None, value, before, "There is nothing to compare with in the days before.")
    change = (value - before) / abs(before)
    passed = change >= rule.bound if rule.test == "rises" else change <= -rule.bound
    return Verdict("firing" if passed else "quiet", value, before)


def _too_few(rule: Bound, orders: Orders, first: int, last: int) -> str | None:
    placed = int(window("orders", orders, first, last) or 0)
    if placed >= rule.least_orders:
        return None
    return f"{placed} orders in {rule.days} days; the rule asks for {rule.least_orders}."
