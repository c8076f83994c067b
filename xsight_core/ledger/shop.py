"""What of a shop every number depends on: its money, its clock, how fresh its rows are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import text

from xsight_core.analytics.periods import day_number
from xsight_core.errors import NO_SHOP, NotFound

if TYPE_CHECKING:  # notebooks import this, and have no greenlet
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["ShopState", "need_shop", "read_shop", "shop_state"]

_STATE = """
SELECT tenant_id, coalesce(shop_name, domain, ''), coalesce(domain, ''), currency, currency_exponent,
       timezone, data_version, synced_at, history_since, insight_run
FROM xsight.tenant_state
"""


@dataclass(frozen=True)
class ShopState:
    """The tenant's row of ``tenant_state``, as far as numbers need it."""

    tenant_id: UUID
    name: str
    domain: str
    currency: str
    currency_exponent: int
    timezone: str
    data_version: int
    synced_at: datetime | None
    history_since: date | None
    insight_run: UUID | None

    def day(self, now: datetime) -> int:
        """The shop's calendar day at ``now`` (aware), in days since 1970-01-01."""
        return day_number(now.astimezone(ZoneInfo(self.timezone)).date())


async def shop_state(session: "AsyncSession") -> ShopState | None:
    """The state of the one tenant that the session sees."""
    row = (await session.execute(text(_STATE))).one_or_none()
    return None if row is None else ShopState(*row)


async def need_shop(session: "AsyncSession") -> ShopState:
    """The same, or ``NotFound``."""
    found = await shop_state(session)
    if found is None:
        raise NotFound(NO_SHOP)
    return found


def read_shop(connection: psycopg.Connection[tuple[Any, ...]]) -> ShopState:
    """The state of the one tenant that the connection sees."""
    row = connection.execute(_STATE).fetchone()
    if row is None:
        raise NotFound(NO_SHOP)
    return ShopState(*row)
