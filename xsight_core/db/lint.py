"""Ask a database what in it could get past row-level security. Tests and ``xsight doctor`` expect no answer."""

from dataclasses import dataclass
from importlib.resources import files

import psycopg

__all__ = ["Finding", "findings"]


@dataclass(frozen=True)
class Finding:
    """Something that should not be so, and the object it is about."""

    finding: str
    what: str


def findings(admin_url: str) -> list[Finding]:
    """Every weakness the lint knows of, by name; an empty list is the right answer."""
    statement = files("xsight_core.db").joinpath("sql", "lint.sql").read_bytes()
    with psycopg.connect(admin_url) as connection:
        return [Finding(*row) for row in connection.execute(statement)]
