"""Reading products: lists, one product with its variants and collections."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from xsight_core.db import products as rows
from xsight_core.db.customers import shown_state
from xsight_core.db.paging import cut
from xsight_core.db.products import ProductFilter
from xsight_core.errors import InvalidInput, NotFound
from xsight_core.services.counts import Counter, count_now
from xsight_core.tenancy import Tenancy

__all__ = [
    "PRODUCT_SORTS",
    "ProductDetail",
    "ProductFilter",
    "ProductPage",
    "ProductView",
    "list_products",
    "read_product",
]

PRODUCT_SORTS: Final = tuple(rows.SORTS)


class ProductView(msgspec.Struct, frozen=True):
    """A product as it is now."""

    id: int
    title: str | None
    handle: str | None
    status: str | None
    vendor: str | None
    product_type: str | None
    tags: list[str]
    gift_card: bool
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class VariantView(msgspec.Struct, frozen=True):
    """A variant; prices in the shop's currency."""

    id: int
    title: str | None
    sku: str | None
    barcode: str | None
    price: Decimal | None
    compare_at_price: Decimal | None
    inventory_quantity: int | None


class CollectionView(msgspec.Struct, frozen=True):
    """A collection that the product is in."""

    id: int
    title: str | None
    handle: str | None


class ProductDetail(msgspec.Struct, frozen=True):
    """A product and everything below it."""

    product: ProductView
    variants: list[VariantView]
    collections: list[CollectionView]


class ProductPage(msgspec.Struct, frozen=True):
    """A page, how many there are in all, and where the next page begins."""

    items: list[ProductView]
    total: int
    next_cursor: str | None


async def list_products(
    tenancy: Tenancy,
    tenant_id: UUID,
    *,
    which: ProductFilter,
    sort: str = "title",
    cursor: str | None = None,
    limit: int = 50,
    counted: Counter = count_now,
) -> ProductPage:
    """One page of the products that the filter leaves."""
    if sort not in rows.SORTS:
        raise InvalidInput("sort", f"Sort by one of {', '.join(PRODUCT_SORTS)}.")
    async with tenancy.scope(tenant_id) as session:
        shown = await shown_state(session)
        found = await rows.list_products(
            session, sort=sort, cursor=cursor, limit=limit, which=which
        )

    async def count() -> int:
        async with tenancy.scope(tenant_id) as session:
            return await rows.count_products(session, which)

    page, following = cut(found, sort, limit)
    return ProductPage(
        items=[msgspec.convert(row[0], ProductView, from_attributes=True) for row in page],
        total=await counted(str(shown.data_version), f"products {which!r}", count),
        next_cursor=following,
    )


async def read_product(tenancy: Tenancy, tenant_id: UUID, product_id: int) -> ProductDetail:
    """One product, or ``NotFound``."""
    async with tenancy.scope(tenant_id) as session:
        parts = await rows.find_product(session, product_id)
    if parts is None:
        raise NotFound("There is no such product.")
    return msgspec.convert(parts, ProductDetail, from_attributes=True)
