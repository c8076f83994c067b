"""A rule answered by the database: one statement, two seconds."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Select, text
from sqlalchemy.dialects.postgresql import psycopg as driver
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.errors import XsightError
from xsight_core.segments.fields import Basis
from xsight_core.segments.rules import Group, walk
from xsight_core.segments.sql import TIMEOUT_S, customers_of

__all__ = ["RuleTooSlow", "asks_personal_data", "find_customers", "find_ids"]

_NO_LIMIT: Final = text("SET LOCAL statement_timeout = DEFAULT")


class RuleTooSlow(XsightError):
    """The database took longer for a rule than anybody waits."""

    code = "rule_too_slow"
    retryable = False

    def __init__(self) -> None:
        super().__init__(
            f"The database needs more than {TIMEOUT_S:g} s for this rule. Ask for less at once: a shorter window, "
            "fewer conditions on orders."
        )


async def find_customers(
    session: AsyncSession, rule: Group, basis: Basis, segments: Mapping[str, Group] | None = None
) -> list[int]:
    """Ids of the customers whom a rule finds, rising; ``RuleTooSlow`` after two seconds."""
    statement = customers_of(rule, basis, segments)
    async with session.begin_nested():
        limit_ms = round(TIMEOUT_S * 1000)
        await session.execute(text(f"SET LOCAL statement_timeout = {limit_ms}"))
        try:
            found = (await session.execute(statement)).scalars().all()
        except OperationalError as slow:
            if "statement timeout" not in str(slow.orig):
                raise
            raise RuleTooSlow from slow
        await session.execute(_NO_LIMIT)
    return sorted(found)


def find_ids(
    connection: psycopg.Connection[tuple[Any, ...]],
    statement: Select[Any],
    *,
    timeout_s: float | None = None,
) -> NDArray[np.int64]:
    """The ids that a rule's statement finds; ``RuleTooSlow`` after so many seconds."""
    compiled = statement.compile(
        dialect=driver.dialect(), compile_kwargs={"render_postcompile": True}
    )
    limit_ms = round((timeout_s or TIMEOUT_S) * 1000)
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('statement_timeout', %s, true)", [str(limit_ms)])
            rows = connection.execute(str(compiled).encode(), compiled.params).fetchall()
            connection.execute("SELECT set_config('statement_timeout', '0', true)")
    except psycopg.errors.QueryCanceled as slow:
        raise RuleTooSlow from slow
    return np.array([row[0] for row in rows], np.int64)


def asks_personal_data(rule: Group, segments: Mapping[str, Group]) -> bool:
    """Whether a rule, or one that it names, asks what names a person."""
    return any(one.field.personal for tree in (rule, *segments.values()) for one in walk(tree))
