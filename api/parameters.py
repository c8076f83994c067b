"""Query parameters that several lists share."""

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from xsight_core.errors import InvalidInput

__all__ = [
    "LARGEST_ID",
    "Cursor",
    "Id",
    "Limit",
    "Word",
    "parse_bounds",
    "parse_ids",
    "parse_words",
]

LARGEST_ID = 2**63 - 1
LONGEST_ID = len(str(LARGEST_ID))
MOST_IDS = 250

Id = Annotated[
    int, PathParameter(ge=1, le=LARGEST_ID, description="Shopify's number of the object.")
]
Limit = Annotated[int, QueryParameter(ge=1, le=250, description="Rows a page.")]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=500, description="`next_cursor` of the page before; without it the first."
    ),
]

Word = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="Exactly this."
    ),
]


def parse_words(text: str | None) -> list[str] | None:
    """``order,refund`` as a list; ``None`` when not given."""
    if text is None:
        return None
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_ids(text: str | None, field: str = "ids") -> list[int] | None:
    """``1,2,3`` as numbers; ``None`` when not asked for."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_IDS:
        raise InvalidInput(field, f"Ask for at most {MOST_IDS} ids at once.")
    fits = all(part.isascii() and part.isdigit() and len(part) <= LONGEST_ID for part in parts)
    ids = [int(part) for part in parts] if fits else []
    if not fits or any(row_id > LARGEST_ID for row_id in ids):
        raise InvalidInput(field, "Give the ids as whole numbers with commas between them.")
    return ids


def parse_bounds(field: str, text: str | None) -> tuple[int, ...] | None:
    """``30,90,180,365`` as whole numbers; ``None`` when not given."""
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput(field, "Give four rising whole numbers, as 30,90,180,365.") from error
