"""A rule answered by the database: one statement, two seconds."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.errors import XsightError
from xsight_core.segments.fields import Basis
from xsight_core.segments.rules import Group, walk
from xsight_core.segments.sql import TIMEOUT_S, customers_of

__all__ = ["RuleTooSlow", "asks_personal_data", "find_customers"]


class RuleTooSlow(XsightError):
    """The database took longer for a rule than anybody waits."""

    code = "rule_too_slow"
    retryable = False


async def find_customers(
    session: AsyncSession, rule: Group, basis: Basis, segments: Mapping[str, Group] | None = None
) -> list[int]:
    """Ids of the customers whom a rule finds, rising; ``RuleTooSlow`` after two seconds."""
    statement = customers_of(rule, basis, segments)
    async with session.begin_nested():
        await session.execute(text(f"SET LOCAL statement_timeout = {round(TIMEOUT_S * 1000)}"))
        try:
            found = (await session.execute(statement)).scalars().all()
        except OperationalError as slow:
            if "statement timeout" not in str(slow.orig):
                raise
            raise RuleTooSlow(
                f"The database needs more than {TIMEOUT_S:g} s for this rule. Ask for less at once: a shorter window, "
                "fewer conditions on orders."
            ) from slow
        await session.execute(text("SET LOCAL statement_timeout = DEFAULT"))
    return sorted(found)


def asks_personal_data(rule: Group, segments: Mapping[str, Group]) -> bool:
    """Whether a rule, or one that it names, asks what names a person."""
    return any(one.field.personal for tree in (rule, *segments.values()) for one in walk(tree))
