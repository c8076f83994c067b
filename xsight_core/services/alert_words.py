"""Alerts in words: a metric's value as the shop writes it, and what happened."""

from decimal import Decimal
from typing import Final

from xsight_core.services.mail import Letter

__all__ = ["Money", "letter", "sentence", "written"]

Money = tuple[str, int]
"""The shop's currency and how many digits its minor unit has."""

_TESTS: Final = {
    "above": "is above {bound}",
    "below": "is below {bound}",
    "rises": "rose by {bound} or more",
    "falls": "fell by {bound} or more",
}


def written(value: float | None, unit: str, money: Money) -> str:
    """A metric's value with its unit.

    >>> (
    ...     written(123456, "money", ("EUR", 2)),
    ...     written(0.0512, "ratio", ("EUR", 2)),
    ...     written(3, "count", ("EUR", 2)),
    ... )
    ('1,234.56 EUR', '5.1 %', '3')
    """
    if value is None:
        return "–"
    if unit == "money":
        currency, exponent = money
        return f"{Decimal(round(value)).scaleb(-exponent):,.{exponent}f} {currency}"
    if unit == "ratio":
        return f"{value * 100:.1f} %"
    return f"{value:,.1f} days" if unit == "days" else f"{value:,.10g}"


def sentence(label: str, test: str, bound: str, days: int, value: str, before: str | None) -> str:
    """What is so: the bound, the value and the days it is of."""
    span = "yesterday" if days == 1 else f"the last {days} days"
    was = "" if before is None else f", {before} in the days it is compared with"
    return f"{label} of {span} {_TESTS[test].format(bound=bound)}: {value}{was}."


def letter(store: str, name: str, state: str, says: str, link: str, reader: str) -> Letter:
    """A mail about a rule that began to fire, or came to rest."""
    firing = state == "firing"
    return Letter(
        subject=f"{'Alert' if firing else 'Back to normal'}: {name} ({store})",
        greeting=f"Hello {reader},",
        says=says if firing else f"It is no longer so that: {says}",
        button="Look at it",
        link=link,
        otherwise="You get this because the alert names you. It is said once when it begins and once when it is over; "
        "alerts are changed under Settings, Alerts.",
    )
