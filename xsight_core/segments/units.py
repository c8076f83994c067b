"""A rule's values in the units of the columns: day numbers, minor units, folded texts."""

from datetime import date
from decimal import Decimal
from typing import Any

from xsight_core.errors import InvalidInput
from xsight_core.segments.dates import Relative, day_of
from xsight_core.segments.fields import Basis
from xsight_core.segments.operators import Kind
from xsight_core.segments.rules import Event, Rule

__all__ = ["in_units", "resolve", "resolve_n"]


def resolve(rule: Rule, basis: Basis) -> tuple[Any, ...]:
    """The values of a plain rule, one or many, always as a tuple."""
    values: Any = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    folds = rule.field.kind in {Kind.TEXT, Kind.LABELS}
    return tuple(in_units(value, basis, f"{rule.path}.value", folds=folds) for value in values)


def resolve_n(event: Event, basis: Basis) -> tuple[Any, ...]:
    """What an aggregate is compared with."""
    return tuple(in_units(value, basis, "value.n", folds=False) for value in event.n)


def in_units(value: Any, basis: Basis, path: str, *, folds: bool) -> Any:
    """One value; money with more decimals than the currency has is refused at its place."""
    if isinstance(value, date | Relative):
        return day_of(value, basis.today)
    if isinstance(value, Decimal):
        minor = value.scaleb(basis.exponent)
        if minor != minor.to_integral_value():
            raise InvalidInput(
                path, f"The shop’s currency has {basis.exponent} decimals; {value} has more."
            )
        return int(minor)
    if isinstance(value, str) and folds:
        return value.casefold()
    return value
