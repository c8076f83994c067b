"""Statements on products."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, any_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.paging import after, both_ways
from xsight_core.db.tables import Product, ProductCollection, Variant

__all__ = [
    "SORTS",
    "ProductFilter",
    "ProductParts",
    "count_products",
    "find_product",
    "list_products",
]

_id = Product.id.expression
_KEYS: Final[dict[str, tuple[Any, type[Any]]]] = {
    "id": (_id, int),
    "title": (func.coalesce(Product.title, ""), str),
    "updated_at": (Product.updated_at.expression, datetime),
}
SORTS: Final = both_ways(_KEYS, _id)


@dataclass(frozen=True)
class ProductFilter:
    """Which products; all that is said must hold."""

    vendor: str | None = None
    product_type: str | None = None
    status: str | None = None
    tag: str | None = None

    def apply(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """The query for these only; deleted products are not there."""
        query = query.where(Product.deleted_at.is_(None))
        same = {
            Product.vendor: self.vendor,
            Product.product_type: self.product_type,
            Product.status: self.status,
        }
        query = query.where(
            *(column == value for column, value in same.items() if value is not None)
        )
        if self.tag is None:
            return query
        return query.where(literal(self.tag) == any_(Product.tags))


@dataclass(frozen=True)
class ProductParts:
    """A product with its variants and collections."""

    product: Product
    variants: Sequence[Variant]
    collections: Sequence[ProductCollection]


async def list_products(
    session: AsyncSession, *, sort: str, cursor: str | None, limit: int, which: ProductFilter
) -> Sequence[Row[Any]]:
    """Rows ``(Product, sort value)``; one more than ``limit`` if there is one."""
    order = SORTS[sort]
    query = which.apply(select(Product, order.key.label("sort_value")))
    return (
        await session.execute(order.apply(after(query, order, sort, cursor)).limit(limit + 1))
    ).all()


async def count_products(session: AsyncSession, which: ProductFilter) -> int:
    """How many the same filter leaves."""
    return (
        await session.execute(which.apply(select(func.count()).select_from(Product)))
    ).scalar_one()


async def find_product(session: AsyncSession, product_id: int) -> ProductParts | None:
    """The product and its parts."""
    product = await session.scalar(
        select(Product).where(Product.id == product_id, Product.deleted_at.is_(None))
    )
    if product is None:
        return None
    variants = await session.scalars(
        select(Variant).where(Variant.product_id == product_id).order_by(Variant.id)
    )
    collections = await session.scalars(
        select(ProductCollection)
        .where(ProductCollection.product_id == product_id)
        .order_by(ProductCollection.id)
    )
    return ProductParts(product, variants.all(), collections.all())
