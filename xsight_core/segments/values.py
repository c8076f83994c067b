"""One value out of a rule's JSON, by the kind of its field. ValueError says what is wrong, in words for people."""

import math
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from xsight_core.segments.dates import WrongValue, read_when
from xsight_core.segments.fields import Field
from xsight_core.segments.operators import Kind
from xsight_core.segments.rules import Circle, Joined, Scalar

__all__ = [
    "MOST_TEXT",
    "MOST_VALUES",
    "NUMERIC",
    "read_circle",
    "read_joined",
    "read_keys",
    "read_many",
    "read_scalar",
    "read_two",
]

MOST_TEXT: Final = 255
MOST_VALUES: Final = 500
_MOST_NUMBER: Final = 10**12
_MOST_ID: Final = 2**63 - 1
_MOST_DECIMALS: Final = 4

NUMERIC: Final = frozenset({Kind.COUNT, Kind.NUMBER, Kind.SHARE, Kind.MONEY})


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValue(f"A number is due here, not {_shown(value)}.")
    if not math.isfinite(value) or abs(value) > _MOST_NUMBER:
        raise WrongValue("The number is out of range.")
    return value


def _count(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise WrongValue(f"A whole number is due here, not {number}.")
    return int(number)


def _fraction(value: Any) -> float:
    return float(_number(value))


def _money(value: Any) -> Decimal:
    """Major units; exact, as written."""
    amount = Decimal(str(_number(value)))
    if amount != amount.quantize(Decimal(10) ** -_MOST_DECIMALS):
        raise WrongValue("An amount has at most four decimals.")
    return amount


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue(f"A text is due here, not {_shown(value)}.")
    if not value or len(value) > MOST_TEXT:
        raise WrongValue(f"A text has 1 to {MOST_TEXT} characters.")
    if "\x00" in value or (not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)):
        raise WrongValue("The text holds a character that no text can hold.")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValue(f"true or false is due here, not {_shown(value)}.")
    return value


def _id(value: Any) -> int:
    number = value
    if isinstance(value, str) and re.fullmatch(r"\d{1,19}", value):
        number = int(value)  # Shopify's numbers are beyond what some readers of JSON keep exact
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= _MOST_ID:
        raise WrongValue(f"Shopify’s number is due here, not {_shown(value)}.")
    return number


def _segment(value: Any) -> str:
    if isinstance(value, str):
        try:
            return str(UUID(value))
        except ValueError:
            pass
    raise WrongValue(f"The id of a segment is due here, not {_shown(value)}.")


_READ: Final[dict[Kind, Callable[[Any], Scalar]]] = {
    Kind.COUNT: _count,
    Kind.NUMBER: _fraction,
    Kind.SHARE: _fraction,
    Kind.MONEY: _money,
    Kind.DATE: read_when,
    Kind.TEXT: _text,
    Kind.CHOICE: _text,
    Kind.LABELS: _text,
    Kind.FLAG: _flag,
    Kind.ID: _id,
    Kind.IDS: _id,
    Kind.SEGMENT: _segment,
}


def read_scalar(field: Field, value: Any) -> Scalar:
    """One value for a field."""
    read = _READ[field.kind](value)
    if field.kind is Kind.CHOICE and read not in field.values:
        raise WrongValue(f"{read!r} is none of {', '.join(field.values)}.")
    return read


def read_two(field: Field, value: Any) -> tuple[Scalar, ...]:
    """The two ends of a range."""
    several = cast("list[Any]", value if isinstance(value, list) else [])
    if len(several) != 2:  # noqa: PLR2004 - that is what two means
        raise WrongValue("Two values are due here: [from, to].")
    low, high = (read_scalar(field, one) for one in several)
    ends: Any = (low, high)
    comparable = field.kind in NUMERIC or (isinstance(low, date) and isinstance(high, date))
    if comparable and ends[0] > ends[1]:
        raise WrongValue("The range ends before it begins.")
    return ends


def read_many(field: Field, value: Any) -> tuple[Scalar, ...]:
    """A list of values."""
    several = cast("list[Any]", value if isinstance(value, list) else [])
    if not several:
        raise WrongValue("A list of at least one value is due here.")
    if len(several) > MOST_VALUES:
        raise WrongValue(f"A list has at most {MOST_VALUES} values.")
    return tuple(dict.fromkeys(read_scalar(field, one) for one in several))


def read_keys(value: Any, *, must: set[str], may: set[str] = set()) -> dict[str, Any]:  # noqa: B006
    """An object with these keys."""
    if not isinstance(value, dict):
        raise WrongValue(f"An object with {', '.join(sorted(must))} is due here.")
    told = cast("dict[str, Any]", value)
    for key in sorted(must - set(told)):
        raise WrongValue(f"{key!r} is missing.")
    for key in sorted(set(told) - must - may):
        raise WrongValue(f"{key!r} means nothing here.")
    return told


def read_circle(value: Any) -> Circle:
    """A place and a distance around it."""
    told = read_keys(value, must={"latitude", "longitude", "km"})
    latitude, longitude, km = (_fraction(told[key]) for key in ("latitude", "longitude", "km"))
    if abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004 - degrees
        raise WrongValue("Latitude goes from -90 to 90, longitude from -180 to 180.")
    if not 0 < km <= 20_100:  # noqa: PLR2004 - half around the earth
        raise WrongValue("The distance is more than 0 and at most 20,100 km.")
    return Circle(latitude, longitude, km)


def read_joined(value: Any) -> Joined:
    """A segment and a day."""
    told = read_keys(value, must={"segment", "since"})
    return Joined(_segment(told["segment"]), read_when(told["since"]))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"  # noqa: PLR2004
