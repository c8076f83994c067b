"""A sync run under way: what it works with, and where it goes on after an interruption."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from xsight_core.shopify.client import ShopifyClient
from xsight_core.sync.load import Shop
from xsight_core.sync.progress import Tally
from xsight_core.tenancy import Tenancy

__all__ = ["FAMILIES", "OVERLAP", "Cursor", "Work"]

FAMILIES = ("customers", "products", "orders")
OVERLAP = timedelta(minutes=10)
"""Windows of ``updated_at`` overlap by this: Shopify's clock is not ours, and it shows changes late."""


class Cursor(msgspec.Struct):
    """Where a run that was interrupted goes on: kept in ``sync_runs.cursor``.

    ``untold``: changes, by object, that webhooks should have told of before the run found them.
    """

    watermark: datetime | None = None
    bulk: dict[str, str] = {}
    done: list[str] = []
    untold: dict[str, int] = {}


class Work(msgspec.Struct):
    """All a run works with."""

    tenancy: Tenancy
    client: ShopifyClient
    shop: Shop
    run: UUID
    tally: Tally
    cursor: Cursor
    save: Callable[[Cursor], Awaitable[None]]
