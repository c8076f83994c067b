"""How fields are written down: a heading with a row for each, and the expressions that several share."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, func

from xsight_core.segments.fields import Example, Field
from xsight_core.segments.operators import Kind

__all__ = ["Sql", "counted", "floating", "group", "row", "score", "share"]

Sql = Callable[[Any], ColumnElement[Any]]
"""An expression over ``sources.CustomerRows``, ``OrderRows`` or ``LineRows``."""


def floating(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, Double)


def share(part: ColumnElement[Any], whole: ColumnElement[Any]) -> ColumnElement[Any]:
    """A part of a whole; null where there is no whole."""
    return floating(part) / func.nullif(floating(whole), 0.0)


def counted(name: str) -> Sql:
    """A sum over counted orders; 0 for who has none."""
    return lambda t: func.coalesce(t.facts[name], 0)


def score(name: str) -> Sql:
    return lambda t: t.scores[name]


def row(
    name: str, label: str, kind: Kind, doc: str, sql: Sql, example: tuple[str, Any], **rest: Any
) -> tuple[str, str, Kind, str, Sql, Example, dict[str, Any]]:
    return name, label, kind, doc, sql, Example(*example), rest


def group(title: str, *rows: Any, **common: Any) -> list[Field]:
    """Fields of one heading. The ledger's column has the field's name unless the database alone knows (``asked``)."""
    fields: list[Field] = []
    for name, label, kind, doc, sql, example, rest in rows:
        told = common | rest
        column = None if told.pop("asked", False) else told.pop("column", name)
        fields.append(
            Field(
                name=name,
                label=label,
                kind=kind,
                group=title,
                doc=doc,
                sql=sql,
                example=example,
                column=column,
                **told,
            )
        )
    return fields
