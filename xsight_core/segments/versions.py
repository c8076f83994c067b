"""Rules that an earlier version saved. They are brought up to date when they are read, never dropped.

Version 0 is the form of the first XSight and of its prototypes: ``inLast`` with a number and a unit in place of
relative dates, and names of fields that have since become clearer.
"""

import copy
from collections.abc import Callable
from typing import Any, Final, cast

from xsight_core.errors import InvalidInput
from xsight_core.segments.rules import VERSION

__all__ = ["RENAMED", "current"]

_UNITS: Final = {"days": "d", "weeks": "w", "months": "m", "years": "y"}

RENAMED: Final[dict[str, str]] = {
    "ordersCount": "orders_count",
    "totalSpent": "net",
    "avgOrderValue": "aov",
    "lastOrderDate": "last_order",
    "firstOrderDate": "first_order",
    "orders_total": "orders_count",
    "total_spent": "net",
    "last_order_at": "last_order",
}
"""Fields of version 0 by the name they have now."""

_DATES: Final = {"before": "<", "after": ">", "betweenDates": "between"}


def current(document: object) -> object:
    """The same rule in the newest version; a rule of a newer one than ours is refused."""
    if not isinstance(document, dict):
        return document
    told = cast("dict[str, Any]", document)
    version = told.get("v", VERSION)
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise InvalidInput("v", "The version of a rule is a number.")
    if version > VERSION:
        raise InvalidInput(
            "v",
            f"This rule was saved by a later XSight (version {version}, this one reads {VERSION}).",
        )
    told = copy.deepcopy(told)
    for step in range(version, VERSION):
        told = _STEPS[step](told)
    return told | {"v": VERSION}


def _from_0(group: dict[str, Any]) -> dict[str, Any]:
    if "rules" in group:
        rules = group["rules"]
        if isinstance(rules, list):
            group["rules"] = [
                _from_0(cast("dict[str, Any]", rule)) if isinstance(rule, dict) else rule
                for rule in cast("list[Any]", rules)
            ]
        return group
    group["field"] = RENAMED.get(group.get("field", ""), group.get("field"))
    operator, value = group.get("operator"), group.get("value")
    if operator in {"inLast", "notInLast"} and isinstance(value, dict):
        told = cast("dict[str, Any]", value)
        unit = _UNITS.get(str(told.get("unit")), "?")
        group["value"] = {"rel": f"-{told.get('n')}{unit}"}
        group["operator"] = ">=" if operator == "inLast" else "<"
    elif operator in _DATES:
        group["operator"] = _DATES[operator]
    return group


_STEPS: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {0: _from_0}
