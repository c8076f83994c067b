# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""Cohorts with one measure more, and cut by how customers came, as JSON for documents and the API. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from xsight_core.analytics import MEASURES, Cohorts, Grain, Orders, bands, cohorts, first_of
from xsight_core.analytics.cohorts import of_customers
from xsight_core.errors import InvalidInput
from xsight_core.services.parts import Json, cohorts_part

__all__ = ["CohortWish", "cohort_part", "cuts_part"]

_MOST_CELLS: Final = 100_000
_LEVEL: Final = 0.9


@dataclass(frozen=True)
class CohortWish:
    """What to say of cohorts: one measure more, with its bands where wanted, of some customers or of all."""

    grain: Grain = Grain.MONTH
    values: str | None = None
    bands: bool = False
    customer_ids: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.grain is Grain.DAY:
            raise InvalidInput("grain", "Cohorts go by week, month, quarter or year.")
        if self.values is not None and self.values not in MEASURES:
            raise InvalidInput("values", f"Cohorts have {', '.join(MEASURES)}, not this.")
        if self.bands and self.values is None:
            raise InvalidInput("values", "Bands are of a measure: say values=retention, say.")


def cuts_part(orders: Orders, as_of: int, wish: CohortWish, by: str, most: int) -> Json:
    """Cohorts by first product, channel, discount code or country, the most frequent ones, most customers first."""
    orders = orders.counted(as_of)
    who, code, names = first_of(orders, as_of, by)
    size = np.bincount(code, minlength=len(names))
    best = [int(i) for i in np.argsort(-size, kind="stable")[:most] if size[i]]
    products = orders.products if by == "product" else None
    return {
        "by": by,
        "values_of": len(np.flatnonzero(size)),
        "parts": [
            {
                "key": None if names[i] is None else str(names[i]),
                "title": products.name(i) if products and names[i] is not None else None,
                "customers": int(size[i]),
                "cohorts": cohort_part(of_customers(orders, who[code == i]), as_of, wish),
            }
            for i in best
        ],
    }


def cohort_part(orders: Orders, as_of: int, wish: CohortWish) -> Json:
    """Cohorts of these orders, with the measure wished for."""
    found = cohorts(orders, as_of, wish.grain)
    if found.active.size > _MOST_CELLS:
        raise InvalidInput("grain", "That are too many cohorts to show; take longer periods.")
    return cohorts_part(found) | {"measure": _measure(orders, as_of, found, wish)}


def _measure(orders: Orders, as_of: int, found: Cohorts, wish: CohortWish) -> Json | None:
    if wish.values is None:
        return None
    matrix, shown = found.measure(wish.values)
    result: Json = {
        "name": wish.values,
        "cells": _cells(matrix, shown),
        "level": None,
        "low": None,
        "high": None,
    }
    if wish.bands:
        drawn = bands(orders, as_of, wish.grain, wish.values, level=_LEVEL)
        result |= {
            "level": _LEVEL,
            "low": _cells(drawn.low, shown),
            "high": _cells(drawn.high, shown),
        }
    return result


def _cells(matrix: NDArray[Any], shown: NDArray[np.bool_]) -> list[list[float | None]]:
    return [
        [value if there else None for value, there in zip(row, mask, strict=True)]
        for row, mask in zip(matrix.tolist(), shown.tolist(), strict=True)
    ]
