"""Conditions that only the database can answer: places, metafields, comings and goings."""

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, case, cast, collate, func, not_, select

from xsight_core.db.tables import CustomerMetafield, SegmentEvent
from xsight_core.segments.comparing import compare, folded
from xsight_core.segments.dates import day_of
from xsight_core.segments.operators import NEGATED
from xsight_core.segments.rules import Circle, Joined, Metafield
from xsight_core.segments.units import in_units

__all__ = ["EARTH_KM", "circle", "joined", "metafield"]

EARTH_KM: Final = 6371.0088
_EPOCH: Final = date(1970, 1, 1)


def joined(value: Joined, entered: bool, rows: Any) -> ColumnElement[bool]:  # noqa: FBT001 - which of two fields
    """Came into or out of a segment since a day."""
    events: Any = SegmentEvent.__table__
    of_segment = select(events.c.customer_id).where(
        events.c.segment_id == value.segment,
        events.c.entered.is_(entered),
        events.c.day >= day_of(value.since, rows.basis.today),
    )
    return rows.customer.c.id.in_(of_segment)


def circle(value: Circle, rows: Any) -> ColumnElement[bool]:
    """Within a great-circle distance, by the haversine formula on a sphere."""
    latitude, longitude = func.radians(rows.place.latitude), func.radians(rows.place.longitude)
    here, across = func.radians(value.latitude), func.radians(value.longitude)
    half = func.power(func.sin((latitude - here) / 2), 2) + func.cos(latitude) * func.cos(
        here
    ) * func.power(func.sin((longitude - across) / 2), 2)
    return 2 * EARTH_KM * func.asin(func.sqrt(func.least(half, 1.0))) <= value.km


def metafield(value: Metafield, rows: Any) -> ColumnElement[bool]:
    """A metafield's value as its type; a value of another type is not known."""
    table: Any = CustomerMetafield.__table__
    comparison = NEGATED.get(value.comparison, value.comparison)
    n = tuple(in_units(one, rows.basis, "value.n", folds=value.kind == "text") for one in value.n)
    text = table.c.value
    read: ColumnElement[Any]
    match value.kind:
        case "number":
            shape = r"^-?[0-9]{1,18}(\.[0-9]{1,9})?$"
            read = case((text.regexp_match(shape), cast(text, Numeric)))
        case "date":
            shape = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}"
            read = case((text.regexp_match(shape), collate(func.left(text, 10), "C")))
            n = tuple((_EPOCH + timedelta(day)).isoformat() for day in n)
        case "flag":
            read = case((text.in_(["true", "false"]), text == "true"))
        case _:
            read = folded(text)
    holds = select(table.c.customer_id).where(
        table.c.key == value.key, compare(read, comparison, n)
    )
    found = rows.customer.c.id.in_(holds)
    return not_(found) if comparison != value.comparison else found
