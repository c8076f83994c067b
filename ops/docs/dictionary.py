"""Data dictionary and entity diagram, from ``tables.py``."""

import inspect
from html import escape
from typing import Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from xsight_core.db.personal import HOLDINGS
from xsight_core.db.tables import Base

__all__ = ["diagram", "page"]

_SCHEMAS: Final = {
    "xsight": "A store's data. Every key starts with `tenant_id`, and row-level security is forced.",
    "control": "Accounts, the look-up of shops and the queues; no notebook has a right in it.",
    "private": "What policies ask.",
}
_WIDTH, _ROW, _GAP, _COLUMNS = 190, 34, 22, 5


def _tables() -> dict[Table, str]:
    """Each table with what its class says."""
    return {
        mapper.local_table: inspect.getdoc(mapper.class_) or ""
        for mapper in Base.registry.mappers
        if isinstance(mapper.local_table, Table)
    }


def page() -> str:
    """Every table and column."""
    told = _tables()
    personal = {holding.table: holding.columns for holding in HOLDINGS}
    lines = [
        "# Tables",
        "",
        "Made from `xsight_core/db/tables.py`. What is marked *personal* may hold something of a shop's customer:",
        "erasure follows the same list.",
        "",
        "![Entities](entities.svg)",
    ]
    for schema, words in _SCHEMAS.items():
        lines += ["", f"## {schema}", "", words]
        for table in sorted((one for one in told if one.schema == schema), key=lambda t: t.name):
            lines += ["", f"### {table}", "", " ".join(told[table].split()), ""]
            lines += ["| column | type | | |", "|---|---|---|---|"]
            lines += [
                f"| `{column.name}` | {column.type.compile(dialect=postgresql.dialect())} "
                f"| {'key' if column.primary_key else '' if column.nullable else 'not null'} "
                f"| {'personal' if column.name in personal.get(str(table), ()) else ''} |"
                for column in table.columns
            ]
            for key in sorted(table.foreign_key_constraints, key=lambda one: list(one.column_keys)):
                lines += ["", f"`{', '.join(key.column_keys)}` refers to `{key.referred_table}`."]
    return "\n".join(lines) + "\n"


def diagram() -> str:
    """Boxes by schema, a line for each reference; without any script or font of others."""
    tables = sorted(_tables(), key=lambda t: (list(_SCHEMAS).index(str(t.schema)), t.name))
    place: dict[Table, tuple[int, int]] = {}
    boxes: list[str] = []
    y = _GAP
    for schema in _SCHEMAS:
        boxes.append(f'<text x="{_GAP}" y="{y + 14}" font-weight="bold">{schema}</text>')
        y += 26
        mine = [table for table in tables if table.schema == schema]
        for number, table in enumerate(mine):
            at = (
                _GAP + number % _COLUMNS * (_WIDTH + _GAP),
                y + number // _COLUMNS * (_ROW + _GAP),
            )
            place[table] = at
            boxes.append(
                f'<rect x="{at[0]}" y="{at[1]}" width="{_WIDTH}" height="{_ROW}" rx="5" fill="#fff" stroke="#57606a"/>'
                f'<text x="{at[0] + 10}" y="{at[1] + 21}">{escape(table.name)}</text>'
            )
        y += -(-len(mine) // _COLUMNS) * (_ROW + _GAP) + _GAP
    lines = [
        f'<line x1="{place[t][0] + _WIDTH // 2}" y1="{place[t][1] + _ROW // 2}"'
        f' x2="{place[k.referred_table][0] + _WIDTH // 2}" y2="{place[k.referred_table][1] + _ROW // 2}"'
        ' stroke="#9a6700" stroke-width="1.2"/>'
        for t in tables
        for k in t.foreign_key_constraints
    ]
    width = _GAP + _COLUMNS * (_WIDTH + _GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" viewBox="0 0 {width} {y}"'
        ' font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#f6f8fa"/>'
        f"{''.join(lines)}{''.join(boxes)}</svg>\n"
    )
