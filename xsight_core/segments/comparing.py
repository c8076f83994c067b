"""Comparisons as SQL expressions. Null stays null here; ``sql.py`` makes it false."""

from collections.abc import Callable
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, collate, exists, func, or_

from xsight_core.segments.operators import Kind

__all__ = ["compare", "folded", "labels_hold", "text_holds"]


def folded(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Without regard to case, by Unicode's full case folding, which is what Python's ``casefold`` does too."""
    return func.casefold(collate(text, "pg_unicode_fast"))


def compare(column: Any, operator: str, value: Any) -> ColumnElement[bool]:
    """One column with one value, two ends or a list."""
    if operator == "between":
        return and_(column >= value[0], column <= value[1])
    if operator == "in":
        return column.in_(value)
    return _SIGNS[operator](column, value[0])


_SIGNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": eq,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def text_holds(column: Any, operator: str, value: tuple[str, ...]) -> ColumnElement[bool]:
    """A text with texts; ``value`` is folded already."""
    text = folded(column)
    match operator:
        case "contains":
            return func.strpos(text, value[0]) > 0
        case "beginsWith":
            return func.starts_with(text, value[0])
        case "endsWith":
            return func.right(text, len(value[0])) == value[0]
        case _:
            return compare(text, operator, value)


def labels_hold(
    column: Any, operator: str, value: tuple[Any, ...], kind: Kind
) -> ColumnElement[bool]:
    """A list of labels (folded in ``value``) or numbers."""

    def some(*wanted: Any) -> ColumnElement[bool]:
        labels = func.unnest(column).table_valued("label", name="label")
        each = folded(labels.c.label) if kind is Kind.LABELS else labels.c.label
        found = each.in_(wanted) if operator != "beginsWith" else func.starts_with(each, wanted[0])
        return exists().select_from(labels).where(found)

    match operator:
        case "all":
            return and_(*(some(one) for one in value))
        case _:
            return or_(some(*value))
