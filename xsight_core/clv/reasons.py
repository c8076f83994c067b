"""Why a customer is expected to stay or go, in words, and what to do about it."""

from dataclasses import dataclass

import numpy as np

from xsight_core.clv.summary import Array, PurchaseSummary

__all__ = ["ACTIONS", "REASONS", "Action", "Reason", "reason_words", "reasons_and_action"]


@dataclass(frozen=True)
class Reason:
    """``text`` with the customer's own numbers."""

    key: str
    text: str


@dataclass(frozen=True)
class Action:
    """What to do."""

    key: str
    text: str


REASONS = (
    Reason("overdue", "Last order {silence} days ago; usually every {gap}."),
    Reason("due", "An order is due: the last was {silence} days ago, usually every {gap}."),
    Reason("on_schedule", "Last order {silence} days ago; usually every {gap}, so not late."),
    Reason("once_lately", "Bought once, {silence} days ago."),
    Reason("once_long_ago", "Bought once, {silence} days ago, and never again."),
    Reason("frequent", "Ordered on {orders} days: among this shop's most frequent."),
    Reason("faithful", "Has kept coming back for {span} days."),
    Reason("spends_more", "Spends clearly more per order than this shop's average."),
    Reason("spends_less", "Spends clearly less per order than this shop's average."),
)

ACTIONS = (
    Action("reward", "Thank and reward: early access or a favour, no discount needed."),
    Action("keep", "Keep in touch; nothing special is needed."),
    Action("remind", "Remind now, while it still helps."),
    Action("win_back", "Win back with a personal offer."),
    Action("win_back_cheaply", "Win back by e-mail only; an offer would cost more than it brings."),
    Action("second_order", "Invite to a second order."),
    Action("let_go", "Leave out of costly campaigns."),
)

LATELY_DAYS = 60
_LATE, _DUE = 2.0, 1.0  # silence in usual gaps
_LIKELY, _LOST, _GONE = 0.5, 0.8, 0.95  # P(no order in 90 days)
_FREQUENT_SHARE, _FREQUENT_LEAST = 0.9, 3
_MORE, _LESS = 1.5, 1 / 1.5
_FAITHFUL_DAYS = 365

_REASON = {reason.key: i for i, reason in enumerate(REASONS)}
_ACTION = {action.key: i for i, action in enumerate(ACTIONS)}


def reasons_and_action(
    summary: PurchaseSummary, churn: Array, spend: Array | None
) -> tuple[Array, Array]:
    """Up to three reasons (n, 3), timing first, then custom, then spend, and an action (n,) per customer.

    Parameters
    ----------
    churn : array
        P(no order in 90 days).
    spend : array or None
        Expected spend per order.
    """
    x, span, age = summary.frequency, summary.recency, summary.T
    n, silence, once = len(x), age - span, x == 0
    reasons = np.full((n, 3), -1, np.int8)
    if n == 0:
        return reasons, np.zeros(0, np.int8)
    late = silence / np.maximum(span / np.maximum(x, 1), 1)
    frequent = x >= max(_FREQUENT_LEAST, float(np.quantile(x, _FREQUENT_SHARE)))
    reasons[:, 0] = np.select(
        [once & (age <= LATELY_DAYS), once, late > _LATE, late > _DUE],
        [_REASON[k] for k in ("once_lately", "once_long_ago", "overdue", "due")],
        _REASON["on_schedule"],
    )
    reasons[:, 1] = np.select(
        [frequent, span >= _FAITHFUL_DAYS], [_REASON["frequent"], _REASON["faithful"]], -1
    )
    worth = np.ones(n, np.bool_)
    if spend is not None:
        mean = float(spend.mean())
        worth = spend >= mean
        reasons[:, 2] = np.select(
            [spend >= _MORE * mean, spend <= _LESS * mean],
            [_REASON["spends_more"], _REASON["spends_less"]],
            -1,
        )
    action = np.select(
        [
            once & (churn >= _GONE) & (age > LATELY_DAYS),
            once,
            (churn < _LIKELY) & frequent,
            churn < _LIKELY,
            churn < _LOST,
            worth | frequent,
        ],
        [_ACTION[k] for k in ("let_go", "second_order", "reward", "keep", "remind", "win_back")],
        _ACTION["win_back_cheaply"],
    )
    return reasons, action.astype(np.int8)


def reason_words(summary: PurchaseSummary, reasons: Array, i: int) -> list[str]:
    """The reasons of customer ``i``, with this customer's own numbers."""
    x, span, age = int(summary.frequency[i]), int(summary.recency[i]), int(summary.T[i])
    numbers = {
        "silence": age - span,
        "gap": round(span / max(x, 1)),
        "age": age,
        "span": span,
        "orders": x + 1,
    }
    codes: list[int] = reasons[i].tolist()
    return [REASONS[code].text.format(**numbers) for code in codes if code >= 0]
