"""Panels that show rows of the API page by page, and the conditions that they can be asked for under.

A filter's `params` are the API's parameters, and the address' too: what the address says is what is asked. Its `code`
says each of them of the frame `rows` in the notebook cell, with `{text}`, `{number}` or `{flag}` for the value.
"""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "between",
    "choice",
    "column",
    "countries",
    "days",
    "known",
    "product",
    "rows_of",
    "view",
    "word",
]

Panel = dict[str, Any]
Filter = dict[str, Any]


def column(
    field: str, title: str, kind: str = "text", *, sort: str | None = None, **look: int
) -> Panel:
    """A column: `field` is a path in the row, `sort` the API's word where it can sort by an index."""
    return {"field": field, "title": title, "format": kind, **look} | (
        {"sort": sort} if sort else {}
    )


def choice(
    key: str, label: str, options: Sequence[tuple[str, str]], code: str | None = None
) -> Filter:
    """One of a few values."""
    named = [{"value": value, "label": text} for value, text in options]
    said = code or f'rows["{key}"] == {{text}}'
    return {
        "key": key,
        "label": label,
        "kind": "choice",
        "params": [key],
        "options": named,
        "code": [said],
    }


def word(key: str, label: str, hint: str = "", *, among: str | None = None) -> Filter:
    """Exactly this word; `among` names the column of the frame that holds lists of them."""
    code = f'rows["{among}"].map(lambda found: {{text}} in found)' if among else None
    said = code or f'rows["{key}"] == {{text}}'
    return {
        "key": key,
        "label": label,
        "kind": "word",
        "params": [key],
        "hint": hint,
        "code": [said],
    }


def product(code: str) -> Filter:
    """Something with this product in it; it is set by a link from the Products page."""
    return {
        "key": "product",
        "label": "Product",
        "kind": "product",
        "params": ["product_id"],
        "code": [code],
    }


def known(key: str, label: str) -> Filter:
    """A value of a dimension that the store's orders have; the browser asks which there are."""
    return {"key": key, "label": label, "kind": "known", "params": [key]}


def countries(key: str = "country", label: str = "Country") -> Filter:
    """A country, by its ISO code."""
    said = [f'rows["{key}"] == {{text}}']
    return {"key": key, "label": label, "kind": "country", "params": [key], "code": said}


def between(key: str, label: str, low: str, high: str, kind: str = "count") -> Filter:
    """A number from ... to, either may be open. Money is in minor units."""
    column = f"{key}_minor" if kind == "money" else key
    return {
        "key": key,
        "label": label,
        "kind": "between",
        "params": [low, high],
        "format": kind,
        "code": [f'rows["{column}"] {sign} {{number}}' for sign in (">=", "<=")],
    }


def days(key: str, label: str, since: str, until: str, column: str) -> Filter:
    """Days of the shop's calendar from ... to, both included, either may be open; `column` of the frame has them."""
    return {
        "key": key,
        "label": label,
        "kind": "days",
        "params": [since, until],
        "code": [f'rows["{column}"] {sign} {{text}}' for sign in (">=", "<=")],
    }


def rows_of(
    source: str,
    noun: tuple[str, str],
    columns: Sequence[Panel],
    *,
    sort: str,
    title: str,
    definition: str,
    **more: Any,
) -> Panel:
    """A list of `noun` (one, many) from the API's `source`, in the order `sort` unless another is chosen.

    `page` names the list whose filters and order stand in the address; without it the list stands alone, under `fixed`
    conditions. `rows` and `total` are what is shown until the API has answered.
    """
    return {
        "kind": "list",
        "title": title,
        "definition": definition,
        "source": source,
        "noun": list(noun),
        "columns": [dict(one) for one in columns],
        "sort": sort,
        **more,
    }


def view(name: str, **parameters: str) -> Mapping[str, str]:
    """A view that comes with the page."""
    return {"name": name, "query": "&".join(f"{key}={text}" for key, text in parameters.items())}
