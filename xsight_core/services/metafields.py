"""Which metafields syncs bring along: the merchant's choice, by what they belong to."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from xsight_core.errors import InvalidInput
from xsight_core.services import audit
from xsight_core.services.audit import Actor
from xsight_core.shopify.bulk import METAFIELD
from xsight_core.sync import shops
from xsight_core.tenancy import Tenancy

__all__ = ["MOST", "Choice", "choose", "chosen"]

MOST: Final = 50
"""Of one kind of object: each is asked for with every record."""

_KINDS: Final = ("customers", "orders", "products")
_NAME: Final = re.compile(METAFIELD)

Choice = Mapping[str, Sequence[str]]


async def chosen(tenancy: Tenancy, tenant_id: UUID) -> dict[str, list[str]]:
    """The choice as it stands, each name as ``namespace.key``."""
    async with tenancy.scope(tenant_id) as session:
        stored = (await shops.state(session)).metafields
    return {kind: list(stored.get(kind, ())) for kind in _KINDS}


async def choose(
    tenancy: Tenancy, tenant_id: UUID, choice: Choice, *, actor: Actor
) -> dict[str, list[str]]:
    """Replace the choice and have the next sync read everything; ``InvalidInput`` names what is no metafield."""
    wanted = {kind: sorted(set(choice.get(kind, ()))) for kind in _KINDS}
    for kind, names in wanted.items():
        for name in names:
            if not _NAME.fullmatch(name):
                advice = "write namespace.key, like custom.material."
                raise InvalidInput(kind, f"“{name[:80]}” is no metafield: {advice}")
        if len(names) > MOST:
            raise InvalidInput(kind, f"At most {MOST} metafields can be chosen.")
    async with tenancy.scope(tenant_id) as session:
        before = (await shops.state(session)).metafields
        if {kind: list(before.get(kind, ())) for kind in _KINDS} != wanted:
            # no change of a record tells that another of its fields is wanted now
            await shops.change_state(session, metafields=wanted, watermarks={})
            await audit.record(
                session, tenant_id, actor, "metafields.changed", details={"chosen": wanted}
            )
    return wanted
