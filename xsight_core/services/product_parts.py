# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""What was sold of each product: of any range for the API, of the last days for the Products page."""

from typing import Final

import numpy as np

from xsight_core.analytics import Orders, day_of, evaluate
from xsight_core.analytics.metrics.slices import of_products
from xsight_core.services.parts import Json

__all__ = ["recent_part", "sold_part"]

_DAYS: Final = 30
_SHOWN: Final = 40


def sold_part(orders: Orders, first: int | None, last: int, *, limit: int, offset: int = 0) -> Json:
    """Products by net sales of the orders of a range; lines typed in by hand and edits are the one without an id."""
    counted = _between(orders, first, last)
    sliced, names = of_products(counted), counted.products
    of = sliced.orders
    sums = {
        "units": sliced.total(of.units),
        "orders": sliced.count(),
        "gross_minor": sliced.total(of.gross_minor),
        "discounts_minor": sliced.total(of.discounts_minor),
        "returns_minor": sliced.total(of.returns_minor),
        "net_minor": sliced.total(of.net_minor),
    }
    ids = np.r_[names.product_id, 0]
    there = np.flatnonzero(sums["orders"] + np.abs(sums["returns_minor"]))
    ranked = there[np.lexsort((ids[there], -sums["net_minor"][there]))].tolist()
    whole = int(counted.net_minor.sum(dtype=np.int64))
    return {
        "since": None if first is None else day_of(first).isoformat(),
        "until": day_of(last).isoformat(),
        "total": len(ranked),
        "products": [
            {
                "id": int(ids[i]) if i < len(names) else None,
                "title": names.name(i) if i < len(names) else None,
                **{name: int(column[i]) for name, column in sums.items()},
                "share": int(sums["net_minor"][i]) / whole if whole > 0 else None,
            }
            for i in ranked[offset : offset + limit]
        ],
    }


def recent_part(orders: Orders, as_of: int) -> Json:
    """The Products page as it opens: the last days' first products, with their customers and refund rates."""
    first = as_of - _DAYS + 1
    part = sold_part(orders, first, as_of, limit=_SHOWN)
    recent = _between(orders, first, as_of)
    for name in ("customers", "refund_rate"):
        series = evaluate(name, recent, as_of, "product")
        values = dict(zip(series.index.tolist(), series.to_numpy(float).tolist(), strict=True))
        for row in part["products"]:
            value = values[row["id"] or 0]
            row[name] = None if np.isnan(value) else value
    return part


def _between(orders: Orders, first: int | None, last: int) -> Orders:
    counted = orders.counted(last)
    if first is None:
        return counted
    return counted.take(slice(int(np.searchsorted(counted.day, first)), len(counted)))
