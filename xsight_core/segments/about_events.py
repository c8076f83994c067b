"""Events in a window, and other segments."""

from typing import Final

from xsight_core.segments.headings import group, row
from xsight_core.segments.operators import Kind

__all__ = ["EVENTS", "SEGMENTS"]

_NOBODY = "00000000-0000-0000-0000-000000000000"
SEGMENTS: Final = group(
    "Segments",
    row(
        "segment",
        "Segment",
        Kind.SEGMENT,
        "In another saved segment, by its rule as it is now.",
        lambda t: t.customer.c.id,
        ("in", [_NOBODY]),
    ),
    row(
        "entered",
        "Came into a segment",
        Kind.MEMBERSHIP,
        "Came into a saved segment on or after a day.",
        lambda t: t.customer.c.id,
        ("matches", {"segment": _NOBODY, "since": {"rel": "-7d"}}),
        asked=True,
    ),
    row(
        "left",
        "Left a segment",
        Kind.MEMBERSHIP,
        "Left a saved segment on or after a day.",
        lambda t: t.customer.c.id,
        ("matches", {"segment": _NOBODY, "since": {"rel": "-7d"}}),
        asked=True,
    ),
)

EVENTS: Final = group(
    "Events",
    row(
        "orders",
        "Orders in a window",
        Kind.EVENT,
        "An aggregate of the counted orders that match.",
        lambda t: t.customer.c.id,
        ("matches", {"agg": "count", "cmp": ">=", "n": 2, "window": {"from": {"rel": "-90d"}}}),
    ),
    row(
        "products",
        "Products bought",
        Kind.EVENT,
        "An aggregate of the bought lines that match; `count` counts orders.",
        lambda t: t.customer.c.id,
        (
            "doesNotMatch",
            {
                "agg": "count",
                "cmp": ">=",
                "n": 1,
                "where": {
                    "combinator": "and",
                    "rules": [{"field": "vendor", "operator": "=", "value": "Acme"}],
                },
            },
        ),
    ),
)
