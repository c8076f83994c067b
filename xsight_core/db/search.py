"""Statements that find customers, orders, products and segments by how they are called or numbered.

Only equality and ranges of plain columns: what else a condition would call is not leakproof, and behind row-level
security it could not use an index. A beginning is the range up to the next text of its length.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from xsight_core.db.tables import Customer, CustomerPii, Order, Product, Segment

__all__ = ["find_customers", "find_orders", "find_products", "find_segments"]

_LAST: Final = "\U0010ffff"
_LARGEST_ID: Final = 2**63 - 1


async def find_customers(
    session: AsyncSession, text: str, *, pii: bool, limit: int
) -> Sequence[Any]:
    """``(id, first name, last name, e-mail)``: by number, and for who may see them by e-mail and name."""
    wanted = _by_number(Customer.id, text)
    named = _named(text) if pii else None
    if wanted is None and named is None:
        return []
    person = and_(
        CustomerPii.tenant_id == Customer.tenant_id, CustomerPii.customer_id == Customer.id
    )
    people = (
        select(CustomerPii.customer_id)
        .where(named if named is not None else false())
        .limit(limit * 4)
    )
    query = (
        select(Customer.id, CustomerPii.first_name, CustomerPii.last_name, CustomerPii.email)
        .outerjoin(CustomerPii, person)
        .where(Customer.deleted_at.is_(None))
        .where(or_(Customer.id.in_(people), wanted if wanted is not None else false()))
        .order_by(Customer.id.desc())
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def find_orders(session: AsyncSession, text: str, *, limit: int) -> Sequence[Any]:
    """``(id, name, processed at, total, currency)``: by name, with or without its sign, or by number."""
    bare = text.lstrip("#")
    named: ColumnElement[bool] = Order.name.in_([text, bare, f"#{bare}"])
    number = _by_number(Order.id, text)
    query = (
        select(Order.id, Order.name, Order.processed_at, Order.total, Order.currency)
        .where(Order.deleted_at.is_(None), named if number is None else or_(named, number))
        .order_by(Order.processed_at.desc())
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def find_products(session: AsyncSession, text: str, *, limit: int) -> Sequence[Any]:
    """``(id, title, vendor)``: by number or by any part of the title; a shop has thousands, not millions."""
    part = Product.title.icontains(text, autoescape=True)
    number = _by_number(Product.id, text)
    query = (
        select(Product.id, Product.title, Product.vendor)
        .where(Product.deleted_at.is_(None), part if number is None else or_(part, number))
        .order_by(Product.title, Product.id)
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def find_segments(session: AsyncSession, text: str, *, limit: int) -> Sequence[Any]:
    """``(id, name, members)``: by any part of the name."""
    query = (
        select(Segment.id, Segment.name, Segment.members)
        .where(Segment.name.icontains(text, autoescape=True))
        .order_by(Segment.name, Segment.id)
        .limit(limit)
    )
    return (await session.execute(query)).all()


def _by_number(column: Any, text: str) -> ColumnElement[bool] | None:
    known = text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID
    return column == int(text) if known else None


def _named(text: str) -> ColumnElement[bool]:
    """E-mail, first or last name begin so, as typed or as names are written; two words are first and last name."""
    first, _, last = text.partition(" ")
    last = last.strip()
    if last:
        return or_(
            *(
                and_(_begins(CustomerPii.first_name, a), _begins(CustomerPii.last_name, b))
                for a, b in zip(_spellings(first), _spellings(last), strict=True)
            ),
            *(_begins(CustomerPii.last_name, spelling) for spelling in _spellings(text)),
        )
    names = (CustomerPii.first_name, CustomerPii.last_name)
    return or_(
        _begins(CustomerPii.email, text.lower()),
        *(_begins(name, spelling) for name in names for spelling in _spellings(text)),
    )


def _spellings(word: str) -> tuple[str, ...]:
    return word, word[:1].upper() + word[1:], word.title(), word.lower()


def _begins(column: Any, text: str) -> ColumnElement[bool]:
    return and_(column >= text, column < text + _LAST)
