"""``fields=id,scores.segment``: only these parts of every row of a list."""

from typing import Annotated, Any, cast

import msgspec
from litestar.params import QueryParameter

from xsight_core.errors import InvalidInput

__all__ = ["Fields", "PartialPage", "pick"]

Fields = Annotated[
    str | None,
    QueryParameter(
        max_length=1000,
        description="Only these parts of each row, as `id,scores.segment`; without it all of them.",
    ),
]


class PartialPage(msgspec.Struct, frozen=True):
    """A page whose rows hold the fields that were asked for."""

    items: list[dict[str, Any]]
    total: int
    next_cursor: str | None


def pick(page: Any, row: type[msgspec.Struct], fields: str | None) -> Any:
    """The page, or what ``fields`` names of its rows. Names that no row can have are ``InvalidInput``."""
    if fields is None:
        return page
    paths = [tuple(part.strip().split(".")) for part in fields.split(",") if part.strip()]
    wrong = next((path for path in paths if not _is_there(row, path)), None)
    if wrong is not None or not paths:
        known = ", ".join(row.__struct_fields__)
        raise InvalidInput("fields", f"Name fields out of {known}, with commas between them.")
    items = [_part(msgspec.to_builtins(item), paths) for item in page.items]
    return PartialPage(items, page.total, page.next_cursor)


def _is_there(row: type[msgspec.Struct], path: tuple[str, ...]) -> bool:
    head, *rest = path
    field = next((field for field in msgspec.structs.fields(row) if field.name == head), None)
    if field is None or not rest:
        return field is not None
    inner = [kind for kind in getattr(field.type, "__args__", (field.type,)) if _is_struct(kind)]
    return bool(inner) and _is_there(inner[0], tuple(rest))


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _part(item: dict[str, Any], paths: list[tuple[str, ...]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for head, *rest in paths:
        value = item[head]
        if rest and isinstance(value, dict):
            inner = found.setdefault(head, {})
            inner |= _part(cast("dict[str, Any]", value), [tuple(rest)])
        else:
            found[head] = value
    return found
