"""Shopify's search syntax: implicit AND, AND/OR/NOT, ``-``, parentheses, ``field:>='value'``, quotes.

An unknown field fails open, as in Shopify: the term is true and only a warning tells.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Tree", "mask", "parse", "warnings"]

Tree = dict[str, Any]
Mask = npt.NDArray[np.bool_]

_TOKEN = re.compile(
    r"""\s*(?:(?P<op>\(|\)|AND\b|OR\b|NOT\b)
    |(?P<neg>-(?=[\w'"(]))
    |(?P<field>[A-Za-z_][\w.]*):(?P<cmp>>=|<=|>|<)?(?P<val>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s()]*)
    |(?P<term>'[^']*'|"[^"]*"|[^\s()]+))""",
    re.VERBOSE,
)
_COMPARE = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT")
DAY_US = 86_400_000_000


def parse(text: str) -> Tree | None:
    """Tree of a query in the shape that ``extensions.search[].parsed`` shows."""
    return _Parser(text).either()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[re.Match[str]] = []
        self.at = place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None or match.end() == place:
                break
            self.tokens.append(match)
            place = match.end()

    def _operator(self) -> str | None:
        return self.tokens[self.at].group("op") if self.at < len(self.tokens) else None

    def either(self) -> Tree | None:
        items = [self._both()]
        while self._operator() == "OR":
            self.at += 1
            items.append(self._both())
        return items[0] if len(items) == 1 else {"or": items}

    def _both(self) -> Tree | None:
        items = [self._unary()]
        while self.at < len(self.tokens) and self._operator() not in (")", "OR"):
            if self._operator() == "AND":
                self.at += 1
            items.append(self._unary())
        found = [item for item in items if item]
        if len(found) <= 1:
            return found[0] if found else None
        return {"and": found}

    def _unary(self) -> Tree | None:
        if self.at >= len(self.tokens):
            return None
        token = self.tokens[self.at]
        self.at += 1
        if token["op"] == "NOT" or token["neg"]:
            return {"not": self._unary()}
        if token["op"] == "(":
            inner = self.either()
            self.at += self._operator() == ")"
            return inner
        if token["field"]:
            return _term(token["field"], token["cmp"], token["val"])
        text = token["term"] or token["op"] or ""
        if text[:1] in ("'", '"'):
            return {"field": "default", "match_phrase": text[1:-1]}
        return {"field": "default", "match_all": text}


def _term(field: str, compare: str | None, value: str) -> Tree:
    quoted = len(value) > 1 and value[0] in "'\""
    if quoted:
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    elif _TIMESTAMP.match(value):
        value = value.split("T")[0]  # an unquoted time loses its time part
    if compare:
        return {"field": field, "range": {_COMPARE[compare]: value}}
    return {"field": field, "match_phrase" if quoted and " " in value else "match_all": value}


def warnings(
    tree: Tree | None, accepted: Mapping[str, frozenset[str] | None]
) -> list[dict[str, str]]:
    """``extensions.search[].warnings`` of a tree."""
    if not tree:
        return []
    branches = [*tree.get("and", ()), *tree.get("or", ()), tree.get("not")]
    found = [warning for branch in branches for warning in warnings(branch, accepted)]
    if "field" in tree:
        found += _warn(tree["field"], tree.get("match_all"), accepted)
    return found


def _warn(
    field: str, value: str | None, accepted: Mapping[str, frozenset[str] | None]
) -> list[dict[str, str]]:
    if field == "default":
        message = "Input must use named search fields in this query."
        code = "missing_named_field"
        return [] if field in accepted else [_warning(field, message, code)]
    if field not in accepted and not field.startswith("metafields."):
        return [_warning(field, "Invalid search field for this query.", "invalid_field")]
    values = accepted.get(field)
    if values and value is not None and not set(value.lower().split(",")) <= values:
        return [_warning(field, f"Input `{value}` is not an accepted value.", "invalid_value")]
    return []


def _warning(field: str, message: str, code: str) -> dict[str, str]:
    return {"field": field, "message": message, "code": code}


def mask(tree: Tree | None, column: Callable[[str], Any], count: int) -> Mask:
    """Rows that match; ``column(field)`` gives an array, a function of the value, or None (true)."""
    if not tree:
        return np.ones(count, np.bool_)
    if "field" in tree:
        return _leaf(tree, column(tree["field"]), count)
    if "not" in tree:
        return ~mask(tree["not"], column, count)
    join = np.logical_and if "and" in tree else np.logical_or
    branches = tree.get("and") or tree.get("or") or []
    return join.reduce([mask(branch, column, count) for branch in branches])


def _leaf(tree: Tree, values: Any, count: int) -> Mask:
    shown = tree.get("match_all", tree.get("match_phrase", ""))
    if values is None:
        return np.ones(count, np.bool_)
    if isinstance(values, np.ndarray):
        return _compare(values, tree["range"]) if "range" in tree else _equal(values, shown)
    return values(shown)


def _compare(values: Any, bounds: dict[str, str]) -> Mask:
    ((operator, shown),) = bounds.items()
    wanted = _number(values, shown)
    if wanted is None:
        return np.ones(len(values), bool)
    if _is_clock(values) and len(shown) == len("2026-01-01") and operator in ("gt", "lte"):
        wanted += np.timedelta64(DAY_US - 1, "us")  # a bare day is the whole day
    if operator == "gt":
        return values > wanted
    if operator == "gte":
        return values >= wanted
    return values < wanted if operator == "lt" else values <= wanted


def _equal(values: Any, shown: str) -> Mask:
    if values.dtype.kind in "OU":
        wanted = {part.lower() for part in shown.split(",")}
        return np.isin(values, sorted(wanted))
    if values.dtype.kind == "b":
        return values == (shown.lower() == "true")
    wanted = _number(values, shown)
    if wanted is None:
        return np.ones(len(values), bool)
    if _is_clock(values):
        width = DAY_US if len(shown) == len("2026-01-01") else 1_000_000
        return (values >= wanted) & (values < wanted + np.timedelta64(width, "us"))
    return values == wanted


def _is_clock(values: Any) -> bool:
    return values.dtype.kind == "M"


def _number(values: Any, shown: str) -> Any:
    try:
        if values.dtype.kind == "M":
            moment = datetime.fromisoformat(shown)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return np.datetime64(int(moment.timestamp() * 1_000_000), "us")
        return float(shown) if values.dtype.kind == "f" else int(shown)
    except ValueError:
        return None
