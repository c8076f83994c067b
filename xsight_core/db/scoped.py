"""What statements in a tenant's scope are made of, where they are written as text."""

from typing import Final, LiteralString, cast

__all__ = ["TENANT", "trusted"]

TENANT: Final[LiteralString] = "current_setting('app.tenant_id')::uuid"
"""The tenant of this transaction's scope."""


def trusted(text: str) -> LiteralString:
    """Text made of our own names only; every value goes in as a parameter."""
    return cast("LiteralString", text)
