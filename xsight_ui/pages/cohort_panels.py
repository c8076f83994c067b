"""Panels of the Cohorts page. Pure functions: a part of the document in, JSON out."""

from collections.abc import Mapping
from typing import Any

from xsight_ui.pages.cells import cell

__all__ = ["curves", "heat", "parts"]

Part = Mapping[str, Any]
Panel = dict[str, Any]

_NONE = {
    "name": "empty",
    "title": "No cohorts yet",
    "text": "The first one starts with the first order of a customer.",
}
_MASKED = "Periods that are not over yet stay empty: they are not low, they are unknown."
_CELL = cell('shop.cohorts("{values}", by="{grain}"{came})')


def heat(part: Part) -> Panel:
    """Cohorts (rows) by age (columns), in whichever measure the viewer chooses."""
    panel = {
        "kind": "cohort_heat",
        "title": "Cohorts",
        "subtitle": "Customers by the period of their first order",
        "definition": "Retention: share of a cohort that ordered again in the n-th period after the first order. Value "
        f"so far: net sales per customer up to that period. {_MASKED} Bands: where 90 % of the values would lie if the "
        "store had had other customers of the same kind.",
        "cohorts": dict(part),
        "height": 470,
        "cell": _CELL,
    }
    return _or_nothing(panel, part)


def curves(part: Part) -> Panel:
    """The same as lines over age."""
    panel = {
        "kind": "cohort_curves",
        "title": "Curves",
        "subtitle": "Each cohort over its age, and all of them",
        "definition": "The thick line is the mean of all cohorts that have reached the age, weighted by their "
        f"customers. {_MASKED} With bands, the 90 % band of one cohort is drawn.",
        "cohorts": dict(part),
        "height": 420,
        "cell": _CELL,
    }
    return _or_nothing(panel, part)


def parts(cuts: Part | None, part: Part) -> Panel:
    """Customers apart by how they came."""
    panel = {
        "kind": "cohort_parts",
        "title": "How they came",
        "subtitle": "By what the first order was of; choose one to see its cohorts",
        "definition": "Customers by the product, the channel, the first discount code or the country of their first "
        "order, the most frequent ones. The means are over the cohorts that have reached the age.",
        "cuts": None if cuts is None else dict(cuts),
        "height": 420,
        "cell": cell('shop.came_by("{split}")'),
    }
    return _or_nothing(panel, part)


def _or_nothing(panel: Panel, part: Part) -> Panel:
    return panel if any(part["size"]) else panel | {"state": _NONE}
