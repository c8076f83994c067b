"""The one table of what can be exported. Whoever has rows of their own adds their kind here."""

from typing import Final

from xsight_core.db.export_kinds import CUSTOMERS, ORDER_LINES, ORDERS, PRODUCTS, REFUNDS
from xsight_core.db.exports import ExportKind
from xsight_core.services.segment_export import SEGMENT

__all__ = ["EXPORTS"]

EXPORTS: Final[dict[str, ExportKind]] = {
    kind.name: kind for kind in (CUSTOMERS, ORDERS, ORDER_LINES, REFUNDS, PRODUCTS, SEGMENT)
}
