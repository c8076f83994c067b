"""A sync run under way: what it works with, and where it goes on after an interruption."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from xsight_core.shopify.client import ShopifyClient
from xsight_core.sync.load import Loaded, Shop
from xsight_core.sync.progress import Tally
from xsight_core.tenancy import Tenancy

__all__ = ["FAMILIES", "OVERLAP", "Cursor", "File", "Work"]

FAMILIES = ("customers", "products", "orders")
OVERLAP = timedelta(minutes=10)
"""Windows of ``updated_at`` overlap by this: Shopify's clock is not ours, and it shows changes late."""


class File(msgspec.Struct):
    """How far an operation's file is in the tables."""

    bulk: str
    loaded: Loaded


class Cursor(msgspec.Struct):
    """Where a run that was interrupted goes on: kept in ``sync_runs.cursor``.

    ``files``: of each object's bulk file, what is committed (stored with each batch).
    ``untold``: changes, by object, that webhooks should have told of before the run found them.
    """

    watermark: datetime | None = None
    bulk: dict[str, str] = {}
    files: dict[str, File] = {}
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
    metafields: Mapping[str, Sequence[str]] = {}

    def chosen(self, family: str) -> Sequence[str]:
        """The metafields of these objects that the merchant wants."""
        return self.metafields.get(family, ())
