"""How many a rule would have found in past months, before it is saved: the store's orders as they were known then.

What customers did is known of every day; what they are (tags, consent, address, scores, other segments' scores) only
as it is today, and is taken as that. A saved segment keeps its real sizes from then on (``segment_sizes``).
"""

import dataclasses
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np

from xsight_core.analytics import day_of
from xsight_core.segments import Group, read_rule
from xsight_core.segments.book import Book
from xsight_core.segments.masks import Masks, in_ledger
from xsight_core.segments.rules import Rule, walk
from xsight_core.services.look import Ledgers
from xsight_core.services.segment_books import Asked, Books

__all__ = ["Course", "Point", "course"]

_MONTHS: Final = 6
_MONTH_DAYS: Final = 30
_MOST_ORDERS: Final = 500_000
_FROM_NOW: Final = "Once saved, the segment keeps its size day by day."
_TOO_LARGE: Final = f"This store has too many orders to go back in time while you type. {_FROM_NOW}"
_ASKED: Final = f"{{}} is known as of today only. {_FROM_NOW}"


class Point(msgspec.Struct, frozen=True):
    """How many there were at the end of a day of the shop's."""

    day: date
    customers: int


class Course(msgspec.Struct, frozen=True):
    """Sizes every thirty days up to today, oldest first; ``reason`` says why there are none.

    ``as_today`` are the fields that were taken as they are today.
    """

    points: list[Point]
    as_today: list[str]
    reason: str | None


async def course(
    books: Books, ledgers: Ledgers, tenant_id: UUID, rule: object, *, personal: bool
) -> Course:
    """The past sizes of a rule."""
    tree = read_rule(rule)
    return await books.ask(
        ledgers, tenant_id, [tree], lambda asked: _course(tree, asked), personal=personal
    )


def _course(tree: Group, asked: Asked) -> Course:
    rules = [
        rule
        for one in (tree, *asked.segments.values())
        for rule in walk(one)
        if rule.field.scope == "customer" and rule.field.name != "segment"
    ]
    as_today = sorted({rule.field.label for rule in rules if not _dated(rule)})
    if len(asked.book.orders) > _MOST_ORDERS:
        return Course([], as_today, _TOO_LARGE)
    asks = next((rule for rule in rules if not in_ledger(rule)), None)
    if asks is not None:
        return Course([], as_today, _ASKED.format(asks.field.label))
    today = asked.book.basis.today
    days = [today - _MONTH_DAYS * back for back in range(_MONTHS, 0, -1)]
    points = [Point(day_of(day), _size(tree, asked, day)) for day in days]
    now = int(np.count_nonzero(asked.masks.customers(tree)))
    return Course([*points, Point(day_of(today), now)], as_today, None)


def _dated(rule: Rule) -> bool:
    """Whether the past is known of it."""
    name, group = rule.field.name, rule.field.group
    return (
        group == "Events"
        or name == "created"
        or (group == "Buying" and not name.startswith("shopify_"))
    )


def _size(tree: Group, asked: Asked, day: int) -> int:
    book = asked.book
    basis: Any = dataclasses.replace(book.basis, today=day)
    then = Book(book.orders, book.people, book.scores, basis, book.ask)
    created: Any = then.column("created")
    there = created.values <= day
    return int(np.count_nonzero(Masks(then, asked.segments).customers(tree) & there))
