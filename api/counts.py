"""Totals of lists, kept for as long as the rows are the same."""

from uuid import UUID

from api.resources import Resources
from xsight_core.services.counts import Count, Counter

__all__ = ["counter_of"]


def counter_of(resources: Resources, tenant_id: UUID) -> Counter:
    """A counter whose numbers live in the cache."""

    async def counted(version: str, question: str, count: Count) -> int:
        async def make() -> bytes:
            return str(await count()).encode()

        return int(await resources.cache.read(tenant_id, version, question, make))

    return counted
