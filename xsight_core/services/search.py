"""Finding a customer, an order, a product or a segment from a few typed characters."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from xsight_core.db import search as rows
from xsight_core.tenancy import Tenancy

__all__ = ["Found", "search"]

_EACH: Final = 6


class FoundCustomer(msgspec.Struct, frozen=True):
    """A customer; without the right to personal data found by number only, and nameless."""

    id: int
    name: str | None
    email: str | None


class FoundOrder(msgspec.Struct, frozen=True):
    """An order."""

    id: int
    name: str | None
    processed_at: datetime
    total: Decimal
    currency: str


class FoundProduct(msgspec.Struct, frozen=True):
    """A product."""

    id: int
    title: str | None
    vendor: str | None


class FoundSegment(msgspec.Struct, frozen=True):
    """A saved segment; ``members`` is null until it is worked out."""

    id: UUID
    name: str
    members: int | None


class Found(msgspec.Struct, frozen=True):
    """A few of each kind."""

    customers: list[FoundCustomer]
    orders: list[FoundOrder]
    products: list[FoundProduct]
    segments: list[FoundSegment]


async def search(tenancy: Tenancy, tenant_id: UUID, text: str, *, pii: bool) -> Found:
    """What is called or numbered so. Names and e-mail addresses are searched by their beginnings."""
    wanted = " ".join(text.split())
    async with tenancy.scope(tenant_id) as session:
        people = await rows.find_customers(session, wanted, pii=pii, limit=_EACH)
        orders = await rows.find_orders(session, wanted, limit=_EACH)
        products = await rows.find_products(session, wanted, limit=_EACH)
        segments = await rows.find_segments(session, wanted, limit=_EACH)
    return Found(
        [
            FoundCustomer(
                row.id,
                (" ".join(filter(None, (row.first_name, row.last_name))) or None) if pii else None,
                row.email if pii else None,
            )
            for row in people
        ],
        [FoundOrder(*row) for row in orders],
        [FoundProduct(*row) for row in products],
        [FoundSegment(*row) for row in segments],
    )
