"""Objects that come out broken wherever they are shown, in pages and files alike, until they are mended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Damage", "spoilt", "without_persons"]

PERSONAL = {
    "firstName",
    "lastName",
    "email",
    "phone",
    "defaultEmailAddress",
    "defaultPhoneNumber",
    "defaultAddress",
    "billingAddress",
    "shippingAddress",
}


@dataclass(frozen=True)
class Damage:
    """What is wrong with an object: values by dotted path, missing fields, a line of a file that is no JSON."""

    values: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    garbled: bool = False

    def inflict(self, row: dict[str, Any]) -> None:
        """Break a row that is nobody else's; what the query did not ask for stays as it is."""
        for path, value in self.values.items():
            *way, last = path.split(".")
            place: Any = row
            for step in way:
                place = place.get(step) if isinstance(place, dict) else None
            if isinstance(place, dict) and last in place:
                place[last] = value
        for name in self.missing:
            row.pop(name, None)


def spoilt(node: Any, damages: Mapping[str, Damage]) -> Any:
    """A copy of an answer in which the damaged objects are broken."""
    if isinstance(node, list):
        return [spoilt(item, damages) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: spoilt(value, damages) for key, value in node.items()}
    damage = damages.get(made.get("id", ""))
    if damage is not None:
        damage.inflict(made)
    return made


def without_persons(node: Any) -> Any:
    """A copy of an answer as an app sees it that may not see who somebody is: what names a person is null."""
    if isinstance(node, list):
        return [without_persons(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: None if key in PERSONAL else without_persons(value) for key, value in node.items()}
