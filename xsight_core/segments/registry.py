"""Every field there is. A new line under a heading is in the language, its schema, the builder, the docs and the tests.

``sql`` is read over ``sources.CustomerRows``, ``OrderRows`` or ``LineRows``; ``column`` names the same thing in the
ledger (``book.py``, ``events.py``).
"""

from typing import Final

from xsight_core.segments.about_buying import BUYING
from xsight_core.segments.about_events import EVENTS, SEGMENTS
from xsight_core.segments.about_orders import LINES, ORDERS
from xsight_core.segments.about_people import CONSENT, WHERE, WHO
from xsight_core.segments.about_scores import RFM_GROUPS, SCORES
from xsight_core.segments.fields import Field

__all__ = ["CUSTOMER", "LINE", "ORDER", "RFM_GROUPS"]

_OF_ORDER: Final = ("date", "nth", "channel", "country", "discount_code")

CUSTOMER: Final[dict[str, Field]] = {
    one.name: one for one in [*WHO, *CONSENT, *WHERE, *BUYING, *SCORES, *SEGMENTS, *EVENTS]
}
"""What a rule can ask of a customer."""

ORDER: Final[dict[str, Field]] = {one.name: one for one in ORDERS}
"""What ``where`` can ask of an order."""

LINE: Final[dict[str, Field]] = {one.name: one for one in LINES} | {
    name: ORDER[name] for name in _OF_ORDER
}
"""What ``where`` can ask of a bought line, and of the order it is in."""
