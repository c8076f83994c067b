"""A shop's cost bucket, shared by all workers through one row: whoever asks next waits behind the others.

A reservation may take the bucket below nothing; what it lacks is what it waits for, so requests of
all processes leave in the order they asked, as fast as the shop restores. The level heals by itself:
what a dead worker has reserved is back when the bucket would be full anyway.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text

from xsight_core.shopify.pace import Bucket
from xsight_core.tenancy import Tenancy

__all__ = ["SharedPace"]

_LEVEL = """least(p.maximum,
    p.available + extract(epoch FROM clock_timestamp() - p.at) * p.restore_per_s)"""
_RESERVE = text(f"""
    UPDATE xsight.shop_pace p
    SET available = {_LEVEL} - least(:cost, p.maximum), at = clock_timestamp()
    RETURNING greatest(0, -p.available / p.restore_per_s)""")  # noqa: S608 - our own names
_SETTLE = text(f"""
    INSERT INTO xsight.shop_pace AS p (tenant_id, available, maximum, restore_per_s, at)
    VALUES (:tenant_id, :left, :maximum, :restore_per_s, clock_timestamp())
    ON CONFLICT (tenant_id) DO UPDATE SET
      available = CASE WHEN p.maximum <> excluded.maximum THEN excluded.available
        ELSE least({_LEVEL} + least(:cost, p.maximum) - :spent, excluded.available) END,
      maximum = excluded.maximum, restore_per_s = excluded.restore_per_s,
      at = clock_timestamp()""")  # noqa: S608 - our own names
_UNSAFE = text("SET LOCAL synchronous_commit = off")  # a level lost in a crash heals as any other


class SharedPace:
    """``xsight_core.shopify.pace.Pace`` over ``shop_pace``; costs of documents are this process's own."""

    def __init__(self, tenancy: Tenancy, tenant_id: UUID) -> None:
        self._tenancy, self._tenant_id = tenancy, tenant_id
        self._costs = Bucket()

    async def reserve(self, kind: str) -> float:
        """Take what a request of this kind costs; seconds to wait until it fits."""
        async with self._tenancy.scope(self._tenant_id) as session:
            await session.execute(_UNSAFE)
            result = await session.execute(_RESERVE, {"cost": self._costs.cost(kind)})
            return float(result.scalar_one_or_none() or 0.0)

    async def settle(self, kind: str, cost: Mapping[str, Any]) -> None:
        """Give back what it did not cost, and take over what the shop says is left."""
        reserved = self._costs.cost(kind)
        self._costs.note(kind, cost)
        status: Mapping[str, Any] | None = cost.get("throttleStatus")
        if not status:
            return
        values = {
            "tenant_id": self._tenant_id,
            "cost": reserved,
            "spent": float(cost.get("actualQueryCost") or 0.0),
            "left": float(status["currentlyAvailable"]),
            "maximum": float(status["maximumAvailable"]),
            "restore_per_s": max(1.0, float(status["restoreRate"])),
        }
        async with self._tenancy.scope(self._tenant_id) as session:
            await session.execute(_UNSAFE)
            await session.execute(_SETTLE, values)
