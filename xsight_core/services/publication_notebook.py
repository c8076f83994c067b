"""A notebook as it is published: its code and words, the parameters it declares, what changed since another version.

Outputs, metadata and widgets' state stay behind: what an analyst saw with their own rights is never published; the
page is made anew, with the store's.
"""

import ast
import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final, Literal, cast

from xsight_core.errors import InvalidInput

__all__ = ["Cell", "Parameter", "bound", "declared", "difference", "digest_of", "parse"]

MOST_CELLS: Final = 300
LARGEST: Final = 500_000  # characters of code and words
_TAG: Final = "parameters"

Kind = Literal["integer", "number", "text", "day", "yes or no"]


@dataclass(frozen=True)
class Cell:
    """Code or words; ``parameters`` marks the one cell that declares them."""

    kind: Literal["code", "markdown"]
    source: str
    parameters: bool = False


@dataclass(frozen=True)
class Parameter:
    """A name with a default, which says its kind; ``choices`` are the only values where there are some."""

    name: str
    kind: Kind
    default: Any
    choices: list[Any] | None = None


def parse(notebook: Mapping[str, Any] | str | bytes) -> list[Cell]:
    """The cells of a notebook file (version 4), or ``InvalidInput``."""
    try:
        body = notebook if isinstance(notebook, Mapping) else json.loads(notebook)
        if body["nbformat"] != 4:  # noqa: PLR2004 - the format's number
            raise InvalidInput("notebook", "Save it in notebook format 4.")
        cells = [_cell(cell) for cell in body["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput("notebook", "This is no notebook: an .ipynb file is needed.") from error
    kept = [cell for cell in cells if cell is not None and cell.source.strip()]
    if not any(cell.kind == "code" for cell in kept):
        raise InvalidInput("notebook", "There is no code in this notebook.")
    if len(kept) > MOST_CELLS or sum(len(cell.source) for cell in kept) > LARGEST:
        raise InvalidInput(
            "notebook", f"It is too long: {MOST_CELLS} cells, {LARGEST:,} characters."
        )
    if sum(cell.parameters for cell in kept) > 1:
        raise InvalidInput("notebook", "Declare parameters in one cell only.")
    if any("\x00" in cell.source for cell in kept):
        raise InvalidInput("notebook", "It holds a character that no text has.")
    declared(kept)
    return kept


def digest_of(cells: Sequence[Cell]) -> str:
    """Of code and words: equal notebooks, equal digests."""
    return sha256(json.dumps([asdict(cell) for cell in cells]).encode()).hexdigest()


def declared(cells: Iterable[Cell]) -> list[Parameter]:
    """What the cell tagged ``parameters`` assigns: ``weeks = 12``, ``channel: "Literal['web', 'pos']" = "web"``.

    Each line is a name and a plain value: whole number, number, text, day (``"2026-01-01"``) or True/False.
    """
    source = next((cell.source for cell in cells if cell.parameters), "")
    try:
        lines = ast.parse(source).body
    except SyntaxError as error:
        raise InvalidInput(
            "parameters", f"Line {error.lineno} of the parameters is no Python."
        ) from None
    found: dict[str, Parameter] = {}
    for line in lines:
        if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
            continue  # a docstring
        one = _parameter(line)
        if one.name in found:
            raise InvalidInput("parameters", f"{one.name} is declared twice.")
        found[one.name] = one
    return list(found.values())


def bound(parameters: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each parameter: the one given, checked, or the default."""
    known = {one.name: one for one in parameters}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InvalidInput(
            f"parameters.{unknown[0]}", f"It declares {', '.join(known) or 'no parameters'}."
        )
    return {name: _checked(one, given.get(name, one.default)) for name, one in known.items()}


def difference(before: Sequence[Cell], after: Sequence[Cell]) -> list[str]:
    """A unified diff of the cells' text, without the two file names; empty where nothing changed."""
    lines = difflib.unified_diff(_lines(before), _lines(after), n=3, lineterm="")
    return list(lines)[2:]


def _lines(cells: Sequence[Cell]) -> list[str]:
    return [
        line for cell in cells for line in (f"# %% [{cell.kind}]", *cell.source.splitlines(), "")
    ]


def _cell(cell: Mapping[str, Any]) -> Cell | None:
    kind, source = cell["cell_type"], cell["source"]
    if kind not in {"code", "markdown"}:
        return None
    text = source if isinstance(source, str) else "".join(cast("list[str]", source))
    tags = cell.get("metadata", {}).get("tags", [])
    return Cell(kind, text, kind == "code" and _TAG in tags)


def _parameter(line: ast.stmt) -> Parameter:
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value:
        name, value, choices = line.target.id, line.value, _choices(line.annotation)
    elif isinstance(line, ast.Assign) and len(line.targets) == 1:
        target, value, choices = line.targets[0], line.value, None
        name = target.id if isinstance(target, ast.Name) else ""
    else:
        name, value, choices = "", None, None
    try:
        default: Any = ast.literal_eval(value) if value is not None else None
    except ValueError:
        default = None
    if not name or name.startswith("_") or not isinstance(default, bool | int | float | str):
        raise InvalidInput(
            "parameters", f"Line {line.lineno}: write a name and a plain value, like weeks = 12."
        )
    one = Parameter(name, _kind(default), default, choices)
    return replace(one, default=_checked(one, default))


def _choices(annotation: ast.expr) -> list[Any] | None:
    """The values of ``Literal[…]``, also in quotes."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return None
    if not (
        isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Literal")
    ):
        return None
    try:
        values: Any = ast.literal_eval(annotation.slice)
    except ValueError:
        raise InvalidInput(
            "parameters", "Choices are plain values: Literal['web', 'pos']."
        ) from None
    return list(cast("tuple[Any, ...]", values)) if isinstance(values, tuple) else [values]


def _kind(default: float | str) -> Kind:
    if isinstance(default, bool):
        return "yes or no"
    if isinstance(default, int):
        return "integer"
    if isinstance(default, float):
        return "number"
    return "day" if _is_day(default) else "text"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _checked(one: Parameter, value: Any) -> Any:
    field = f"parameters.{one.name}"
    if one.kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    fits = {
        "yes or no": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53,
        "number": isinstance(value, float) and abs(value) < float("inf"),
        "text": isinstance(value, str) and len(value) <= 500 and "\x00" not in value,  # noqa: PLR2004
        "day": isinstance(value, str) and _is_day(value),
    }
    if not fits[one.kind]:
        raise InvalidInput(field, f"{value!r} does not fit: {one.name} is a {one.kind}.")
    if one.choices is not None and value not in one.choices:
        said = ", ".join(repr(choice) for choice in one.choices)
        raise InvalidInput(field, f"{value!r} is not one of {said}.")
    return value
