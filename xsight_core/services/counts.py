"""How many there are: dear to count, and true for as long as the rows are the same."""

from collections.abc import Awaitable, Callable

__all__ = ["Count", "Counter", "count_now"]

Count = Callable[[], Awaitable[int]]
Counter = Callable[[str, str, Count], Awaitable[int]]
"""``counted(version, question, count)``: the kept number of this version, or ``count()``'s."""


async def count_now(version: str, question: str, count: Count) -> int:
    """A counter that keeps nothing."""
    del version, question
    return await count()
