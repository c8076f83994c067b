"""Records that could not be understood, for whoever wants to mend them."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from xsight_core.db.tables import Quarantine
from xsight_core.sync import quarantine as statements
from xsight_core.tenancy import Tenancy

__all__ = ["SetAside", "set_aside"]


class SetAside(NamedTuple):
    """A page of them. ``before``: where the next one begins."""

    rows: Sequence[Quarantine]
    total: int
    before: int | None


async def set_aside(
    tenancy: Tenancy, tenant_id: UUID, *, before: int | None, limit: int
) -> SetAside:
    """Newest first, as they came: who may not see personal data must not be shown ``raw``."""
    async with tenancy.scope(tenant_id) as session:
        rows = await statements.newest(session, before=before, limit=limit + 1)
        total = await statements.count(session)
    more = len(rows) > limit
    return SetAside(rows[:limit], total, rows[limit - 1].id if more else None)
